//! Calls of the C interface.
#![no_main]

use libfuzzer_sys::fuzz_target;

fn start() {
    let name = format!("fixate-fuzz-{}", std::process::id());
    fixate_strangers::start(&std::env::temp_dir().join(name));
}

fuzz_target!(init: start(), |data: &[u8]| fixate_strangers::surface(data));
