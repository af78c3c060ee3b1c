//! Bytes of the firmware link.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| fixate_strangers::wire(data));
