//! Takes `<think>…</think>` at the start of a response's text apart (§4.1, `think_tags=parse`), piece by piece.
//!
//! Only there: any other `<think>` is text. Works on escaped text and cuts it between characters.

use std::mem;

use crate::json::{EscapedText, Unit};
use crate::settings::ThinkTags;

const OPENING: &[u8] = b"<think>";
const CLOSING: &[u8] = b"</think>";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    Thinking,
    Text,
}

#[derive(Debug, Default)]
pub struct TagSplitter {
    state: State,
    /// The number of matched bytes of the expected tag.
    matched: usize,
    /// Text that may still turn out to be a tag, the white space before it, or thinking that began without one.
    held: String,
    /// A response may begin inside of the tag, where the prompt has opened it (B10.6).
    may_begin_inside: bool,
    /// Where in `held` a closing tag begins.
    tag_start: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    BeforeTag,
    /// Without an opening tag: thinking if a closing one comes, else text.
    Undecided,
    Thinking,
    AfterTag,
    Text,
}

/// Escaped pieces in order; neighbours of one kind are one piece.
pub type Segments = Vec<(SegmentKind, String)>;

impl TagSplitter {
    /// The splitter that a backend with this setting needs.
    pub fn new(setting: ThinkTags) -> Option<Self> {
        let may_begin_inside = match setting {
            ThinkTags::Keep => return None,
            ThinkTags::ParseOpened => false,
            ThinkTags::Parse => true,
        };
        Some(Self {
            may_begin_inside,
            ..Self::default()
        })
    }

    /// The thinking came in a member of its own: the text has none.
    pub fn expect_text(&mut self) -> Segments {
        self.may_begin_inside = false;
        if self.state == State::Undecided {
            self.flush()
        } else {
            Segments::new()
        }
    }

    pub fn split(&mut self, text: EscapedText<'_>) -> Segments {
        let mut segments = Segments::new();
        let mut start = 0;
        for unit in text.units() {
            if self.state == State::Text {
                break;
            }
            self.step(unit, &text.escaped()[start..unit.end], &mut segments);
            start = unit.end;
        }
        append(&mut segments, SegmentKind::Text, &text.escaped()[start..]);
        segments
    }

    /// The held text, when something else than text follows: no tag goes on behind it.
    pub fn flush(&mut self) -> Segments {
        let mut segments = Segments::new();
        let kind = if self.state == State::Thinking {
            SegmentKind::Thinking
        } else {
            SegmentKind::Text
        };
        if matches!(self.state, State::BeforeTag | State::Undecided) && !self.held.is_empty() {
            self.state = State::Text;
        }
        self.matched = 0;
        append(&mut segments, kind, &mem::take(&mut self.held));
        segments
    }

    fn step(&mut self, unit: Unit, raw: &str, segments: &mut Segments) {
        match self.state {
            State::BeforeTag => self.before_tag(unit.byte, raw, segments),
            State::Undecided => self.undecided(unit.byte, raw, segments),
            State::Thinking => self.thinking(unit.byte, raw, segments),
            State::AfterTag if unit.byte == b'\n' => {}
            State::AfterTag | State::Text => {
                self.state = State::Text;
                append(segments, SegmentKind::Text, raw);
            }
        }
    }

    fn before_tag(&mut self, byte: u8, raw: &str, segments: &mut Segments) {
        self.held.push_str(raw);
        if self.matches(OPENING, byte, State::Thinking) || (self.matched == 0 && byte.is_ascii_whitespace()) {
            return;
        }
        if self.may_begin_inside {
            self.begin_inside(segments);
            return;
        }
        self.state = State::Text;
        append(segments, SegmentKind::Text, &mem::take(&mut self.held));
    }

    /// The text does not begin with a tag: it may be thinking all the same, and what is held may begin the closing tag.
    fn begin_inside(&mut self, segments: &mut Segments) {
        self.state = State::Undecided;
        self.matched = 0;
        let held = mem::take(&mut self.held);
        let mut start = 0;
        for unit in EscapedText::from_escaped(&held).units() {
            self.undecided(unit.byte, &held[start..unit.end], segments);
            start = unit.end;
        }
    }

    fn undecided(&mut self, byte: u8, raw: &str, segments: &mut Segments) {
        if byte != CLOSING[self.matched] {
            self.matched = 0;
        }
        if byte == CLOSING[self.matched] {
            if self.matched == 0 {
                self.tag_start = self.held.len();
            }
            self.matched += 1;
        }
        self.held.push_str(raw);
        if self.matched == CLOSING.len() {
            self.matched = 0;
            self.held.truncate(self.tag_start);
            append(segments, SegmentKind::Thinking, &mem::take(&mut self.held));
            self.state = State::AfterTag;
        }
    }

