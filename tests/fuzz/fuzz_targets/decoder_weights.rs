//! The weights of SAM's decoder, as bundles have them.
#![no_main]

use fixate::decoder::SamDecoder;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = SamDecoder::from_safetensors(data);
});
