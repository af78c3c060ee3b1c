//! What is fetched.

use super::FetchError;

/// Longest name of a file.
const MAX_NAME_BYTES: usize = 128;

/// A file that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// What people call it; for an address, the file's name.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// SHA-256 of the file, in lower-case hexadecimal, if it is known.
    pub sha256: Option<String>,
}

impl Source {
    /// A file at an address.
    ///
    /// # Errors
    /// If that is not an address that ends in a file's name, or `sha256` is none.
    pub fn new(name: &str, url: &str, sha256: Option<&str>) -> Result<Self, FetchError> {
        let source = Self {
            name: name.to_owned(),
            url: url.to_owned(),
            sha256: sha256.map(str::to_ascii_lowercase),
        };
        source.check()?;
        Ok(source)
    }

    /// What `text` says: an address as it is, or a name that `lookup` knows. A SHA-256 that is given
    /// goes before the one that is known.
    ///
    /// # Errors
    /// If the name is unknown, the address is none, or `sha256` is none.
    pub fn find(
        text: &str,
        sha256: Option<&str>,
        lookup: impl FnOnce(&str) -> Option<Self>,
    ) -> Result<Self, FetchError> {
        if text.contains("://") {
            let mut source = Self::new(text, text, sha256)?;
            source.name = source.file_name()?.to_owned();
            return Ok(source);
        }
        let known = lookup(text).ok_or_else(|| FetchError::Name {
            found: text.to_owned(),
        })?;
        let sha256 = sha256.or(known.sha256.as_deref());
        Self::new(&known.name, &known.url, sha256)
    }

    /// The name that the file is stored by: the end of the address's path.
    ///
    /// # Errors
    /// If that is no plain name.
    pub fn file_name(&self) -> Result<&str, FetchError> {
        let plain = |name: &&str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+".contains(&byte);
            (1..=MAX_NAME_BYTES).contains(&name.len())
                && !name.starts_with('.')
                && name.bytes().all(allowed)
        };
        // The first part is the host, which is no file.
        let path = self.place().split_once("://").map(|(_, rest)| rest);
        let name = path.and_then(|path| path.split_once('/')?.1.rsplit('/').next());
        name.filter(plain).ok_or_else(|| FetchError::Address {
            found: self.place().to_owned(),
        })
    }

    /// The address without what follows a question mark, which may be secret.
    pub(super) fn place(&self) -> &str {
        let end = self.url.find(['?', '#']).unwrap_or(self.url.len());
        &self.url[..end]
    }

    fn check(&self) -> Result<(), FetchError> {
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            let found = self.place().to_owned();
            return Err(FetchError::Address { found });
        }
        self.file_name()?;
        match &self.sha256 {
            Some(digits)
                if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
            {
                let found = digits.chars().take(80).collect();
                Err(FetchError::Sha256 { found })
            }
            _ => Ok(()),
        }
    }
}
