//! One event of a stream.

use std::ops::Range;

use bytes::Bytes;
use memchr::memchr2;

pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Names of events that show that a server is alive, whatever their data (B5.1).
const HEARTBEATS: [&[u8]; 4] = [b"ping", b"heartbeat", b"keep-alive", b"keepalive"];

/// One event: its bytes as they came, and its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// All bytes of the event, its blank line included (it lacks only at the end of a cut stream).
    pub raw: Bytes,
    name: Option<Range<usize>>,
    data: Data,
    is_body: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Data {
    None,
    Line(Range<usize>),
    Joined(Vec<u8>),
}

impl Event {
    /// An event without a name, as a test writes it.
    pub fn of_data(data: impl Into<Bytes>) -> Self {
        let raw: Bytes = data.into();
        Self {
            data: Data::Line(0..raw.len()),
            raw,
            name: None,
            is_body: false,
        }
    }

    /// A response that came whole.
    pub fn of_body(body: Bytes) -> Self {
        let event = Self {
            raw: body,
            name: None,
            data: Data::None,
            is_body: true,
        };
        event.into_body()
    }

    /// The event whose first line starts at `start`.
    pub(super) fn of(raw: Bytes, start: usize) -> Self {
        let (mut name, mut data) = (None, Data::None);
        let mut rest = start;
        while rest < raw.len() {
            let end = memchr2(b'\n', b'\r', &raw[rest..]).map_or(raw.len(), |length| rest + length);
            let line = &raw[rest..end];
            if let Some(offset) = value_offset(line, b"data") {
                data = data.with_line(&raw, rest + offset..end);
            } else if let Some(offset) = value_offset(line, b"event") {
                name = Some(rest + offset..end);
            }
            rest = end + 1;
        }
        Self {
            raw,
            name,
            data,
            is_body: false,
        }
    }

    /// The same bytes as one JSON text.
    pub(super) fn into_body(self) -> Self {
        let start = self
            .raw
            .iter()
            .position(|byte| !is_blank(*byte))
            .unwrap_or(self.raw.len());
        Self {
            name: None,
            data: Data::Line(start..self.raw.len()),
            is_body: true,
            ..self
        }
    }

    /// The data lines, joined with LF; `None` where the event has none (comments, keep-alives), or is a heartbeat.
    pub fn data(&self) -> Option<&[u8]> {
        if self.is_heartbeat() {
            return None;
        }
        match &self.data {
            Data::None => None,
            Data::Line(range) => Some(&self.raw[range.clone()]),
            Data::Joined(lines) => Some(lines),
        }
    }

    /// True for the one JSON text that a backend sent in place of a stream.
    pub fn is_body(&self) -> bool {
        self.is_body
    }

    /// True for an event that only shows that a server is alive.
    pub fn is_heartbeat(&self) -> bool {
        self.name().is_some_and(|name| HEARTBEATS.contains(&name))
    }

    /// True for an event that is an error by its name, whatever its data.
    pub fn is_error(&self) -> bool {
        self.name() == Some(b"error")
    }

    /// Whether the data is the `[DONE]` that ends a chat stream; blanks around it are allowed.
    pub fn is_done(&self) -> bool {
        self.data().is_some_and(|data| data.trim_ascii() == b"[DONE]")
    }

    /// True if the event lacks its blank line, as only the last one can.
    pub fn is_open(&self) -> bool {
        let line_end = |bytes: &[u8]| bytes.ends_with(b"\n") || bytes.ends_with(b"\r");
        let before = self
            .raw
            .strip_suffix(b"\r\n")
            .or_else(|| self.raw.split_last().map(|(_, before)| before));
        !(line_end(&self.raw) && before.is_none_or(|before| before.is_empty() || line_end(before)))
    }

    fn name(&self) -> Option<&[u8]> {
        self.name.clone().map(|range| &self.raw[range])
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || BYTE_ORDER_MARK.contains(&byte)
}

/// Where the value of a line of `field` starts; `None` for every other line.
fn value_offset(line: &[u8], field: &[u8]) -> Option<usize> {
    match line.strip_prefix(field)? {
        [] => Some(field.len()),
        [b':', b' ', ..] => Some(field.len() + 2),
        [b':', ..] => Some(field.len() + 1),
        _ => None,
    }
}

impl Data {
    fn with_line(self, raw: &[u8], line: Range<usize>) -> Self {
        let mut lines = match self {
            Self::None => return Self::Line(line),
            Self::Line(first) => raw[first].to_vec(),
            Self::Joined(lines) => lines,
        };
        lines.push(b'\n');
        lines.extend_from_slice(&raw[line]);
        Self::Joined(lines)
    }
}
