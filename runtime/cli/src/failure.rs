//! How a command ends without its result: one line, and which exit status.

use std::fmt;

/// Why a command gave no result.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It was asked for something that makes no sense: exit status 2.
    Usage(String),
    /// It could not be done: exit status 1.
    Failed(String),
}

impl Failure {
    /// A failure that `error` tells.
    pub(crate) fn of(error: impl fmt::Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// A failure about a file.
    pub(crate) fn file(path: &std::path::Path, error: impl fmt::Display) -> Self {
        Self::Failed(format!("{}: {error}", path.display()))
    }

    pub(crate) fn exit_status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Failed(_) => 1,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Usage(text) | Self::Failed(text)) = self;
        // One line, whatever a library's message looks like.
        let words: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        formatter.write_str(&words.join("; "))
    }
}
