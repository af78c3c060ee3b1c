//! Pickles of state dictionaries.
#![no_main]

use fixate_models::pickle::read_state_dictionary;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = read_state_dictionary(data);
});
