//! Can this PCIe device be given to a virtual machine, and if not, exactly why?
//!
//! An offline analyzer: captured dumps in, verdicts with reasons and evidence out.
//!
//! The crate is a pipeline of rooms. Data flows one way, and a room may use only the rooms
//! before it (a test reads the sources and holds everybody to it):
//!
//! ```text
//! addr, range, spec, bytes, decode        numbers, vocabulary, bytes into structures
//! capture ◄ import                        one machine's artefacts, from whatever was sent
//! synth, corpus                           captures made to order; cases with their truth
//! host                                    one machine: functions, tables, reported facts
//! topology                                root complexes, ports, bridges, functions
//! analysis                                facts: ACS per hop, interrupts, resets, BAR demand
//! sim                                     layouts and assignments played through
//! rules, verdict                          judgements over facts, and nothing else
//! diff                                    what changed between two machines
//! messages                                what other programs' error messages mean
//! redact                                  a capture without what is private, answers unchanged
//! batch                                   everything over a folder of machines, against truth
//! plan                                    what-if, fix, place: the pipeline run again
//! report                                  words, JSON, pictures
//! ```
//!
//! The library does no I/O outside `capture::load`, `corpus` and `import`, never prints, and depends
//! on nothing but its input: not on time, locale, terminal or hash order. Bytes from a dump
//! are hostile: nothing here panics, loops or grows without bound on them.

#![forbid(unsafe_code)]

pub mod addr;
pub mod bytes;
pub mod range;
pub mod spec;

#[cfg(feature = "capture")]
pub mod capture;

#[cfg(feature = "collector")]
pub mod collect;

#[cfg(feature = "analyzer")]
pub mod analysis;
#[cfg(feature = "analyzer")]
pub mod batch;
#[cfg(feature = "analyzer")]
pub mod corpus;
#[cfg(feature = "analyzer")]
pub mod decode;
#[cfg(feature = "analyzer")]
pub mod diff;
#[cfg(feature = "analyzer")]
pub mod host;
#[cfg(any(feature = "analyzer", feature = "collector"))]
pub mod import;
#[cfg(feature = "analyzer")]
pub mod iommu;
#[cfg(feature = "analyzer")]
pub mod messages;
#[cfg(feature = "analyzer")]
pub mod names;
#[cfg(feature = "analyzer")]
mod parallel;
#[cfg(feature = "analyzer")]
pub mod plan;
#[cfg(feature = "analyzer")]
pub mod policy;
#[cfg(feature = "analyzer")]
pub mod profile;
#[cfg(feature = "analyzer")]
pub mod redact;
#[cfg(feature = "analyzer")]
pub mod report;
#[cfg(feature = "analyzer")]
pub mod rules;
#[cfg(feature = "analyzer")]
pub mod select;
#[cfg(feature = "analyzer")]
pub mod sim;
#[cfg(feature = "analyzer")]
pub mod synth;
#[cfg(feature = "analyzer")]
pub mod topology;
#[cfg(feature = "analyzer")]
pub mod verdict;

#[cfg(test)]
#[cfg(feature = "analyzer")]
mod testing;
