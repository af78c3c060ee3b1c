//! Names the shared library, so that programs look for its major version.

fn main() {
    let linux = std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if linux {
        let major = std::env::var("CARGO_PKG_VERSION_MAJOR").unwrap_or_default();
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libfixate.so.{major}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
