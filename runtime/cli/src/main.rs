//! The `fixate` command.
fn main() {}
