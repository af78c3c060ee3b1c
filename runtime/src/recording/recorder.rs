//! Writing a recording.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::Path;

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use mcap::records::MessageHeader;
use mcap::{McapError, WriteOptions, Writer};
use serde::Serialize;

use super::channels::Channels;
use super::entry::Entry;
use super::error::RecordingError;
use super::messages::{
    AnswerMessage, CompressedImage, GazeMessage, ImageAnnotations, ImuMessage, MaskMessage,
};
use crate::engine::{Answer, EngineOptions, Event, Outcome};
use crate::frame::Frame;
use crate::mask::Bitmap;

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderOptions {
    /// Of frames that are not JPEG already, 1 to 100.
    pub jpeg_quality: u8,
    /// At most so much is lost when the program or the power fails, microseconds of the engine's time.
    pub flush_us: i64,
}

impl Default for RecorderOptions {
    fn default() -> Self {
        Self {
            jpeg_quality: 85,
            flush_us: 1_000_000,
        }
    }
}

/// Writes one recording. It writes to its file and allocates, so give it a thread of its own and hand it
/// [`Event`]s and [`Answer`]s, which are plain values, through a bounded queue; say what was dropped
/// there with [`Recorder::on_lost`].
///
/// For a replay it takes every call of the engine from its first, in order, and after each call the
/// answers that it gave, in order. Images and masks are for people and may be left out.
///
/// ```
/// use std::io::Cursor;
/// use fixate::engine::{Engine, EngineOptions, Event};
/// use fixate::recording::{Recorder, RecorderOptions, RecordingReader, check};
///
/// let options = EngineOptions::default();
/// let mut engine = Engine::new(options);
/// let mut recorder =
///     Recorder::new(Cursor::new(Vec::new()), &options, RecorderOptions::default())?;
/// let event = Event::Poll { now_us: 1_000 };
/// let outcome = engine.on_event(&event);
/// recorder.on_call(&event, &outcome)?;
/// let file = recorder.finish()?.into_inner();
/// assert!(check(RecordingReader::new(&file[..])?).agrees());
/// # Ok::<(), fixate::recording::RecordingError>(())
/// ```
pub struct Recorder<W: Write + Seek> {
    writer: Writer<W>,
    channels: Channels,
    options: RecorderOptions,
    /// Of the newest entry that has a time.
    newest_us: i64,
    flushed_us: Option<i64>,
    sequence: u32,
    bytes: Vec<u8>,
    rgb: Vec<u8>,
    jpeg: Vec<u8>,
}

impl Recorder<BufWriter<File>> {
    /// Begins a file; one that is there is replaced.
    ///
    /// # Errors
    /// As [`Recorder::new`].
    pub fn create(
        path: &Path,
        engine: &EngineOptions,
        options: RecorderOptions,
    ) -> Result<Self, RecordingError> {
        Self::new(BufWriter::new(File::create(path)?), engine, options)
    }
}

