//! Why a function does or does not keep its peers apart, in words.

use crate::analysis::groups::Why;
use crate::decode::config::ext::acs::AcsFlags;

/// A clause about the function at an address.
pub(super) fn words(at: &str, why: Why) -> String {
    match why {
        Why::Quirk(quirk) => format!("{at} is {}", article(quirk.describe())),
        Why::Override(option) => format!("pcie_acs_override={option} applies to {at}"),
        Why::ServicesOn => format!("{at} has its ACS services on"),
        Why::ServicesOff(off) => format!("{at} has {} switched off", services(off)),
        Why::NoCapability => {
            format!(
                "{at} lacks {}: no ACS capability",
                services(AcsFlags::REQUIRED)
            )
        }
        Why::OutOfReach => format!(
            "{at} lacks {} to the kernel, which cannot reach its extended configuration space",
            services(AcsFlags::REQUIRED)
        ),
        Why::Conventional => format!("{at} is conventional PCI, which has no ACS"),
        Why::ConventionalBridge => {
            format!("{at} is a bridge to conventional PCI, which has no ACS")
        }
        Why::EventCollector => format!("{at} is an event collector, never isolated to the kernel"),
        Why::SingleFunction => format!("{at} is the only function of its device"),
        Why::NotAsked => format!("{at} is of a kind that needs no ACS"),
        Why::Open => format!("ACS of {at} is not captured"),
    }
}

/// `SV, RR, CR and UF`.
fn services(flags: AcsFlags) -> String {
    let names: Vec<&str> = AcsFlags::SHORT
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|&(_, short)| short)
        .collect();
    match names.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// The description behind "is": with an article where it is a noun.
fn article(description: &str) -> String {
    match description.split_once(' ') {
        Some(("known" | "judged", _)) | None => description.to_owned(),
        Some((first, _)) => {
            let vowel = first.starts_with(['A', 'I', 'i', 'a']);
            format!("{} {description}", if vowel { "an" } else { "a" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::quirks::acs::AcsQuirk;

    #[test]
    fn the_missing_services_are_named() {
        assert_eq!(
            words("0000:02:00.0", Why::NoCapability),
            "0000:02:00.0 lacks SV, RR, CR and UF: no ACS capability"
        );
        assert_eq!(
            words("0000:02:00.0", Why::ServicesOff(AcsFlags::REQUEST_REDIRECT)),
            "0000:02:00.0 has RR switched off"
        );
    }

    #[test]
    fn an_exception_is_a_whole_clause() {
        assert_eq!(
            words("0000:00:1c.0", Why::Quirk(AcsQuirk::IntelPch)),
            "0000:00:1c.0 is an Intel chipset port that the kernel switches to isolation"
        );
        assert_eq!(
            words("0000:03:00.0", Why::Quirk(AcsQuirk::MultiFunctionEndpoint)),
            "0000:03:00.0 is known not to route between its functions"
        );
    }
}
