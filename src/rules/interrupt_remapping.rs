//! What stands against interrupt remapping, as a finding of the rule that asks.

use std::fmt;

use super::{Confidence, Evidence, Finding, Locus, Rule, Subject, Value};
use crate::analysis::interrupt_remapping::Obstacle;
use crate::bytes::Span;
use crate::iommu::TableKind;

/// What stands against it.
#[derive(Debug)]
struct NotRemapped(Obstacle);

impl fmt::Display for NotRemapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Obstacle::CommandLine(word) => write!(f, "the kernel was started with {word}"),
            Obstacle::Flag => f.write_str("the DMAR table's INTR_REMAP flag is clear"),
            Obstacle::Kernel(_) => {
                f.write_str("the kernel could not switch interrupt remapping on")
            }
            Obstacle::Vfio(_) => f.write_str("VFIO found no interrupt remapping"),
            Obstacle::Paravirtual => {
                f.write_str("the only remapping unit is a paravirtual one, which remaps DMA alone")
            }
        }
    }
}

/// The finding, with its evidence.
pub(in crate::rules) fn not_remapped(rule: &'static Rule, obstacle: Obstacle) -> Finding {
    let (confidence, evidence) = match obstacle {
        Obstacle::CommandLine(_) => (
            Confidence::High,
            Evidence::new(Locus::Capture, "kernel command line", Value::AsReported),
        ),
        Obstacle::Flag => {
            let flags = Locus::Table(TableKind::Dmar, Span { offset: 37, len: 1 });
            let evidence = Evidence::new(flags, "INTR_REMAP", Value::Number(0));
            (Confidence::High, evidence.wanting(Value::Number(1)))
        }
        Obstacle::Kernel(line) | Obstacle::Vfio(line) => (
            Confidence::Medium,
            Evidence::new(Locus::Log(line), "interrupt remapping", Value::AsReported),
        ),
        Obstacle::Paravirtual => (
            Confidence::High,
            Evidence::new(Locus::Capture, "ACPI table DMAR or IVRS", Value::Absent),
        ),
    };
    Finding::new(
        rule,
        Subject::Host,
        confidence,
        NotRemapped(obstacle),
        evidence,
    )
}
