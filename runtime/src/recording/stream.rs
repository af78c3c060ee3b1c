//! The messages of an MCAP file, in the order in which they stand there: nothing is sought, so that pipes
//! and files that break off can be read too.

use std::collections::HashMap;
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mcap::McapError;
use mcap::records::Record;
use mcap::sans_io::linear_reader::{LinearReadEvent, LinearReader, LinearReaderOptions};

use super::error::RecordingError;

/// Longer records are refused: an image of 100 megapixels in base64 is shorter.
const LONGEST_RECORD_BYTES: usize = 256 << 20;
/// Asked of the file at once, however long a record claims to be.
const READ_BYTES: usize = 1 << 20;

/// What a channel carries.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) topic: String,
    pub(crate) message_encoding: String,
    /// Name of the schema; empty if there is none.
    pub(crate) schema: String,
    pub(crate) metadata: std::collections::BTreeMap<String, String>,
}

/// One message.
pub(crate) struct Message<'a> {
    pub(crate) channel: Arc<Channel>,
    /// Nanoseconds of the clock that the file was written with.
    pub(crate) log_time_ns: u64,
    pub(crate) data: &'a [u8],
}

/// Reads messages one after the other.
pub(crate) struct MessageStream<R> {
    input: R,
    reader: LinearReader,
    position_bytes: u64,
    record: Vec<u8>,
    schemas: HashMap<u16, String>,
    channels: HashMap<u16, Arc<Channel>>,
    over: bool,
}

enum Step {
    Read(usize),
    /// The record is in the stream's own buffer.
    Record(u8),
    End,
}

impl<R: Read> MessageStream<R> {
    pub(crate) fn new(input: R) -> Self {
        let options = LinearReaderOptions::default()
            .with_record_length_limit(LONGEST_RECORD_BYTES)
            .with_validate_chunk_crcs(true);
        Self {
            input,
            reader: LinearReader::new_with_options(options),
            position_bytes: 0,
            record: Vec::new(),
            schemas: HashMap::new(),
            channels: HashMap::new(),
            over: false,
        }
    }

    /// The next message; none at the end. After an error there is none either.
    pub(crate) fn next_message(&mut self) -> Result<Option<Message<'_>>, RecordingError> {
        if self.over {
            return Ok(None);
        }
        match self.find_message() {
            Ok(Some((channel, log_time_ns, start))) => Ok(Some(Message {
                channel,
                log_time_ns,
                data: &self.record[start..],
            })),
            Ok(None) => {
                self.over = true;
                Ok(None)
            }
            Err(error) => {
                self.over = true;
                Err(error)
            }
        }
    }

    /// Reads on up to a message: its channel, its time, and where its data begins in the record.
    fn find_message(&mut self) -> Result<Option<(Arc<Channel>, u64, usize)>, RecordingError> {
        loop {
            let opcode = match self.step()? {
                Step::Read(bytes) => {
                    self.read(bytes)?;
                    continue;
                }
                Step::End => return Ok(None),
                Step::Record(opcode) => opcode,
            };
            let wanted = [
                mcap::records::op::SCHEMA,
                mcap::records::op::CHANNEL,
                mcap::records::op::MESSAGE,
            ];
            if !wanted.contains(&opcode) {
                continue;
            }
            let position_bytes = self.position_bytes;
            let parsed = catch_unwind(AssertUnwindSafe(|| {
                mcap::parse_record(opcode, &self.record)
            }));
            match parsed.map_err(|_| panicked(position_bytes))? {
                Ok(Record::Schema { header, .. }) => {
                    self.schemas.insert(header.id, header.name);
                }
                Ok(Record::Channel(channel)) => {
                    let schema = self.schemas.get(&channel.schema_id);
                    let known = Channel {
                        schema: schema.cloned().unwrap_or_default(),
                        topic: channel.topic,
                        message_encoding: channel.message_encoding,
                        metadata: channel.metadata,
                    };
                    self.channels.insert(channel.id, Arc::new(known));
                }
                Ok(Record::Message { header, data }) => {
                    let start = self.record.len() - data.len();
                    let Some(channel) = self.channels.get(&header.channel_id) else {
                        return Err(self.damaged(&McapError::UnknownChannel(
                            header.sequence,
                            header.channel_id,
                        )));
                    };
                    return Ok(Some((Arc::clone(channel), header.log_time, start)));
                }
                Ok(_) => {}
                Err(error) => return Err(self.damaged(&error)),
            }
        }
    }

    /// What the format's reader wants next. Its panics on hostile files become errors.
    fn step(&mut self) -> Result<Step, RecordingError> {
        let (reader, record) = (&mut self.reader, &mut self.record);
        let step = catch_unwind(AssertUnwindSafe(|| match reader.next_event() {
            None => Ok(Step::End),
            Some(Ok(LinearReadEvent::ReadRequest(bytes))) => Ok(Step::Read(bytes)),
            Some(Ok(LinearReadEvent::Record { data, opcode })) => {
                record.clear();
                record.extend_from_slice(data);
                Ok(Step::Record(opcode))
            }
            Some(Err(error)) => Err(error),
        }));
        match step {
            Ok(Ok(step)) => Ok(step),
            Ok(Err(McapError::UnexpectedEof)) => Err(RecordingError::Truncated {
                position_bytes: self.position_bytes,
            }),
            Ok(Err(error)) => Err(self.damaged(&error)),
            Err(_) => Err(panicked(self.position_bytes)),
        }
    }

    fn read(&mut self, bytes: usize) -> Result<(), RecordingError> {
        let space = self.reader.insert(bytes.clamp(1, READ_BYTES));
        let read = loop {
            match self.input.read(space) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.reader.notify_read(read);
        self.position_bytes += read as u64;
        Ok(())
    }

    fn damaged(&self, error: &McapError) -> RecordingError {
        RecordingError::Damaged {
            position_bytes: self.position_bytes,
            reason: error.to_string(),
        }
    }
}

fn panicked(position_bytes: u64) -> RecordingError {
    RecordingError::Damaged {
        position_bytes,
        reason: "lengths that contradict each other".to_owned(),
    }
}
