//! A server of one file, as good or bad as a test wants it.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use sha2::{Digest, Sha256};

use crate::fetch::Source;
use crate::hashed_file::hexadecimal;

/// How the server answers.
#[derive(Clone)]
pub(super) struct Manner {
    pub(super) contents: Vec<u8>,
    pub(super) tag: &'static str,
    /// Whether it knows ranges.
    pub(super) ranges: bool,
    /// Closes the connection after so many bytes of the contents.
    pub(super) cut_after: Option<usize>,
}

/// A server of one file, `/model.bin`, to which `/moved/model.bin` redirects.
pub(super) struct Server {
    address: String,
    pub(super) manner: Arc<Mutex<Manner>>,
    /// The `Range` and `If-Range` of each request for the file.
    pub(super) requests: Arc<Mutex<Vec<[String; 2]>>>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let contents = (0..300_000_u32).map(|i| (i * i % 251) as u8).collect();
        let manner = Arc::new(Mutex::new(Manner {
            contents,
            tag: "\"first\"",
            ranges: true,
            cut_after: None,
        }));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (shared, log) = (Arc::clone(&manner), Arc::clone(&requests));
        // It ends with the tests' process.
        thread::spawn(move || {
            for stream in listener.incoming() {
                let manner = shared.lock().unwrap().clone();
                // The client may hang up whenever it likes.
                let _ = answer(stream.unwrap(), &manner, &log);
            }
        });
        Self {
            address,
            manner,
            requests,
        }
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.manner.lock().unwrap());
    }

    pub(super) fn sha256(&self) -> String {
        hexadecimal(&Sha256::digest(&self.manner.lock().unwrap().contents))
    }

    pub(super) fn source(&self, path: &str, sha256: Option<&str>) -> Source {
        let url = format!("{}{path}", self.address);
        Source::find(&url, sha256, |_| None).unwrap()
    }

    pub(super) fn ranges(&self) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests.iter().map(|[range, _]| range.clone()).collect()
    }
}

fn answer(mut stream: TcpStream, manner: &Manner, log: &Mutex<Vec<[String; 2]>>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let path = lines.next().unwrap()?.split(' ').nth(1).unwrap().to_owned();
    let [mut range, mut if_range] = [String::new(), String::new()];
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => value.clone_into(&mut range),
            "if-range" => value.clone_into(&mut if_range),
            _ => {}
        }
    }
    if path == "/moved/model.bin" {
        return stream.write_all(
            b"HTTP/1.1 302 Found\r\nLocation: /model.bin\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }
    if !path.starts_with("/model.bin") {
        return stream.write_all(
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }
    log.lock().unwrap().push([range.clone(), if_range.clone()]);
    let all = &manner.contents;
    let start = range.strip_prefix("bytes=").and_then(|range| {
        let start: usize = range.strip_suffix('-')?.parse().ok()?;
        (manner.ranges && if_range == manner.tag).then_some(start)
    });
    let first = start.unwrap_or(0);
    if first >= all.len() {
        return stream.write_all(
            b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }
    let status = match start {
        Some(start) => format!(
            "206 Partial Content\r\nContent-Range: bytes {start}-{}/{}",
            all.len() - 1,
            all.len()
        ),
        None => "200 OK".to_owned(),
    };
    let tag = manner.tag;
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nETag: {tag}\r\nConnection: close\r\n\r\n",
        all.len() - first
    )?;
    let end = manner.cut_after.unwrap_or(all.len()).max(first);
    stream.write_all(&all[first..end])
}
