//! TOP: the tree of bridges and functions.

mod top001_bridge_missing;
mod top002_impossible_bus_numbers;
mod top003_part_of_a_card;
mod top004_function_zero_missing;
mod top005_hidden_multifunction;
mod top020_windows_place_contradicts;

pub(in crate::rules) use top001_bridge_missing::TOP001;
pub(in crate::rules) use top002_impossible_bus_numbers::TOP002;
pub(in crate::rules) use top003_part_of_a_card::TOP003;
pub(in crate::rules) use top004_function_zero_missing::TOP004;
pub(in crate::rules) use top005_hidden_multifunction::TOP005;
pub(in crate::rules) use top020_windows_place_contradicts::TOP020;
