//! How a response travels: status, label, form, line ends, silences, and how it ends.

mod render;

pub(crate) use render::render;

use crate::json::Style;
use crate::rng::Rng;

/// Bytes that arrive together, and the silence before them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub after_ms: u64,
    pub bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The body ends in order.
    Close,
    /// The connection is reset, or ends before the announced length.
    Reset,
    /// Nothing more comes, and the connection stays open.
    StaysOpen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnds {
    Lf,
    CrLf,
    Cr,
    Mixed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// A frame an event.
    Events,
    Once,
    Anywhere,
    Bytes,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a way of its own")]
pub(crate) struct Wire {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    /// Sends the events; the body otherwise.
    pub(crate) as_events: bool,
    /// Text that is sent instead of events or body.
    pub(crate) instead: Option<String>,
    pub(crate) style: Style,
    /// Bytes that are sent for each U+FFFD.
    pub(crate) replacement: Option<&'static [u8]>,
    pub(crate) line_ends: LineEnds,
    pub(crate) bom: bool,
    pub(crate) blank_after_colon: bool,
    pub(crate) comments: bool,
    pub(crate) many_data_lines: bool,
    /// How many line ends of the last event are missing: 0, 1 or 2.
    pub(crate) line_ends_missing: usize,
    /// What stands before the JSON of a body.
    pub(crate) before_body: &'static str,
    pub(crate) split: Split,
    pub(crate) gzip: bool,
    pub(crate) cut: bool,
    pub(crate) ending: Ending,
    pub(crate) head_after_ms: u64,
    pub(crate) first_after_ms: u64,
}

impl Wire {
    pub(crate) fn new(streamed: bool, rng: &mut Rng) -> Self {
        Self {
            status: 200,
            content_type: Some(if streamed {
                "text/event-stream"
            } else {
                "application/json"
            }),
            as_events: streamed,
            instead: None,
            style: Style {
                ascii: rng.one_in(3),
                spaces: rng.one_in(3),
            },
            replacement: None,
            line_ends: LineEnds::Lf,
            bom: false,
            blank_after_colon: true,
            comments: false,
            many_data_lines: false,
            line_ends_missing: 0,
            before_body: "",
            split: Split::Events,
            gzip: false,
            cut: false,
            ending: Ending::Close,
            head_after_ms: 0,
            first_after_ms: 0,
        }
    }

    /// True if the body is the events.
    pub(crate) const fn sends_events(&self) -> bool {
        self.as_events && self.instead.is_none()
    }
}
