//! Events that differ from an earlier one in a single text: most of a stream. What was found in that one holds for them
//! too, so they are compared and not parsed. Pure.

use std::str;

use super::scan::{ChunkInfo, Kind};

/// The last event that was parsed, around one of its texts.
#[derive(Debug, Default)]
pub(crate) struct Likeness(Option<Pattern>);

#[derive(Debug)]
struct Pattern {
    /// Up to the text, its quote included.
    before: Vec<u8>,
    /// From the text's closing quote on.
    behind: Vec<u8>,
    /// Without what the text itself says.
    finding: ChunkInfo,
}

impl Likeness {
    /// What `json` is: as the event that it is like, else as it is found to be.
    pub(crate) fn find(&mut self, json: &[u8]) -> ChunkInfo {
        if let Some(finding) = self.0.as_ref().and_then(|pattern| pattern.matched(json)) {
            return finding;
        }
        let finding = ChunkInfo::of(json);
        self.0 = Pattern::of(json, finding);
        finding
    }
}

impl Pattern {
    /// The pattern of an event that says something. Nothing but the length of a text depends on what the text is.
    fn of(json: &[u8], finding: ChunkInfo) -> Option<Self> {
        let text = finding.text?.range();
        let is_named_behind = finding.model.is_some_and(|model| model.range().start > text.start);
        if finding.kind != Kind::Answer || is_named_behind {
            return None;
        }
        let finding = ChunkInfo {
            said: finding.said - text.len(),
            text: None,
            ..finding
        };
        Some(Self {
            before: json[..text.start].to_vec(),
            behind: json[text.end..].to_vec(),
            finding,
        })
    }

    fn matched(&self, json: &[u8]) -> Option<ChunkInfo> {
        let text = json
            .strip_prefix(self.before.as_slice())?
            .strip_suffix(self.behind.as_slice())?;
        is_plain(text).then(|| ChunkInfo {
            said: self.finding.said + text.len(),
            ..self.finding
        })
    }
}

/// Whether the bytes are a text of JSON as they are (RFC 8259 §7): without an escape, which would have to be judged.
fn is_plain(text: &[u8]) -> bool {
    let stands_for_itself = |byte: &u8| *byte >= b' ' && *byte != b'"' && *byte != b'\\';
    text.iter().all(stands_for_itself) && str::from_utf8(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event around a text, as chat backends write it.
    fn chunk(text: &str) -> String {
        format!(
            r#"{{"id":"x","model":"m","choices":[{{"index":0,"delta":{{"content":"{text}"}},"finish_reason":null}}],"usage":null}}"#
        )
    }

    fn message(text: &str) -> String {
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#)
    }

    fn is_remembered(likeness: &Likeness, json: impl AsRef<[u8]>) -> bool {
        likeness
            .0
            .as_ref()
            .is_some_and(|pattern| pattern.matched(json.as_ref()).is_some())
    }

    #[test]
    fn an_event_like_another_is_what_it_would_be_alone() {
        for event in [chunk, message] {
            let mut likeness = Likeness::default();
            likeness.find(event("first").as_bytes());
            for text in ["", "second", "größer", "{[,:]}"] {
                let json = event(text);
                assert!(is_remembered(&likeness, &json), "{json}");
                let expected = ChunkInfo {
                    text: None,
                    ..ChunkInfo::of(json.as_bytes())
                };
                assert_eq!(likeness.find(json.as_bytes()), expected, "{json}");
            }
        }
    }

    #[test]
    fn p50_what_only_begins_and_ends_alike_is_judged_by_itself() {
        let mut likeness = Likeness::default();
        likeness.find(chunk("first").as_bytes());
        for text in [r#"a","x":"b"#, r#"a"b"#, r"\", r"\u12", "\n"] {
            let json = chunk(text);
            assert!(!is_remembered(&likeness, &json), "{json}");
            assert_eq!(
                Likeness::default().find(json.as_bytes()),
                ChunkInfo::of(json.as_bytes())
            );
        }
        assert!(!is_remembered(&likeness, [chunk("a").as_bytes(), b"\xff"].concat()));
        let mut not_utf8 = chunk("@").into_bytes();
        let place = not_utf8.iter().position(|byte| *byte == b'@').unwrap();
        not_utf8[place] = 0xff;
        assert!(!is_remembered(&likeness, &not_utf8));
    }

    #[test]
    fn what_tells_something_besides_its_text_is_no_pattern() {
        for json in [
            r#"{"error":{"message":"full"},"choices":["a"]}"#,
            r#"{"choices":["a"],"model":"m"}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1}}"#,
            r#"{"type":"message_stop"}"#,
            "{",
        ] {
            let mut likeness = Likeness::default();
            likeness.find(json.as_bytes());
            assert!(likeness.0.is_none(), "{json}");
        }
    }
}
