//! Content that a client carries for us until the next turn, sealed: reasoning with all that its maker wants back, and
//! the summary that stands for a conversation (K1). How it is sealed is not known here.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::{Code, RequestError};
use crate::json::{EscapedText, Field};

/// The start of all that is sealed here (K1), and of every signature that we make (TH4). No vendor's begins so.
pub const PREFIX: &str = "gw1.";

/// The name in `include` by which a client asks for sealed reasoning.
pub(crate) const ENCRYPTED_REASONING: &str = "reasoning.encrypted_content";

/// The most characters of one sealed text: bodies go round with every turn (K4).
const MAX_LENGTH: usize = 256 << 10;

/// The kind of sealed content. Opened as another kind it is nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedKind {
    Reasoning,
    Compaction,
}

/// The reason why something was not sealed: the client cannot send it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsealed {
    /// There are no keys at the moment.
    NoKeys,
    TooLong,
}

/// A sealer for one owner, which opens what was sealed for that owner.
pub trait Sealer: fmt::Debug + Send + Sync {
    /// The sealed content, text of `[A-Za-z0-9_-]`; `None` if nothing can be sealed at the moment.
    fn seal(&self, kind: SealedKind, content: &str) -> Option<String>;

    /// The content; `None` for what anybody else has sealed, or changed (K2).
    fn open(&self, kind: SealedKind, sealed: &str) -> Option<String>;

    /// The most bytes that one request may bring, sealed (K4).
    fn most_in_request(&self) -> usize;
}

/// The sealer for a client; by default one without keys, which seals nothing.
#[derive(Clone, Debug)]
pub struct ClientSealer(Arc<dyn Sealer>);

#[derive(Debug)]
struct NoKeys;

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

impl Unsealed {
    /// The word for the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoKeys => "no_keys",
            Self::TooLong => "too_long",
        }
    }
}

impl ClientSealer {
    pub(crate) fn get(&self) -> &dyn Sealer {
        &*self.0
    }
}

impl Default for ClientSealer {
    fn default() -> Self {
        Self(Arc::new(NoKeys))
    }
}

impl<S: Sealer + 'static> From<Arc<S>> for ClientSealer {
    fn from(sealer: Arc<S>) -> Self {
        Self(sealer)
    }
}

impl Sealer for NoKeys {
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

impl Opened {
    /// The text as it stands between its quotes.
    pub(crate) fn text(&self) -> EscapedText<'_> {
        EscapedText::of(&self.text).unwrap_or(EscapedText::EMPTY)
    }
}

/// `text` and `details`, a list's items, sealed at `now`, in seconds since 1970.
pub(crate) fn seal(
    sealer: &dyn Sealer,
    (kind, now): (SealedKind, i64),
    text: EscapedText<'_>,
    details: &[String],
) -> Result<String, Unsealed> {
    let content = format!(
        "{{\"kind\":\"{}\",\"at\":{now},\"text\":\"{}\",\"details\":[{}]}}",
        kind.as_str(),
        text.escaped(),
        details.join(",")
    );
    let text = [PREFIX, &sealer.seal(kind, &content).ok_or(Unsealed::NoKeys)?].concat();
    if text.len() > MAX_LENGTH {
        return Err(Unsealed::TooLong);
    }
    Ok(text)
}

/// The content of an item's `encrypted_content` or of a block's `signature`, if it was sealed here for this client.
pub(crate) fn open(sealer: &dyn Sealer, kind: SealedKind, content: Field<'_>) -> Option<Opened> {
    let ours = ours(content)?;
    let content = sealer.open(kind, ours.escaped().strip_prefix(PREFIX)?)?;
    let opened: Opened = serde_json::from_str(&content).ok()?;
    EscapedText::of(&opened.text).is_some().then_some(opened)
}

/// Refuses a request that brings more than may be opened, before anything is (K4). `member` holds the conversation.
pub(crate) fn check<'a>(
    sealer: &dyn Sealer,
    member: &str,
    contents: impl Iterator<Item = Field<'a>>,
) -> Result<(), RequestError> {
    let bytes: usize = contents.filter_map(ours).map(|text| text.escaped().len()).sum();
    let most = sealer.most_in_request();
    if bytes <= most {
        return Ok(());
    }
    let message = format!("{member} has {bytes} bytes of sealed content; at most {most} are read.");
    Err(RequestError::worded(member, message).code(Code::RequestTooLarge))
}

/// True for text that may have been sealed here.
pub(crate) fn is_ours(content: Field<'_>) -> bool {
    ours(content).is_some()
}

fn ours(content: Field<'_>) -> Option<EscapedText<'_>> {
    EscapedText::of(content.raw()?).filter(|text| text.begins_with(PREFIX))
}
