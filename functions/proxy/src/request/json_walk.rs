//! One walk over a JSON text that is known to be well-formed: its nesting, its duplicates, and the bytes of it that a
//! model reads. It neither recurses nor decodes, so half of a surrogate pair passes (translation.md P5).

use std::borrow::Cow;

use memchr::memchr2;

/// The deepest nesting, the body's own object included (promise 27).
const MAX_DEPTH: usize = 127;
/// Objects with more members are sorted to find duplicates; up to here comparing each with each is faster.
const FEW_MEMBERS: usize = 24;

/// Bytes that an image counts for, some 1600 tokens, however long its base64 is.
const BYTES_PER_IMAGE: usize = 6400;
/// Bytes of base64 of other media that count as one byte of text: a page of a PDF has some thousand tokens.
const BASE64_PER_BYTE: usize = 5;
/// Nesting from which a chat message's keys and numbers are arguments of a call rather than the message's form.
const ARGUMENTS_DEPTH: usize = 6;

/// The part of a request that a value is, for the estimate of the prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Turns of a conversation: text, and media in their places.
    Conversation,
    /// Tools, schemas, and whatever else a backend may read. All of it is text.
    Text,
    /// Names and switches that no model reads.
    Unread,
}

/// What a walk has found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Walked {
    /// Bytes that a model reads.
    pub(super) text_bytes: usize,
    /// The items of a list.
    pub(super) items: usize,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    TooDeep,
    /// The name of a member that stands twice in one object.
    Duplicate(String),
}

/// Walks over the value of a top-level member.
pub(super) fn walk(json: &str, role: Role) -> Result<Walked, Fault> {
    // Most values are numbers and flags.
    if matches!(json.as_bytes().first(), Some(b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) {
        return Ok(Walked::default());
    }
    let mut walker = Walker {
        json,
        at: 0,
        role,
        open: Vec::new(),
        keys: Vec::new(),
        expects_key: false,
        found: Walked::default(),
    };
    walker.run()?;
    Ok(walker.found)
}

/// An object or a list that has begun.
struct Open {
    is_object: bool,
    /// The place of its first key in `keys`.
    first_key: usize,
}

struct Walker<'a> {
    json: &'a str,
    at: usize,
    role: Role,
    open: Vec<Open>,
    /// The keys of all open objects.
    keys: Vec<Cow<'a, str>>,
    expects_key: bool,
    found: Walked,
}

impl<'a> Walker<'a> {
    fn run(&mut self) -> Result<(), Fault> {
        while let Some(&byte) = self.json.as_bytes().get(self.at) {
            self.at += 1;
            match byte {
                b'"' => self.string(),
                b'{' => self.begin(true)?,
                b'[' => self.begin(false)?,
                b'}' | b']' => self.end()?,
                b',' => self.expects_key = self.open.last().is_some_and(|open| open.is_object),
                b':' => self.expects_key = false,
                b' ' | b'\n' | b'\r' | b'\t' => {}
                _ => self.primitive(),
            }
        }
        Ok(())
    }

