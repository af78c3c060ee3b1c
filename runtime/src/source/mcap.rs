//! Images of a recording: MCAP.

mod compressed_image;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::image_file::decode_image;
use super::{FrameBuffer, Source, SourceError, Supply};
use crate::recording::RecordingError;
use crate::recording::stream::MessageStream;
use compressed_image::{CompressedImage, Encoding};

/// The images of one topic: messages `foxglove.CompressedImage` as JSON or protobuf, or ROS 2's
/// `sensor_msgs/msg/CompressedImage`. Capture times are those of the messages, or, where they have none,
/// the times at which they were recorded.
///
/// A file that breaks off gives its images up to there. An image that is damaged, or not later than the
/// one before, is an error; the next ones follow.
pub struct McapSource<R> {
    stream: MessageStream<R>,
    name: String,
    topic: Option<String>,
    frame: u64,
    newest_us: Option<i64>,
    over: bool,
}

impl McapSource<BufReader<File>> {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path, topic: Option<&str>) -> Result<Self, SourceError> {
        let name = path.display().to_string();
        match File::open(path) {
            Ok(file) => Ok(Self::new(BufReader::new(file), name, topic)),
            Err(error) => Err(SourceError::Io {
                name,
                position_bytes: 0,
                error,
            }),
        }
    }
}

impl<R: Read> McapSource<R> {
    /// The images of a topic, or of the first that has images; `name` is for errors.
    #[must_use]
    pub fn new(input: R, name: impl Into<String>, topic: Option<&str>) -> Self {
        Self {
            stream: MessageStream::new(input),
            name: name.into(),
            topic: topic.map(str::to_owned),
            frame: 0,
            newest_us: None,
            over: false,
        }
    }

    /// The topic, once the first image was given.
    #[must_use]
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    fn read_frame(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        loop {
            let message = self.stream.next_message().map_err(|error| {
                self.over = true;
                match error {
                    RecordingError::Truncated { position_bytes } => SourceError::Truncated {
                        name: self.name.clone(),
                        frame: self.frame,
                        position_bytes,
                    },
                    error => SourceError::Recording {
                        name: self.name.clone(),
                        error,
                    },
                }
            })?;
            let Some(message) = message else {
                self.over = true;
                if self.frame == 0 {
                    return Err(SourceError::NoFrames {
                        name: self.name.clone(),
                        wanted: "a recording with a topic of foxglove.CompressedImage or sensor_msgs/msg/CompressedImage",
                    });
                }
                return Ok(Supply::Ended);
            };
            let Some(encoding) = Encoding::of(&message.channel) else {
                continue;
            };
            let topic = &message.channel.topic;
            if self.topic.get_or_insert_with(|| topic.clone()) != topic {
                continue;
            }
            let frame = self.frame;
            self.frame += 1;
            let image = |reason: String| SourceError::Image {
                name: self.name.clone(),
                frame,
                reason,
            };
            let found = CompressedImage::read(encoding, message.data)
                .map_err(|error| image(format!("of topic {topic} makes no sense: {error}")))?;
            let logged_us = i64::try_from(message.log_time_ns / 1_000).unwrap_or(i64::MAX);
            let capture_us = found.capture_us.unwrap_or(logged_us);
            if let Some(newest_us) = self.newest_us
                && capture_us <= newest_us
            {
                return Err(image(format!(
                    "of topic {topic} was captured at {capture_us} us, not after the one before at {newest_us} us; it is passed over"
                )));
            }
            decode_image(&found.data, buffer)
                .map_err(|error| image(format!("of topic {topic} gives no picture: {error}")))?;
            buffer.set_capture_us(capture_us);
            self.newest_us = Some(capture_us);
            return Ok(Supply::Frame);
        }
    }
}

impl<R: Read + Send> Source for McapSource<R> {
    fn next_into(&mut self, buffer: &mut FrameBuffer) -> Result<Supply, SourceError> {
        if self.over {
            return Ok(Supply::Ended);
        }
        self.read_frame(buffer)
    }
}
