//! The engine's channel of a recording.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::channels::ENGINE_TOPIC;
use super::entry::{Entry, FORMAT};
use super::error::RecordingError;
use super::stream::MessageStream;
use crate::engine::EngineOptions;

/// Reads the entries of the engine's channel, in order. Memory does not grow with the recording.
///
/// A file that breaks off gives its entries up to there, then [`RecordingError::Truncated`].
pub struct RecordingReader<R> {
    stream: MessageStream<R>,
    options: EngineOptions,
}

impl RecordingReader<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// As [`RecordingReader::new`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        Self::new(BufReader::new(File::open(path)?))
    }
}

impl<R: Read> RecordingReader<R> {
    /// Reads up to the engine's options.
    ///
    /// # Errors
    /// When there is no recording of an engine, it is of another version, or it cannot be read.
    pub fn new(input: R) -> Result<Self, RecordingError> {
        let mut stream = MessageStream::new(input);
        match next_entry(&mut stream)? {
            Some(Entry::Began(options)) => Ok(Self { stream, options }),
            Some(_) => Err(RecordingError::NoBeginning),
            None => Err(RecordingError::NoEngine),
        }
    }

    /// The options of the engine that was recorded.
    #[must_use]
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }
}

impl<R: Read> Iterator for RecordingReader<R> {
    type Item = Result<Entry, RecordingError>;

    fn next(&mut self) -> Option<Self::Item> {
        next_entry(&mut self.stream).transpose()
    }
}

fn next_entry(stream: &mut MessageStream<impl Read>) -> Result<Option<Entry>, RecordingError> {
    while let Some(message) = stream.next_message()? {
        if message.channel.topic != ENGINE_TOPIC {
            continue;
        }
        let format = message.channel.metadata.get("format");
        let format = format.map(String::as_str).unwrap_or_default();
        if format != FORMAT.to_string() || message.channel.message_encoding != "postcard" {
            return Err(RecordingError::Format {
                found: format!("{format:?} ({})", message.channel.message_encoding),
            });
        }
        return Entry::read(message.data).map(Some);
    }
    Ok(None)
}
