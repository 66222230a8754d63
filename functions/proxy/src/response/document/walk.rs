//! A walk over the top level of a JSON object that comes in pieces, cut anywhere. It knows one byte after the other,
//! and keeps nothing but the few members that the gateway needs: the length of the rest does not matter.

use std::mem;

use bytes::Bytes;
use memchr::memchr2;

/// More bytes than a member has that is kept.
const MAX_KEPT: usize = 64 * 1024;
/// The longest name of a member that is looked for.
const MAX_KEY: usize = 16;

/// The walk, and what it has found.
#[derive(Debug)]
pub(super) struct Walk {
    /// The client's name of the model, as a JSON string.
    model_name: Bytes,
    /// The list without which the object is no answer.
    answer: &'static str,
    place: Place,
    is_string: bool,
    is_escaped: bool,
    /// Lists and objects that are open within the member's value.
    depth: usize,
    key: Vec<u8>,
    member: Member,
    value: Vec<u8>,
    pub(super) found: Found,
}

/// The members that were looked for.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) has_answer: bool,
    pub(super) error: Vec<u8>,
    pub(super) usage: Vec<u8>,
    pub(super) meta: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Before,
    /// Within the object, outside of its members.
    Between,
    Key,
    BehindKey,
    BeforeValue,
    Value,
    Behind,
    /// Somewhere that is no JSON object.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    Model,
    Answer,
    Error,
    Usage,
    Meta,
    Other,
}

/// What a byte means for the model's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Elsewhere,
    NameBegins,
    NameEnds,
}

impl Walk {
    pub(super) fn new(model_name: Bytes, answer: &'static str) -> Self {
        Self {
            model_name,
            answer,
            place: Place::Before,
            is_string: false,
            is_escaped: false,
            depth: 0,
            key: Vec::with_capacity(MAX_KEY),
            member: Member::Other,
            value: Vec::new(),
            found: Found::default(),
        }
    }

    /// True once the object has ended.
    pub(super) fn is_complete(&self) -> bool {
        self.place == Place::Behind
    }

    /// True if this is no JSON object.
    pub(super) fn is_lost(&self) -> bool {
        self.place == Place::Lost
    }

    /// Takes the next piece; adds what of it goes to the client to `frames`: slices of it, and the client's name of the
    /// model in the place of the backend's.
    pub(super) fn feed(&mut self, piece: &Bytes, frames: &mut Vec<Bytes>) {
        let (mut from, mut at) = (0, 0);
        while at < piece.len() {
            let run = self.run(&piece[at..]);
            if run > 0 {
                self.keep(&piece[at..at + run]);
                at += run;
                continue;
            }
            match self.step(piece[at]) {
                Step::Elsewhere => {}
                Step::NameBegins => frames.push(piece.slice(from..at)),
                Step::NameEnds => {
                    frames.push(self.model_name.clone());
                    from = at + 1;
                }
            }
            at += 1;
        }
        if !self.is_in_name() {
            frames.push(piece.slice(from..));
        }
    }

    /// Bytes at the beginning of `bytes` within which nothing begins or ends.
    fn run(&self, bytes: &[u8]) -> usize {
        let end = match self.place {
            Place::Lost => None,
            Place::Key | Place::Value if self.is_escaped => Some(0),
            Place::Value if self.is_string => memchr2(b'"', b'\\', bytes),
            Place::Value if self.depth > 0 => bytes
                .iter()
                .position(|byte| matches!(byte, b'"' | b'[' | b']' | b'{' | b'}')),
            _ => Some(0),
        };
        end.unwrap_or(bytes.len())
    }