    fn begin(&mut self, is_object: bool) -> Result<(), Fault> {
        self.count_item();
        // The body's own object is outside of `open`.
        if self.open.len() + 1 == MAX_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.open.push(Open {
            is_object,
            first_key: self.keys.len(),
        });
        self.expects_key = is_object;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Fault> {
        if let Some(open) = self.open.pop() {
            if let Some(name) = duplicate(&mut self.keys[open.first_key..]) {
                return Err(Fault::Duplicate(name.to_owned()));
            }
            self.keys.truncate(open.first_key);
        }
        Ok(())
    }

    fn string(&mut self) {
        let (raw, escapes) = self.text();
        if self.expects_key {
            if self.counts_form() {
                self.found.text_bytes += raw.len() - escapes.bytes;
            }
            self.keys
                .push(if escapes.any { decoded(raw) } else { Cow::Borrowed(raw) });
            return;
        }
        self.count_item();
        self.found.text_bytes += match self.role {
            Role::Unread => 0,
            Role::Text => raw.len() - escapes.bytes,
            Role::Conversation => self.media_bytes(raw.len()).unwrap_or(raw.len() - escapes.bytes),
        };
    }

    /// The string that has begun, without its quotes.
    fn text(&mut self) -> (&'a str, Escapes) {
        let (start, bytes) = (self.at, self.json.as_bytes());
        let mut escapes = Escapes::default();
        while let Some(found) = bytes.get(self.at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
            self.at += found;
            if bytes[self.at] == b'"' {
                break;
            }
            // `\u` and four digits are at most three bytes of text, the other escapes one.
            let (length, text) = if bytes.get(self.at + 1) == Some(&b'u') {
                (6, 3)
            } else {
                (2, 1)
            };
            escapes.any = true;
            escapes.bytes += length - text;
            self.at += length;
        }
        let end = self.at.min(bytes.len());
        self.at = end + 1;
        (self.json.get(start..end).unwrap_or_default(), escapes)
    }

    /// A number, `true`, `false` or `null`, whose first byte is behind.
    fn primitive(&mut self) {
        self.count_item();
        let rest = &self.json.as_bytes()[self.at..];
        let is_end = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t');
        let length = rest.iter().position(is_end).unwrap_or(rest.len());
        self.at += length;
        if self.counts_form() {
            self.found.text_bytes += length + 1;
        }
    }

    fn count_item(&mut self) {
        if self.open.len() == 1 {
            self.found.items += 1;
        }
    }

    /// True where keys and numbers reach the model too.
    fn counts_form(&self) -> bool {
        match self.role {
            Role::Unread => false,
            Role::Text => !self.open.is_empty(),
            Role::Conversation => self.open.len() >= ARGUMENTS_DEPTH,
        }
    }

    /// Bytes that a string of `length` bytes counts for if it is where a chat message has media:
    /// `messages[].content[].image_url.url` and the like. Elsewhere text may look as it likes.
    fn media_bytes(&self, length: usize) -> Option<usize> {
        if !(4..=5).contains(&self.open.len()) || self.key(1) != Some("content") {
            return None;
        }
        let part = self.key(3)?;
        let is_in_place = matches!(
            (part, self.key(4)),
            ("image_url" | "video_url" | "audio_url", None | Some("url"))
                | ("input_audio", Some("data"))
                | ("file", Some("file_data"))
        );
        let bytes = if part == "image_url" {
            0
        } else {
            length / BASE64_PER_BYTE
        };
        is_in_place.then(|| bytes.max(BYTES_PER_IMAGE))
    }

    /// The key under which the walk is within the object at `depth`.
    fn key(&self, depth: usize) -> Option<&str> {
        let open = self.open.get(depth).filter(|open| open.is_object)?;
        let end = self.open.get(depth + 1).map_or(self.keys.len(), |next| next.first_key);
        self.keys.get(open.first_key..end)?.last().map(AsRef::as_ref)
    }
}

#[derive(Clone, Copy, Default)]
struct Escapes {
    any: bool,
    /// Bytes that the text is shorter than its escapes.
    bytes: usize,
}

/// A key without its escapes, so that it is known however it is written.
fn decoded(raw: &str) -> Cow<'_, str> {
    serde_json::from_str(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// A key that occurs twice. May sort the keys.
fn duplicate<'k>(keys: &'k mut [Cow<'_, str>]) -> Option<&'k str> {
    if keys.len() <= FEW_MEMBERS {
        let twice = |(place, key): &(usize, &Cow<'_, str>)| keys[..*place].contains(key);
        return keys.iter().enumerate().find(twice).map(|(_, key)| key.as_ref());
    }
    keys.sort_unstable();
    let pair = keys.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(pair[0].as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str, role: Role) -> usize {
        walk(json, role).unwrap().text_bytes
    }

    #[test]
    fn ha10_duplicates_are_found_at_every_depth_however_they_are_written() {
        let many: Vec<_> = (0..30).map(|number| format!("\"k{number}\":0")).collect();
        let many = many.join(",");
        for (json, name) in [
            (r#"[{"role":"user","role":"system"}]"#.to_owned(), "role"),
            (r#"[{"content":[{"text":"a","te\u0078t":"b"}]}]"#.to_owned(), "text"),
            (r#"{"a":{"b":[1,{"c":1},{"c":1,"d":{},"c":2}]}}"#.to_owned(), "c"),
            (format!("{{{many},\"k7\":1}}"), "k7"),
        ] {
            assert_eq!(
                walk(&json, Role::Text),
                Err(Fault::Duplicate(name.to_owned())),
                "{json}"
            );
        }
        assert!(walk(r#"[{"a":1},{"a":"a"},{"b":{"a":{"a":{}}}}]"#, Role::Text).is_ok());
        assert!(walk(&format!("{{{many},\"k\":1}}"), Role::Text).is_ok());
    }

    #[test]
    fn ha10_nesting_ends_and_items_are_counted() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(walk(&nested(126), Role::Text).is_ok());
        assert_eq!(walk(&nested(127), Role::Text), Err(Fault::TooDeep));
        assert_eq!(walk(&nested(1_000_000), Role::Text), Err(Fault::TooDeep));
        for (json, items) in [("[]", 0), (r#"["a,b"]"#, 1), (r#"[ 1 , [2,3],{"a":[4]} ]"#, 3)] {
            assert_eq!(walk(json, Role::Text).unwrap().items, items, "{json}");
        }
    }

    #[test]
    fn ha12_schemas_count_with_their_names_and_numbers() {
        assert_eq!(
            text(r#"{"ab":[1.5,true, "c\n\u4f60"]}"#, Role::Text),
            2 + 3 + 4 + 1 + 1 + 3
        );
        assert_eq!(text(r#"{"ab":1}"#, Role::Unread), 0);
        let call = r#"[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"key":12345}}}]}]"#;
        assert_eq!(text(call, Role::Conversation), 9 + 1 + 3 + 5);
    }

    #[test]
    fn ha12_only_bytes_inside_media_fields_are_media() {
        let data = format!("data:image/png;base64,{}", "A".repeat(100_000));
        let content = |part: &str| text(&format!(r#"[{{"content":[{part}]}}]"#), Role::Conversation);
        assert_eq!(content(&format!(r#"{{"image_url":{{"url":"{data}"}}}}"#)), 6400);
        assert_eq!(content(&format!(r#"{{"image_url":"{data}"}}"#)), 6400);
        assert_eq!(
            content(&format!(r#"{{"file":{{"file_data":"{data}"}}}}"#)),
            data.len() / 5
        );
        for part in [
            format!("\"{data}\""),
            format!(r#"{{"text":"{data}"}}"#),
            format!(r#"{{"image_url":{{"detail":"{data}"}}}}"#),
            format!(r#"{{"x":[{{"image_url":{{"url":"{data}"}}}}]}}"#),
        ] {
            assert!(content(&part) >= data.len(), "{}", &part[..40]);
        }
        let elsewhere = format!(r#"[{{"name":[{{"image_url":"{data}"}}]}}]"#);
        assert!(text(&elsewhere, Role::Conversation) >= data.len());
        assert!(text(&format!(r#"[{{"image_url":"{data}"}}]"#), Role::Text) >= data.len());
    }

    #[test]
    fn b5_4_half_of_a_surrogate_pair_passes() {
        assert_eq!(text(r#"[{"content":"\ud83d"}]"#, Role::Conversation), 3);
    }
}
