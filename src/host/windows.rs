//! What Windows reported about a function, as numbers.

use serde_json::Value;

use crate::capture::FunctionProperties;
use crate::spec::windows::{self, DeviceProperty};

/// Windows device properties that analyses use. `None` = not in the capture, or no number.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct WindowsFacts {
    /// [`windows::DEVICE_TYPE`].
    pub device_type: Option<u32>,
    /// [`windows::INTERRUPT_SUPPORT`].
    pub interrupt_support: Option<u32>,
    /// [`windows::BAR_TYPES`].
    pub bar_types: Option<u32>,
    /// [`windows::ACS_UP_HIERARCHY`].
    pub acs_up_hierarchy: Option<u32>,
    /// [`windows::RESERVED_MEMORY`].
    pub reserved_memory: Option<bool>,
    /// [`windows::ON_POST_PATH`].
    pub on_post_path: Option<bool>,
    /// [`windows::PROBLEM_CODE`].
    pub problem_code: Option<u32>,
}

impl WindowsFacts {
    pub(super) fn of(properties: &FunctionProperties) -> Self {
        if properties.windows.is_empty() {
            return Self::default();
        }
        let value = |property: DeviceProperty| {
            let reported = properties.windows.get(property.key)?;
            number(&reported.value)
        };
        let truth = |property| value(property).map(|number| number != 0);
        Self {
            device_type: value(windows::DEVICE_TYPE),
            interrupt_support: value(windows::INTERRUPT_SUPPORT),
            bar_types: value(windows::BAR_TYPES),
            acs_up_hierarchy: value(windows::ACS_UP_HIERARCHY),
            reserved_memory: truth(windows::RESERVED_MEMORY),
            on_post_path: truth(windows::ON_POST_PATH),
            problem_code: value(windows::PROBLEM_CODE),
        }
    }

    /// Whether Windows found every hop above the function to isolate it, and the function
    /// itself. `None` where it said nothing, or something that this version does not know.
    pub const fn finds_isolated(&self) -> Option<bool> {
        match self.acs_up_hierarchy {
            Some(0) => Some(false),
            Some(1..=4) => Some(true),
            _ => None,
        }
    }
}

/// A property's value as exported: a number, a truth value, or either of them as text.
fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Bool(truth) => Some(u32::from(*truth)),
        Value::Number(number) => u32::try_from(number.as_u64()?).ok(),
        Value::String(text) => {
            let text = text.trim();
            if text.eq_ignore_ascii_case("true") {
                return Some(1);
            }
            if text.eq_ignore_ascii_case("false") {
                return Some(0);
            }
            match text.strip_prefix("0x") {
                Some(digits) => u32::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Method, Origin, Reported};

    #[test]
    fn numbers_and_truth_values_are_read_in_each_exported_form() {
        for (value, read) in [
            (Value::from(3), Some(3)),
            (Value::from("3"), Some(3)),
            (Value::from("0x1f"), Some(0x1f)),
            (Value::from(true), Some(1)),
            (Value::from("False"), Some(0)),
            (Value::from("Falsch"), None),
            (Value::from(-1), None),
            (Value::from(1_u64 << 32), None),
            (Value::Null, None),
        ] {
            assert_eq!(number(&value), read, "{value}");
        }
    }

    #[test]
    fn an_unknown_value_of_the_up_hierarchy_vouches_for_nothing() {
        let with = |value: u32| {
            let mut properties = FunctionProperties::default();
            let fact = Reported::new(value.into(), Origin::of(Method::WindowsProperty));
            let key = windows::ACS_UP_HIERARCHY.key.to_owned();
            properties.windows.insert(key, fact);
            WindowsFacts::of(&properties).finds_isolated()
        };
        assert_eq!(with(0), Some(false));
        assert_eq!(with(1), Some(true));
        assert_eq!(with(4), Some(true));
        assert_eq!(with(5), None);
    }
}
