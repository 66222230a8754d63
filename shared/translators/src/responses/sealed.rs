//! Content that a client carries for us until the next turn, sealed: reasoning with all that its maker wants back, and
//! the summary that stands for a conversation (K1). How it is sealed is not known here.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Code, RequestError};
use crate::json::{EscapedText, Field};
use crate::signature;

use super::wire::request::InputItem;

/// The most characters of one sealed text: bodies go round with every turn (K4).
const MAX_LENGTH: usize = 256 << 10;

/// The kind of sealed content. Opened as another kind it is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedKind {
    Reasoning,
    Compaction,
}

/// A sealer for one owner, which opens what was sealed for that owner.
pub trait Sealer: fmt::Debug + Send + Sync {
    /// The sealed content: text of `[A-Za-z0-9_.-]` that begins with `gw1.`; `None` if nothing can be sealed at the
    /// moment.
    fn seal(&self, kind: SealedKind, content: &str) -> Option<String>;

    /// The content; `None` for what anybody else has sealed, or changed (K2).
    fn open(&self, kind: SealedKind, sealed: &str) -> Option<String>;

    /// The most bytes that one request may bring, sealed (K4).
    fn most_in_request(&self) -> usize;
}

/// A sealer without keys, which seals nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoSealer;

/// Content that was opened. The text is a JSON string, as it was sealed.
#[derive(Debug, Deserialize)]
pub(crate) struct Opened {
    pub(crate) text: Box<RawValue>,
    /// Reasoning as its maker wants it back: signatures, and what only the maker can read (H2).
    #[serde(default)]
    pub(crate) details: Vec<Box<RawValue>>,
}

impl SealedKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reasoning => "reasoning",
            Self::Compaction => "compaction",
        }
    }
}

impl Sealer for NoSealer {
    fn seal(&self, _: SealedKind, _: &str) -> Option<String> {
        None
    }

    fn open(&self, _: SealedKind, _: &str) -> Option<String> {
        None
    }

    fn most_in_request(&self) -> usize {
        usize::MAX
    }
}

/// `text` and `details`, a list's items, sealed at `now`, in seconds since 1970; `None` if that is too long (K4).
pub(crate) fn seal(
    sealer: &dyn Sealer,
    (kind, now): (SealedKind, i64),
    text: EscapedText<'_>,
    details: &[String],
) -> Option<String> {
    let content = format!(
        "{{\"kind\":\"{}\",\"at\":{now},\"text\":\"{}\",\"details\":[{}]}}",
        kind.as_str(),
        text.escaped(),
        details.join(",")
    );
    sealer.seal(kind, &content).filter(|sealed| sealed.len() <= MAX_LENGTH)
}

/// The content of an item's `encrypted_content`, if it was sealed here for this client.
pub(crate) fn open(sealer: &dyn Sealer, kind: SealedKind, content: Field<'_>) -> Option<Opened> {
    let ours = ours(content)?;
    let content = sealer.open(kind, ours.escaped())?;
    let opened: Opened = serde_json::from_str(&content).ok()?;
    EscapedText::of(&opened.text).is_some().then_some(opened)
}

/// Refuses a request that brings more than may be opened, before anything is (K4).
pub(crate) fn check(sealer: &dyn Sealer, items: &[InputItem<'_>]) -> Result<(), RequestError> {
    let ours = items.iter().filter_map(|item| ours(item.encrypted_content));
    let bytes: usize = ours.map(|text| text.escaped().len()).sum();
    let most = sealer.most_in_request();
    if bytes <= most {
        return Ok(());
    }
    let message = format!("The items of input have {bytes} bytes of encrypted content; at most {most} are read.");
    Err(RequestError::worded("input", message).code(Code::RequestTooLarge))
}

/// Text that may have been sealed here.
fn ours(content: Field<'_>) -> Option<EscapedText<'_>> {
    EscapedText::of(content.raw()?).filter(|text| text.begins_with(signature::PREFIX))
}
