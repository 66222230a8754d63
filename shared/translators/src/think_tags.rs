//! Takes `<think>…</think>` at the start of an answer's text apart (§4.1, `think_tags=parse`), piece by piece.
//!
//! Only there: any other `<think>` is text. Works on escaped text and cuts it between characters.

use std::mem;

use crate::json::{EscapedText, Unit};

const OPENING: &[u8] = b"<think>";
const CLOSING: &[u8] = b"</think>";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Thinking,
    Text,
}

#[derive(Debug, Default)]
pub struct TagSplitter {
    state: State,
    /// How much of the expected tag is matched.
    matched: usize,
    /// What may still turn out to be a tag, or the white space before it.
    held: String,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    BeforeTag,
    Thinking,
    AfterTag,
    Text,
}

/// Escaped pieces in order; neighbours of one kind are one piece.
pub type Parts = Vec<(Part, String)>;

impl TagSplitter {
    pub fn split(&mut self, text: EscapedText<'_>) -> Parts {
        let mut parts = Parts::new();
        let mut start = 0;
        for unit in text.units() {
            if self.state == State::Text {
                break;
            }
            self.step(unit, &text.escaped()[start..unit.end], &mut parts);
            start = unit.end;
        }
        append(&mut parts, Part::Text, &text.escaped()[start..]);
        parts
    }

    /// What is held back, when something else than text follows: no tag goes on behind it.
    pub fn flush(&mut self) -> Parts {
        let mut parts = Parts::new();
        let part = if self.state == State::Thinking {
            Part::Thinking
        } else {
            Part::Text
        };
        if self.state == State::BeforeTag && !self.held.is_empty() {
            self.state = State::Text;
        }
        self.matched = 0;
        append(&mut parts, part, &mem::take(&mut self.held));
        parts
    }

    fn step(&mut self, unit: Unit, raw: &str, parts: &mut Parts) {
        match self.state {
            State::BeforeTag => self.before_tag(unit.byte, raw, parts),
            State::Thinking => self.thinking(unit.byte, raw, parts),
            State::AfterTag if unit.byte == b'\n' => {}
            State::AfterTag | State::Text => {
                self.state = State::Text;
                append(parts, Part::Text, raw);
            }
        }
    }

    fn before_tag(&mut self, byte: u8, raw: &str, parts: &mut Parts) {
        self.held.push_str(raw);
        if self.matches(OPENING, byte, State::Thinking) || (self.matched == 0 && byte.is_ascii_whitespace()) {
            return;
        }
        self.state = State::Text;
        append(parts, Part::Text, &mem::take(&mut self.held));
    }

    fn thinking(&mut self, byte: u8, raw: &str, parts: &mut Parts) {
        if self.matched > 0 && byte != CLOSING[self.matched] {
            self.matched = 0;
            append(parts, Part::Thinking, &mem::take(&mut self.held));
        }
        if byte == CLOSING[self.matched] {
            self.held.push_str(raw);
            self.matches(CLOSING, byte, State::AfterTag);
        } else {
            append(parts, Part::Thinking, raw);
        }
    }

    /// Whether `byte` continues the tag; if it ends the tag, what was held goes and `next` begins.
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

fn append(parts: &mut Parts, part: Part, escaped: &str) {
    match parts.last_mut() {
        _ if escaped.is_empty() => {}
        Some((last, text)) if *last == part => text.push_str(escaped),
        _ => parts.push((part, escaped.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What all ways to cut `text` in two agree on: thinking, text.
    fn split(text: &str) -> (String, String) {
        let results: Vec<(String, String)> = EscapedText::from_escaped(text)
            .units()
            .map(|unit| {
                let (head, tail) = EscapedText::from_escaped(text).split_at(unit.end);
                let mut splitter = TagSplitter::default();
                let parts = [splitter.split(head), splitter.split(tail), splitter.flush()].concat();
                let of = |kind| {
                    parts
                        .iter()
                        .filter(|(part, _)| *part == kind)
                        .map(|(_, text)| text.as_str())
                        .collect()
                };
                (of(Part::Thinking), of(Part::Text))
            })
            .collect();
        assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:?}");
        results[0].clone()
    }

    #[track_caller]
    fn check(text: &str, thinking: &str, answer: &str) {
        assert_eq!(split(text), (thinking.to_owned(), answer.to_owned()));
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
}
