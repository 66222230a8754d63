//! A person's file, before and after.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::HelperError;

/// A file as it will be.
pub(super) struct Draft {
    pub(super) path: PathBuf,
    /// The change, for the person who is asked.
    pub(super) shown: String,
    pub(super) content: String,
}

/// A file's text; empty where there is none.
pub(super) fn read(path: &Path) -> Result<String, HelperError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(HelperError::file(path)),
    }
}
