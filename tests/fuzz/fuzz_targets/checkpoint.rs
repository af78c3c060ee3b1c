//! Checkpoints: opened, and every tensor read.
#![no_main]

use fixate_models::checkpoint::Checkpoint;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // What is no zip file is read by its name.
    let file = tempfile::Builder::new().suffix(".safetensors").tempfile().unwrap();
    std::fs::write(file.path(), data).unwrap();
    if let Ok(mut checkpoint) = Checkpoint::open(file.path()) {
        let names: Vec<String> = checkpoint.tensors().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            let _ = checkpoint.read_f32(&name);
        }
    }
});
