//! Manifests of bundles.
#![no_main]

use fixate::bundle::Bundle;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bundle.toml"), data).unwrap();
    let _ = Bundle::read_manifest(folder.path());
    let _ = Bundle::open(folder.path());
});
