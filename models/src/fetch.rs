//! Downloads: checked against a SHA-256, and resumed where they were cut off.
//!
//! Nothing has its final name before all of it came and was checked. What came of a download that
//! was cut off stays beside it, and the next one goes on from there, if the server says that the file
//! is still the same.

mod error;
mod partial;
mod source;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};
use ureq::http::header::{CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE};
use ureq::http::{HeaderName, Response};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::hashed_file::{hexadecimal, read_into};
pub use error::FetchError;
use partial::{Partial, failed};
pub use source::Source;

/// More than any model has.
const MAX_BYTES: u64 = 16 << 30;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);
/// For the answer to begin, and for each piece of it.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchReport {
    /// The file.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// Of its contents, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether it is the SHA-256 that was known before.
    pub verified: bool,
    /// Bytes that were there already, of an earlier download.
    pub bytes_before: u64,
}

/// The folder for models: the environment variable `FIXATE_MODELS`, or `fixate/models` in the
/// platform's folder for a user's data, such as `~/.local/share`.
///
/// # Errors
/// If the platform tells no such folder.
pub fn models_folder() -> Result<PathBuf, FetchError> {
    if let Some(folder) = std::env::var_os("FIXATE_MODELS").filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let folders = etcetera::base_strategy::choose_native_strategy();
    let folders = folders.map_err(|_| FetchError::NoFolder)?;
    Ok(folders.data_dir().join("fixate").join("models"))
}

/// Downloads a file into a folder, which is made if it is not there. `progress` is called with the
/// bytes that are there, and all there are if the server says so.
///
/// A file that is there already is not downloaded again if it has the known SHA-256.
///
/// # Errors
/// If the server cannot be reached, refuses or stops early, the contents do not have the known
/// SHA-256, another file has the name, or a file cannot be written.
pub fn fetch(
    source: &Source,
    folder: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<FetchReport, FetchError> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let target = folder.join(source.file_name()?);
    if target.exists() {
        return existing(source, target);
    }
    let mut partial = Partial::open(&target, &source.url)?;
    let bytes_before = download(source, &mut partial, progress)?;
    let (bytes, found) = (partial.length(), partial.sha256());
    if let Some(expected) = source.sha256.clone().filter(|expected| *expected != found) {
        // Whatever is wrong with it, going on from here would not make it right.
        partial.discard();
        return Err(FetchError::Checksum { expected, found });
    }
    partial.publish(&target)?;
    Ok(FetchReport {
        path: target,
        bytes,
        sha256: found,
        verified: source.sha256.is_some(),
        bytes_before,
    })
}

/// A file that is there is taken for the download only if it is known to be the same.
fn existing(source: &Source, path: PathBuf) -> Result<FetchReport, FetchError> {
    let mut file = File::open(&path).map_err(|error| failed(&path, error))?;
    let mut digest = Sha256::new();
    let bytes = read_into(&mut digest, &mut file).map_err(|error| failed(&path, error))?;
    let sha256 = hexadecimal(&digest.finalize());
    if source.sha256.as_ref() != Some(&sha256) {
        return Err(FetchError::Exists { path });
    }
    Ok(FetchReport {
        path,
        bytes,
        sha256,
        verified: true,
        bytes_before: bytes,
    })
}

/// Makes the download complete; gives the bytes that were there already.
fn download(
    source: &Source,
    partial: &mut Partial,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<u64, FetchError> {
    let mut response = request(source, partial)?;
    let mut start = range_start(&response);
    let misfit = response.status() == 206 && start != Some(partial.length());
    if response.status() == 416 || misfit {
        // What is there is no beginning of what the server has now.
        partial.restart()?;
        response = request(source, partial)?;
        start = None;
    }
    match (response.status().as_u16(), start) {
        (206, Some(_)) => {}
        (200, _) => partial.restart()?,
        (status, _) => {
            let url = source.place().to_owned();
            return Err(FetchError::Status { url, status });
        }
    }
    let bytes_before = partial.length();
    partial.note(&source.url, &validator(&response))?;
    let left = response.body().content_length();
    let total = left.map(|left| bytes_before.saturating_add(left));
    if total.is_some_and(|total| total > MAX_BYTES) {
        return Err(FetchError::TooLarge { most: MAX_BYTES });
    }
    progress(bytes_before, total);
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 256 << 10];
    let interrupted = |partial: &Partial, reason: String| FetchError::Interrupted {
        url: source.place().to_owned(),
        bytes: partial.length(),
        reason,
    };
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(interrupted(partial, error.to_string())),
        };
        if partial.length() + count as u64 > MAX_BYTES {
            return Err(FetchError::TooLarge { most: MAX_BYTES });
        }
        partial.write(&buffer[..count])?;
        progress(partial.length(), total);
    }
    match total {
        Some(total) if total != partial.length() => {
            Err(interrupted(partial, format!("{total} were promised")))
        }
        _ => Ok(bytes_before),
    }
}

/// Asks for what is missing.
fn request(source: &Source, partial: &Partial) -> Result<Response<Body>, FetchError> {
    let cryptography = Arc::new(rustls::crypto::ring::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(cryptography)
        .build();
    let config = Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(READ_TIMEOUT))
        .timeout_per_read(Some(READ_TIMEOUT))
        .user_agent(concat!("fixate/", env!("CARGO_PKG_VERSION")))
        // Ranges are of the file as it is.
        .accept_encoding("identity");
    let agent = Agent::new_with_config(config.build());
    let mut request = agent.get(&source.url);
    if let Some(validator) = partial.validator() {
        request = request
            .header(RANGE, format!("bytes={}-", partial.length()))
            .header(IF_RANGE, validator);
    }
    request.call().map_err(|error| FetchError::Unreachable {
        url: source.place().to_owned(),
        reason: error.to_string(),
    })
}

/// What tells whether the server's file is still the same; empty if nothing does. A weak tag does not:
/// it may stand for files with other bytes.
fn validator(response: &Response<Body>) -> String {
    let tag = header(response, ETAG).filter(|tag| !tag.starts_with("W/"));
    let validator = tag.or_else(|| header(response, LAST_MODIFIED));
    validator.unwrap_or_default().to_owned()
}

/// The first byte of a range.
fn range_start(response: &Response<Body>) -> Option<u64> {
    let range = header(response, CONTENT_RANGE)?.strip_prefix("bytes ")?;
    range.split_once('-')?.0.trim().parse().ok()
}

fn header(response: &Response<Body>, name: HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