    fn thinking(&mut self, byte: u8, raw: &str, segments: &mut Segments) {
        if self.matched > 0 && byte != CLOSING[self.matched] {
            self.matched = 0;
            append(segments, SegmentKind::Thinking, &mem::take(&mut self.held));
        }
        if byte == CLOSING[self.matched] {
            self.held.push_str(raw);
            self.matches(CLOSING, byte, State::AfterTag);
        } else {
            append(segments, SegmentKind::Thinking, raw);
        }
    }

    /// True if `byte` continues the tag. If it ends the tag, the held text is dropped and `next` begins.
    fn matches(&mut self, tag: &[u8], byte: u8, next: State) -> bool {
        if byte != tag[self.matched] {
            return false;
        }
        self.matched += 1;
        if self.matched == tag.len() {
            self.matched = 0;
            self.held.clear();
            self.state = next;
        }
        true
    }
}

fn append(segments: &mut Segments, kind: SegmentKind, escaped: &str) {
    match segments.last_mut() {
        _ if escaped.is_empty() => {}
        Some((last, text)) if *last == kind => text.push_str(escaped),
        _ => segments.push((kind, escaped.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thinking and the text on which all ways to cut `text` in two agree.
    fn split(text: &str) -> (String, String) {
        let results: Vec<(String, String)> = EscapedText::from_escaped(text)
            .units()
            .map(|unit| {
                let (head, tail) = EscapedText::from_escaped(text).split_at(unit.end);
                let mut splitter = TagSplitter::default();
                let segments = [splitter.split(head), splitter.split(tail), splitter.flush()].concat();
                let of = |wanted| {
                    segments
                        .iter()
                        .filter(|(kind, _)| *kind == wanted)
                        .map(|(_, text)| text.as_str())
                        .collect()
                };
                (of(SegmentKind::Thinking), of(SegmentKind::Text))
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
        results[0].clone()
    }

    #[track_caller]
    fn check(text: &str, thinking: &str, text_after: &str) {
        assert_eq!(split(text), (thinking.to_owned(), text_after.to_owned()));
    }

    #[test]
    fn s4_1_think_tags_at_the_start_are_thinking() {
        check("<think>hm</think>\\n\\nyes\\n", "hm", "yes\\n");
        check(" \\n<think>hm\\n</think>yes", "hm\\n", "yes");
        check("\\u003cthink>hé</thin</think>😀", "hé</thin", "😀");
        check("<think>a<</think>b", "a<", "b");
    }

    #[test]
    fn s4_1_other_think_tags_are_text() {
        check("so <think>hm</think>", "", "so <think>hm</think>");
        check("<thin", "", "<thin");
        check("<think>a</think>b<think>c</think>", "a", "b<think>c</think>");
        check(" \\n ", "", " \\n ");
    }

    #[test]
    fn s4_1_an_open_think_tag_is_all_thinking() {
        check("<think>hm</th", "hm</th", "");
    }

    #[test]
    fn b10_6_a_response_may_begin_inside_of_the_tag() {
        let split = |text: &str| -> Vec<(String, String)> {
            let units = EscapedText::from_escaped(text).units();
            let all = units.map(|unit| {
                let (head, tail) = EscapedText::from_escaped(text).split_at(unit.end);
                let mut splitter = TagSplitter::new(ThinkTags::Parse).unwrap();
                let segments = [splitter.split(head), splitter.split(tail), splitter.flush()].concat();
                let of = |wanted| {
                    let texts = segments.iter().filter(|(kind, _)| *kind == wanted);
                    texts.map(|(_, text)| text.as_str()).collect::<String>()
                };
                (of(SegmentKind::Thinking), of(SegmentKind::Text))
            });
            all.collect()
        };
        for (text, thinking, after) in [
            ("Let me see.</think>\\n\\n4", "Let me see.", "4"),
            ("a < b </th</think>x</think>y", "a < b </th", "x</think>y"),
            ("</think>4", "", "4"),
            ("<think>hm</think>4", "hm", "4"),
            ("no tag at all", "", "no tag at all"),
            ("cut </thi", "", "cut </thi"),
        ] {
            let expected = (thinking.to_owned(), after.to_owned());
            assert!(
                split(text).iter().all(|parts| *parts == expected),
                "{text}: {:?}",
                split(text)
            );
        }
    }

    #[test]
    fn b10_6_where_thinking_has_a_member_of_its_own_the_text_does_not_wait() {
        let mut splitter = TagSplitter::new(ThinkTags::Parse).unwrap();
        assert!(splitter.split(EscapedText::from_escaped("a")).is_empty());
        assert_eq!(splitter.expect_text(), [(SegmentKind::Text, "a".to_owned())]);
        assert_eq!(
            splitter.split(EscapedText::from_escaped("b")),
            [(SegmentKind::Text, "b".to_owned())]
        );
    }
}
