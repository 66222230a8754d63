//! Most events of a stream differ from the one before in a single string. Such an event is compared with the last one
//! and not parsed (docs/decisions/0036-an-event-like-the-last-is-compared.md). Pure.

use std::str;

use super::scan::{ChunkInfo, ChunkKind};

/// The last event that was parsed, as a template for those that follow.
#[derive(Debug, Default)]
pub(super) struct LastTemplate(Option<Template>);

/// An event around one of its strings.
#[derive(Debug)]
struct Template {
    /// Up to the string, its opening quote included.
    prefix: Vec<u8>,
    /// From the string's closing quote on.
    suffix: Vec<u8>,
    /// Of the event with an empty string.
    info: ChunkInfo,
}

impl LastTemplate {
    /// Scans an event; parses it only if the template does not match.
    pub(super) fn scan(&mut self, json: &[u8]) -> ChunkInfo {
        if let Some(info) = self.0.as_ref().and_then(|template| template.matched(json)) {
            return info;
        }
        let info = ChunkInfo::of(json);
        self.0 = Template::of(json, info);
        info
    }
}

impl Template {
    /// The template of an event with text; `None` if more than a length depends on what the text is.
    fn of(json: &[u8], info: ChunkInfo) -> Option<Self> {
        let text = info.last_text?.range();
        // The name's place would depend on the text's length.
        let is_named_behind = info.model.is_some_and(|model| model.range().start > text.start);
        if info.kind != ChunkKind::Content || is_named_behind {
            return None;
        }
        Some(Self {
            prefix: json[..text.start].to_vec(),
            suffix: json[text.end..].to_vec(),
            info: ChunkInfo {
                text_bytes: info.text_bytes - text.len(),
                last_text: None,
                ..info
            },
        })
    }

    fn matched(&self, json: &[u8]) -> Option<ChunkInfo> {
        let text = json
            .strip_prefix(self.prefix.as_slice())?
            .strip_suffix(self.suffix.as_slice())?;
        is_plain(text).then(|| ChunkInfo {
            text_bytes: self.info.text_bytes + text.len(),
            ..self.info
        })
    }
}

/// True if the bytes are the content of a JSON string (RFC 8259 §7) without an escape; an escape would have to be
/// validated.
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

    fn is_remembered(template: &LastTemplate, json: impl AsRef<[u8]>) -> bool {
        template
            .0
            .as_ref()
            .is_some_and(|known| known.matched(json.as_ref()).is_some())
    }

    #[test]
    fn an_event_that_matches_is_scanned_as_if_it_were_parsed() {
        for event in [chunk, message] {
            let mut template = LastTemplate::default();
            template.scan(event("first").as_bytes());
            for text in ["", "second", "größer", "{[,:]}"] {
                let json = event(text);
                assert!(is_remembered(&template, &json), "{json}");
                let expected = ChunkInfo {
                    last_text: None,
                    ..ChunkInfo::of(json.as_bytes())
                };
                assert_eq!(template.scan(json.as_bytes()), expected, "{json}");
            }
        }
    }

    #[test]
    fn p50_an_event_with_more_than_another_text_is_parsed() {
        let mut template = LastTemplate::default();
        template.scan(chunk("first").as_bytes());
        for text in [r#"a","x":"b"#, r#"a"b"#, r"\", r"\u12", "\n"] {
            let json = chunk(text);
            assert!(!is_remembered(&template, &json), "{json}");
            assert_eq!(
                LastTemplate::default().scan(json.as_bytes()),
                ChunkInfo::of(json.as_bytes())
            );
        }
        assert!(!is_remembered(&template, [chunk("a").as_bytes(), b"\xff"].concat()));
        let mut not_utf8 = chunk("@").into_bytes();
        let place = not_utf8.iter().position(|byte| *byte == b'@').unwrap();
        not_utf8[place] = 0xff;
        assert!(!is_remembered(&template, &not_utf8));
    }

    #[test]
    fn an_event_that_reports_more_than_text_is_no_template() {
        for json in [
            r#"{"error":{"message":"full"},"choices":["a"]}"#,
            r#"{"choices":["a"],"model":"m"}"#,
            r#"{"choices":[],"usage":{"prompt_tokens":1}}"#,
            r#"{"type":"message_stop"}"#,
            "{",
        ] {
            let mut template = LastTemplate::default();
            template.scan(json.as_bytes());
            assert!(template.0.is_none(), "{json}");
        }
    }
}
