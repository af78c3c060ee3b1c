//! Importing checkpoints into fixate's bundles.
