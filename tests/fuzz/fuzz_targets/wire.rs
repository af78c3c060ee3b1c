#![no_main]
use libfuzzer_sys::fuzz_target;
use fixate_bridge::decoder::Decoder;
fuzz_target!(|data: &[u8]| {
    let mut decoder = Decoder::new();
    for _ in decoder.feed(data) {}
    let _ = (fixate_capi::fixate_abi_version(), arbitrary::Unstructured::new(data).len());
});