    fn step(&mut self, byte: u8) -> Step {
        let is_space = byte.is_ascii_whitespace();
        match (self.place, byte) {
            // A byte order mark is three bytes.
            (Place::Before, 0xEF | 0xBB | 0xBF) => {}
            (Place::Before | Place::Between | Place::BehindKey | Place::BeforeValue | Place::Behind, _) if is_space => {
            }
            (Place::Before, b'{') | (Place::Between, b',') => self.place = Place::Between,
            (Place::Between, b'"') => {
                self.key.clear();
                self.place = Place::Key;
            }
            (Place::Between, b'}') => self.place = Place::Behind,
            (Place::Key, _) => self.step_in_key(byte),
            (Place::BehindKey, b':') => self.place = Place::BeforeValue,
            (Place::BeforeValue, _) => return self.begin_value(byte),
            (Place::Value, _) => return self.step_in_value(byte),
            _ => self.place = Place::Lost,
        }
        Step::Elsewhere
    }

    fn step_in_key(&mut self, byte: u8) {
        match byte {
            b'"' if !self.is_escaped => {
                self.member = self.member();
                self.place = Place::BehindKey;
            }
            _ => {
                self.is_escaped = byte == b'\\' && !self.is_escaped;
                // One byte more than is looked for makes it another name.
                if self.key.len() <= MAX_KEY {
                    self.key.push(byte);
                }
            }
        }
    }

    fn member(&self) -> Member {
        match self.key.as_slice() {
            b"model" => Member::Model,
            b"error" => Member::Error,
            b"usage" => Member::Usage,
            b"meta" => Member::Meta,
            key if key == self.answer.as_bytes() => Member::Answer,
            _ => Member::Other,
        }
    }

    fn begin_value(&mut self, byte: u8) -> Step {
        if matches!(byte, b',' | b':' | b']' | b'}') {
            self.place = Place::Lost;
            return Step::Elsewhere;
        }
        self.place = Place::Value;
        self.value.clear();
        self.keep(&[byte]);
        self.is_string = byte == b'"';
        self.depth = usize::from(matches!(byte, b'[' | b'{'));
        self.found.has_answer |= self.member == Member::Answer && byte == b'[';
        if self.is_in_name() {
            Step::NameBegins
        } else {
            Step::Elsewhere
        }
    }

    fn step_in_value(&mut self, byte: u8) -> Step {
        if self.is_string {
            return self.step_in_string(byte);
        }
        match byte {
            // Behind a number or a word.
            b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t' if self.depth == 0 => {
                self.end_value();
                return self.step(byte);
            }
            _ => self.keep(&[byte]),
        }
        match byte {
            b'"' => self.is_string = true,
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' if self.depth == 0 => self.place = Place::Lost,
            b']' | b'}' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.end_value();
                }
            }
            _ => {}
        }
        Step::Elsewhere
    }

    fn step_in_string(&mut self, byte: u8) -> Step {
        self.keep(&[byte]);
        if byte != b'"' || self.is_escaped {
            self.is_escaped = byte == b'\\' && !self.is_escaped;
            return Step::Elsewhere;
        }
        let ends_name = self.is_in_name();
        self.is_string = false;
        if self.depth == 0 {
            self.end_value();
        }
        if ends_name { Step::NameEnds } else { Step::Elsewhere }
    }

    /// True within the model's name, which does not pass.
    fn is_in_name(&self) -> bool {
        self.place == Place::Value && self.member == Member::Model && self.is_string && self.depth == 0
    }

    fn keep(&mut self, bytes: &[u8]) {
        let is_kept = matches!(self.member, Member::Error | Member::Usage | Member::Meta);
        if self.place == Place::Value && is_kept && self.value.len() <= MAX_KEPT {
            self.value.extend_from_slice(bytes);
        }
    }

    fn end_value(&mut self) {
        self.place = Place::Between;
        let value = mem::take(&mut self.value);
        if value.len() > MAX_KEPT {
            return;
        }
        match self.member {
            Member::Error => self.found.error = value,
            Member::Usage => self.found.usage = value,
            Member::Meta => self.found.meta = value,
            Member::Model | Member::Answer | Member::Other => {}
        }
    }
}
