//! Event streams as the HTML standard reads them, and strictly as our clients may rely on.

use crate::json::Json;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SseEvent {
    pub(crate) name: Option<String>,
    pub(crate) data: String,
}

impl SseEvent {
    pub(crate) fn json(&self) -> Option<Json> {
        Json::parse(&self.data).ok()
    }
}

/// All events of `bytes`, with a last one that lacks its blank line, and true if that is so.
pub(crate) fn lenient(bytes: &[u8]) -> (Vec<SseEvent>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(&text)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    let mut events = Vec::new();
    let (mut name, mut data): (Option<String>, Option<String>) = (None, None);
    for line in text.split('\n') {
        if line.is_empty() {
            events.extend(data.take().map(|data| SseEvent {
                name: name.take(),
                data,
            }));
            name = None;
            continue;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match (field, &mut data) {
            ("event", _) => name = Some(value.to_owned()),
            ("data", Some(data)) => *data = format!("{data}\n{value}"),
            ("data", None) => data = Some(value.to_owned()),
            _ => {}
        }
    }
    let open = data.is_some() || !text.is_empty() && !text.ends_with("\n\n");
    events.extend(data.map(|data| SseEvent { name, data }));
    (events, open)
}

/// Events that all have data and end with a blank line.
pub(super) fn strict(text: &str) -> Result<Vec<SseEvent>, String> {
    let (events, open) = lenient(text.as_bytes());
    if open {
        Err("the last event has no blank line behind it".to_owned())
    } else {
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_comment_and_field_is_read() {
        for text in [
            "event: a\ndata: x\ndata:y\n\n",
            "\u{feff}event:a\r\n: z\r\ndata: x\r\nid: 1\r\ndata: y\r\n\r\n",
            "event: a\rdata: x\rdata: y\r\r",
        ] {
            let (events, open) = lenient(text.as_bytes());
            assert_eq!(
                events,
                [SseEvent {
                    name: Some("a".to_owned()),
                    data: "x\ny".to_owned()
                }]
            );
            assert!(!open);
        }
        assert_eq!(
            lenient(b"data: x"),
            (
                vec![SseEvent {
                    name: None,
                    data: "x".to_owned()
                }],
                true
            )
        );
    }
}
