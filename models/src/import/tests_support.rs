//! Files that tests import.

pub(crate) mod graphs;
