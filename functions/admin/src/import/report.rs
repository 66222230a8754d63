//! The report of an import, line by line.

use domain::models::{Email, UserId};
use serde::Serialize;
use service::http::ApiError;
use service::http::language::Language;

use crate::refusal::Refusal;

#[derive(Default, Serialize)]
pub(crate) struct Report {
    /// True if nothing was to be done: lines that would be made are `valid`.
    dry_run: bool,
    created: usize,
    valid: usize,
    refused: usize,
    /// Lines for which there was no time, or that come after a failure of the gateway.
    pub(super) skipped: usize,
    /// The first of these: the same file with `from_line` goes on there.
    pub(super) next_line: Option<u64>,
    /// Why the gateway could not go on, where it was no lack of time.
    pub(super) interrupted: Option<Interruption>,
    lines: Vec<LineReport>,
}

/// A failure of the gateway. Whether the line at which it happened was done is not known; it is done once, since nobody
/// has its address twice.
#[derive(Serialize)]
pub(super) struct Interruption {
    code: &'static str,
    message: String,
}

/// The result of one line.
#[derive(Serialize)]
struct LineReport {
    line: u64,
    #[serde(flatten)]
    result: LineResult,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum LineResult {
    Created {
        id: UserId,
        email: Email,
    },
    Valid {
        email: Email,
    },
    Refused {
        /// The text in the place of the address.
        email: Option<String>,
        #[serde(flatten)]
        why: Refusal,
    },
}

impl Interruption {
    pub(super) fn new(error: &ApiError, language: Language) -> Self {
        Self {
            code: error.code().name(),
            message: error.told(language).text,
        }
    }
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self {
            dry_run,
            ..Self::default()
        }
    }

    pub(super) fn add(&mut self, line: u64, result: LineResult) {
        match result {
            LineResult::Created { .. } => self.created += 1,
            LineResult::Valid { .. } => self.valid += 1,
            LineResult::Refused { .. } => self.refused += 1,
        }
        self.lines.push(LineReport { line, result });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