impl<W: Write + Seek> Recorder<W> {
    /// Begins a recording of an engine with these options that has not been told anything yet.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(
        output: W,
        engine: &EngineOptions,
        options: RecorderOptions,
    ) -> Result<Self, RecordingError> {
        let mut writer = WriteOptions::new()
            // Almost all of it is JPEG already.
            .compression(None)
            .library(concat!("fixate ", env!("CARGO_PKG_VERSION")))
            .create(output)
            .map_err(failed)?;
        let channels = Channels::add(&mut writer).map_err(failed)?;
        let mut recorder = Self {
            writer,
            channels,
            options,
            newest_us: 0,
            flushed_us: None,
            sequence: 0,
            bytes: Vec::new(),
            rgb: Vec::new(),
            jpeg: Vec::new(),
        };
        recorder.entry(&Entry::Began(*engine))?;
        Ok(recorder)
    }

    /// Takes a call of the engine; before the answers that it gave.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn on_event(&mut self, event: &Event) -> Result<(), RecordingError> {
        self.entry(&Entry::Event(*event))?;
        match *event {
            Event::Gaze { now_us, sample } => {
                let Channels {
                    gaze,
                    gaze_annotations,
                    ..
                } = self.channels;
                self.json(gaze, now_us, &GazeMessage::of(&sample))?;
                let ring = ImageAnnotations::of_gaze(&sample);
                self.json(gaze_annotations, now_us, &ring)
            }
            Event::Imu {
                now_us,
                time_us,
                rate_rad_s,
            } => {
                let message = ImuMessage::of(time_us, rate_rad_s);
                self.json(self.channels.imu, now_us, &message)
            }
            _ => Ok(()),
        }
    }

    /// Takes an answer that the engine gave with the event before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn on_answer(&mut self, answer: &Answer) -> Result<(), RecordingError> {
        self.entry(&Entry::Answer(*answer))?;
        let message = AnswerMessage::of(answer);
        self.json(self.channels.answers, answer.answered_us, &message)
    }

    /// Takes a call of the engine and the answers that it gave.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn on_call(&mut self, event: &Event, outcome: &Outcome) -> Result<(), RecordingError> {
        self.on_event(event)?;
        outcome
            .answers()
            .try_for_each(|answer| self.on_answer(answer))
    }

    /// Says that so many events and answers are missing here. A replay goes no further than this.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn on_lost(&mut self, entries: u64) -> Result<(), RecordingError> {
        self.entry(&Entry::Lost(entries))
    }

    /// Writes a frame, as JPEG.
    ///
    /// # Errors
    /// When a side has more pixels than a JPEG may, or it cannot be written.
    pub fn write_frame(&mut self, frame: &Frame<'_>) -> Result<(), RecordingError> {
        let image = |reason: String| RecordingError::Image { reason };
        let (width_px, height_px) = (frame.width_px(), frame.height_px());
        self.rgb
            .resize(width_px as usize * height_px as usize * 3, 0);
        frame
            .to_rgb8_into(&mut self.rgb)
            .map_err(|error| image(error.to_string()))?;
        let mut jpeg = std::mem::take(&mut self.jpeg);
        jpeg.clear();
        JpegEncoder::new_with_quality(&mut jpeg, self.options.jpeg_quality.clamp(1, 100))
            .encode(&self.rgb, width_px, height_px, ExtendedColorType::Rgb8)
            .map_err(|error| image(error.to_string()))?;
        let written = self.write_jpeg(frame.capture_time_us(), &jpeg);
        self.jpeg = jpeg;
        written
    }

    /// Writes a frame that is a JPEG already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_jpeg(&mut self, capture_us: i64, jpeg: &[u8]) -> Result<(), RecordingError> {
        let message = CompressedImage::jpeg(capture_us, jpeg);
        self.json(self.channels.image, capture_us, &message)
    }

    /// Writes the mask of an answer, of the size of the frame that it is drawn on. An answer without a
    /// mask has none to write, and nothing is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_mask(&mut self, answer: &Answer, mask: &Bitmap) -> Result<(), RecordingError> {
        let Some(drawn) = &answer.drawn else {
            return Ok(());
        };
        let message =
            MaskMessage::of(answer, drawn.frame.0, drawn.frame_us, mask).map_err(|error| {
                RecordingError::Image {
                    reason: error.to_string(),
                }
            })?;
        let annotations = ImageAnnotations::of_mask(answer, drawn.frame_us, mask);
        let Channels {
            masks,
            mask_annotations,
            ..
        } = self.channels;
        self.json(masks, answer.answered_us, &message)?;
        self.json(mask_annotations, answer.answered_us, &annotations)
    }

    /// Writes the file's index and ends it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<W, RecordingError> {
        self.writer.finish().map_err(failed)?;
        let mut output = self.writer.into_inner();
        output.flush()?;
        Ok(output)
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), RecordingError> {
        let mut bytes = std::mem::take(&mut self.bytes);
        entry.write_into(&mut bytes)?;
        let time_us = entry.time_us().unwrap_or(self.newest_us);
        self.newest_us = self.newest_us.max(time_us);
        let written = self.message(self.channels.engine, time_us, &bytes);
        self.bytes = bytes;
        written?;
        let flushed_us = *self.flushed_us.get_or_insert(self.newest_us);
        if self.newest_us.saturating_sub(flushed_us) >= self.options.flush_us {
            self.flushed_us = Some(self.newest_us);
            self.writer.flush().map_err(failed)?;
        }
        Ok(())
    }

    fn json(
        &mut self,
        channel: u16,
        time_us: i64,
        message: &impl Serialize,
    ) -> Result<(), RecordingError> {
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        let encoded = serde_json::to_writer(&mut bytes, message);
        let written = match encoded {
            Ok(()) => self.message(channel, time_us, &bytes),
            Err(error) => Err(RecordingError::Writer {
                reason: error.to_string(),
            }),
        };
        self.bytes = bytes;
        written
    }

    fn message(&mut self, channel: u16, time_us: i64, data: &[u8]) -> Result<(), RecordingError> {
        let time_ns = u64::try_from(time_us)
            .unwrap_or_default()
            .saturating_mul(1_000);
        self.sequence = self.sequence.wrapping_add(1);
        let header = MessageHeader {
            channel_id: channel,
            sequence: self.sequence,
            log_time: time_ns,
            publish_time: time_ns,
        };
        self.writer
            .write_to_known_channel(&header, data)
            .map_err(failed)
    }
}

fn failed(error: McapError) -> RecordingError {
    match error {
        McapError::Io(error) => RecordingError::Io(error),
        error => RecordingError::Writer {
            reason: error.to_string(),
        },
    }
}
