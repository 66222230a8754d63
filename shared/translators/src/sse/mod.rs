//! Server-sent events as bytes: [`Decoder`] cuts a backend's stream into events, [`encode()`] writes ours.
//!
//! Knows lines and fields, not what the data means; JSON starts in the callers. An event keeps its exact
//! bytes, so that a relay of the same dialect forwards [`Event::raw`] and alters nothing.
//!
//! A backend may answer with one JSON text where a stream was asked for, whatever it labels it. Its first byte tells
//! (B9.1), and the text is then one event, [`Event::is_body`].

mod encode;
mod event;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use event::{BYTE_ORDER_MARK, is_blank};

pub use encode::encode;
pub(crate) use encode::{begin, end};
pub use event::Event;

/// Cuts a byte stream into events, however the bytes were split on their way.
///
/// [`feed`](Self::feed) a chunk, take what is complete by iterating, and [`finish`](Self::finish) at the end.
/// The `raw` bytes of all events, put together, are the input.
#[derive(Debug)]
pub struct Decoder {
    /// The begun event, copied out of chunks that are gone. It holds no blank line.
    held: BytesMut,
    /// What is not searched yet of the newest chunk.
    chunk: Bytes,
    max_event_bytes: usize,
    position: Position,
    form: Form,
    at_stream_start: bool,
    failed: bool,
}

/// The form of the bytes, which is known by the first that is no white space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Unknown,
    Events,
    /// One JSON text.
    Body,
}

/// Where in a line the search stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Position {
    LineStart,
    /// At the start of a line, but a LF that comes next still belongs to the line end before it.
    AfterCr,
    InLine,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    #[error("an event of the stream is longer than {max} bytes")]
    TooLong { max: usize },
}

impl Decoder {
    /// `max_event_bytes` bounds what one event may make the decoder hold.
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            held: BytesMut::new(),
            chunk: Bytes::new(),
            max_event_bytes,
            position: Position::LineStart,
            form: Form::Unknown,
            at_stream_start: true,
            failed: false,
        }
    }

    /// Takes the next bytes. Events that were not taken yet stay in front of them, at the price of a copy.
    pub fn feed(&mut self, chunk: Bytes) {
        if self.chunk.is_empty() {
            self.chunk = chunk;
        } else {
            self.chunk = [self.chunk.as_ref(), chunk.as_ref()].concat().into();
        }
    }

    /// The last event, if the stream ended without its blank line; or the JSON text that came in place of a stream.
    /// Take the complete ones first.
    pub fn finish(&mut self) -> Option<Event> {
        debug_assert!(
            self.failed || self.chunk.is_empty(),
            "complete events were left in the decoder"
        );
        if self.failed || self.held.is_empty() {
            return None;
        }
        let event = self.event_of(Bytes::new());
        Some(if self.form == Form::Body {
            event.into_body()
        } else {
            event
        })
    }

    /// Tells events from a JSON text by the first byte that is no white space.
    fn tell_form(&mut self) {
        let first = self.chunk.iter().find(|byte| !is_blank(**byte));
        self.form = match first {
            None => return,
            Some(b'{' | b'[') => Form::Body,
            Some(_) => Form::Events,
        };
        // White space that was held until now: empty lines and a byte order mark.
        if self.form == Form::Events && !self.held.is_empty() {
            self.chunk = [self.held.split().as_ref(), self.chunk.as_ref()].concat().into();
        }
    }

    /// The length of what the chunk holds of the current event, if the event ends in it.
    fn find_end(&mut self) -> Option<usize> {
        let bytes = &self.chunk[..];
        let mut line = 0;
        if self.position == Position::AfterCr {
            self.position = Position::LineStart;
            line += usize::from(bytes.starts_with(b"\n"));
        }
        while let Some(length) = memchr2(b'\n', b'\r', &bytes[line..]) {
            let blank = length == 0 && self.position == Position::LineStart;
            self.position = Position::LineStart;
            line += length + 1;
            if bytes[line - 1] == b'\r' {
                match bytes.get(line) {
                    Some(b'\n') => line += 1,
                    Some(_) => {}
                    None => self.position = Position::AfterCr,
                }
            }
            if blank {
                return Some(line);
            }
        }
        if line < bytes.len() {
            self.position = Position::InLine;
        }
        None
    }

    /// The event that is held, with `rest` as its end.
    fn event_of(&mut self, rest: Bytes) -> Event {
        let raw = if self.held.is_empty() {
            rest
        } else {
            self.held.extend_from_slice(&rest);
            self.held.split().freeze()
        };
        let marked = std::mem::take(&mut self.at_stream_start) && raw.starts_with(BYTE_ORDER_MARK);
        Event::of(raw, if marked { BYTE_ORDER_MARK.len() } else { 0 })
    }
}

