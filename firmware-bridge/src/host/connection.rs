//! Bytes over anything that reads and writes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;
use std::vec::Vec;

/// Bytes that may wait for a stream that does not take them.
const MOST_WAITING: usize = 64 * 1024;

/// A stream whose reads and writes give up after a while.
#[derive(Debug)]
pub struct Connection<T> {
    stream: T,
    waiting: Vec<u8>,
}

impl Connection<TcpStream> {
    /// Connects to a TCP port: an emulator's serial line, or a serial port behind a network.
    /// `timeout` is how long [`Connection::read`] waits at most.
    ///
    /// # Errors
    ///
    /// What the system says; the last address's, if the name has several.
    pub fn tcp(address: impl ToSocketAddrs, timeout: Duration) -> io::Result<Self> {
        let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
        for address in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
                Ok(stream) => {
                    // Frames are small and must not wait for each other.
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(timeout))?;
                    stream.set_write_timeout(Some(timeout))?;
                    return Ok(Self::new(stream));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

#[cfg(feature = "serial")]
impl Connection<serial2::SerialPort> {
    /// Opens a serial port or pseudo-terminal, raw, 8 data bits, no parity, one stop bit, no flow control.
    /// `timeout` is how long [`Connection::read`] waits at most.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn serial(
        path: impl AsRef<std::path::Path>,
        baud: u32,
        timeout: Duration,
    ) -> io::Result<Self> {
        let mut port = serial2::SerialPort::open(path, |mut settings: serial2::Settings| {
            settings.set_raw();
            settings.set_baud_rate(baud)?;
            settings.set_char_size(serial2::CharSize::Bits8);
            settings.set_parity(serial2::Parity::None);
            settings.set_stop_bits(serial2::StopBits::One);
            settings.set_flow_control(serial2::FlowControl::None);
            Ok(settings)
        })?;
        port.set_read_timeout(timeout)?;
        port.set_write_timeout(timeout)?;
        Ok(Self::new(port))
    }
}

impl<T: Read + Write> Connection<T> {
    /// Over a stream whose reads and writes fail with `WouldBlock` or `TimedOut` after a while.
    pub fn new(stream: T) -> Self {
        Self {
            stream,
            waiting: Vec::new(),
        }
    }

    /// Bytes that came, none if none came for a while.
    ///
    /// # Errors
    ///
    /// A stream that broke or ended (`UnexpectedEof`).
    pub fn read<'a>(&mut self, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
        match self.stream.read(buffer) {
            Ok(0) if !buffer.is_empty() => Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the other end closed the connection",
            )),
            Ok(length) => Ok(buffer.get(..length).unwrap_or(&[])),
            Err(error) if is_pause(&error) => Ok(&[]),
            Err(error) => Err(error),
        }
    }

    /// Sends these bytes behind those that wait; what the stream does not take now waits for the next call.
    ///
    /// # Errors
    ///
    /// A stream that broke, or has taken nothing for so long that more than 64 KiB wait (`TimedOut`).
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.waiting.extend_from_slice(bytes);
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(0) => {
                    return Err(io::Error::new(
                        ErrorKind::WriteZero,
                        "the stream takes no bytes",
                    ));
                }
                Ok(length) => drop(self.waiting.drain(..length.min(self.waiting.len()))),
                Err(error) if is_pause(&error) => break,
                Err(error) => return Err(error),
            }
        }
        if self.waiting.len() > MOST_WAITING {
            return Err(io::Error::new(
                ErrorKind::TimedOut,
                "the other end has stopped reading",
            ));
        }
        Ok(())
    }
}

fn is_pause(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}