impl Iterator for Decoder {
    type Item = Result<Event, SseError>;

    /// The next complete event. `None` asks for more bytes, or says that an error came before.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed || self.chunk.is_empty() {
            return None;
        }
        if self.form == Form::Unknown {
            self.tell_form();
        }
        let end = if self.form == Form::Events {
            self.find_end()
        } else {
            None
        };
        if self.held.len() + end.unwrap_or(self.chunk.len()) > self.max_event_bytes {
            self.failed = true;
            return Some(Err(SseError::TooLong {
                max: self.max_event_bytes,
            }));
        }
        if let Some(end) = end {
            let rest = self.chunk.split_to(end);
            Some(Ok(self.event_of(rest)))
        } else {
            let begun = std::mem::take(&mut self.chunk);
            self.held.extend_from_slice(&begun);
            None
        }
    }
}

/// All events of a stream that is there as a whole.
pub fn events(body: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::new(body.len() + 1);
    decoder.feed(Bytes::copy_from_slice(body));
    let mut events: Vec<Event> = decoder.by_ref().map_while(Result::ok).collect();
    events.extend(decoder.finish());
    events
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1 << 20;

    fn decode(chunks: &[&[u8]]) -> Vec<Event> {
        let mut decoder = Decoder::new(MAX);
        let mut events = Vec::new();
        for chunk in chunks {
            decoder.feed(Bytes::copy_from_slice(chunk));
            events.extend(decoder.by_ref().map(Result::unwrap));
        }
        events.extend(decoder.finish());
        events
    }

    fn data(events: &[Event]) -> Vec<String> {
        events
            .iter()
            .filter_map(Event::data)
            .map(|data| String::from_utf8(data.to_vec()).unwrap())
            .collect()
    }

    /// Every way to cut `bytes` in two gives the same data, and raws that add up to the input.
    fn check_every_cut(bytes: &[u8], expected: &[&str]) {
        for cut in 0..=bytes.len() {
            let events = decode(&[&bytes[..cut], &bytes[cut..]]);
            assert_eq!(data(&events), expected, "cut at {cut}");
            let raws: Vec<u8> = events.iter().flat_map(|event| event.raw.to_vec()).collect();
            assert_eq!(raws, bytes, "cut at {cut}");
        }
    }

    #[test]
    fn s5_1_line_ends_are_lf_crlf_and_cr() {
        check_every_cut(b"data: a\n\ndata: b\n\n", &["a", "b"]);
        check_every_cut(b"data: a\r\n\r\ndata: b\r\n\r\n", &["a", "b"]);
        check_every_cut(b"data: a\r\rdata: b\r\r", &["a", "b"]);
        check_every_cut(b"data: a\r\n\ndata: b\n\r\n", &["a", "b"]);
    }

    #[test]
    fn s5_1_unicode_separators_are_text() {
        check_every_cut(
            "data: a\u{2028}b\u{2029}c\u{85}d\n\n".as_bytes(),
            &["a\u{2028}b\u{2029}c\u{85}d"],
        );
    }

    #[test]
    fn s5_1_data_lines_join_with_lf() {
        check_every_cut(b"data: {\ndata:  \"a\"\ndata\ndata:}\n\n", &["{\n \"a\"\n\n}"]);
    }

    #[test]
    fn s5_1_other_fields_and_comments_are_ignored() {
        check_every_cut(b": hello\nid: 7\nretry: 9\nevent: x\ndatabase: no\ndata: a\n\n", &["a"]);
    }

    #[test]
    fn s5_1_an_unterminated_last_event_counts() {
        check_every_cut(b"data: a\n\ndata: b", &["a", "b"]);
        check_every_cut(b"data: a\n\ndata: b\n", &["a", "b"]);
    }

    #[test]
    fn s5_1_a_byte_order_mark_is_skipped_only_at_the_start() {
        check_every_cut(b"\xEF\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n", &["a"]);
    }

    #[test]
    fn s5_1_done_may_have_blanks_around() {
        let events = decode(&[b"data:   [DONE] \n\ndata: [DONE]x\n\n"]);
        assert!(events[0].is_done());
        assert!(!events[1].is_done());
    }

    #[test]
    fn b5_1_a_heartbeat_has_no_data_whatever_it_says() {
        let events = decode(&[
            b"event: ping\ndata: x\n\ndata: 1\nevent:heartbeat\n\nevent: keep-alive\n\nevent: pings\ndata: a\n\n",
        ]);
        assert_eq!(data(&events), ["a"]);
    }

    #[test]
    fn b6_1_an_event_may_be_an_error_by_its_name() {
        let events = decode(&[b"event:error\ndata: a\n\nevent: errors\ndata: b\n\n"]);
        assert!(events[0].is_error() && !events[1].is_error());
    }

    #[test]
    fn b9_1_a_json_text_in_place_of_a_stream_is_one_event() {
        for body in ["{\"a\":\n\n1}", "\n\r\n {\"a\":\n\n1}\n", "\u{feff}[1]\n\n", "[1]"] {
            for cut in 0..=body.len() {
                let (head, tail) = body.as_bytes().split_at(cut);
                let events = decode(&[head, tail]);
                assert_eq!(events.len(), 1, "{body} {cut}");
                assert!(events[0].is_body() && events[0].raw == body.as_bytes());
                let text = body.trim_start_matches(['\u{feff}', ' ', '\r', '\n']);
                assert_eq!(events[0].data(), Some(text.as_bytes()));
            }
        }
        check_every_cut(b"\n\n\r\ndata: {\n\n", &["{"]);
    }

    #[test]
    fn b1_5_an_event_without_its_blank_line_is_open() {
        for (bytes, open) in [
            (&b"data: a"[..], true),
            (b"data: a\n", true),
            (b"data: a\r\n", true),
            (b"data: a\n\n", false),
            (b"data: a\r\n\r\n", false),
            (b"data: a\r\r", false),
        ] {
            assert_eq!(decode(&[bytes])[0].is_open(), open, "{bytes:?}");
        }
    }

    #[test]
    fn a_frame_of_comments_has_no_data() {
        let events = decode(&[b": keep-alive\n\ndata:\n\n"]);
        assert_eq!(events[0].data(), None);
        assert_eq!(events[1].data(), Some(&b""[..]));
    }

    #[test]
    fn an_event_in_one_chunk_is_not_copied() {
        let chunk = Bytes::from_static(b"data: a\n\ndata: b\n\n");
        let mut decoder = Decoder::new(MAX);
        decoder.feed(chunk.clone());
        for event in decoder.by_ref().map(Result::unwrap) {
            assert!(chunk.as_ptr_range().contains(&event.raw.as_ptr()));
        }
    }

    #[test]
    fn a_cr_at_the_end_of_a_chunk_does_not_delay_its_event() {
        let mut decoder = Decoder::new(MAX);
        decoder.feed(Bytes::from_static(b"data: a\r\n\r"));
        assert!(decoder.next().is_some());
    }

    #[test]
    fn chunks_may_be_fed_before_the_events_are_taken() {
        let mut decoder = Decoder::new(MAX);
        decoder.feed(Bytes::from_static(b"data: a\n\ndata"));
        decoder.feed(Bytes::from_static(b": b\n\n"));
        let events: Vec<Event> = decoder.by_ref().map(Result::unwrap).collect();
        assert_eq!(data(&events), ["a", "b"]);
    }

    #[test]
    fn an_event_over_the_limit_is_an_error_and_the_last_word() {
        for chunks in [
            &[&b"data: 0123456789\n\n"[..]][..],
            &[b"data: 01234", b"56789", b"\n\n"],
        ] {
            let mut decoder = Decoder::new(12);
            let mut seen = Vec::new();
            for chunk in chunks {
                decoder.feed(Bytes::from_static(chunk));
                seen.extend(decoder.by_ref());
            }
            assert_eq!(seen, [Err(SseError::TooLong { max: 12 })]);
            assert_eq!(decoder.finish(), None);
        }
    }

    #[test]
    fn encode_writes_name_data_and_blank_line() {
        let mut out = BytesMut::new();
        encode(&mut out, "ping", &serde_json::json!({"type": "ping", "text": "a\nb"})).unwrap();
        assert_eq!(
            &out[..],
            b"event: ping\ndata: {\"text\":\"a\\nb\",\"type\":\"ping\"}\n\n"
        );
    }
}
