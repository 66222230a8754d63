//! The written text of a response that is to be stored: the object at its end, which says last whether it is stored.

/// The end of an object that is stored. Nothing follows in it, so that it can be taken back.
const STORED: &str = "\"store\":true}";
const NOT_STORED: &str = "\"store\":false}";

/// The object of the event that `events` end with; `None` if the response failed.
pub fn last_object(events: &str) -> Option<&str> {
    let last = events.rfind("\nevent: ").map_or(0, |line_end| line_end + 1);
    let (name, data) = events[last..].strip_prefix("event: ")?.split_once("\ndata: ")?;
    if !matches!(name, "response.completed" | "response.incomplete") {
        return None;
    }
    let (_, response) = data.split_once(",\"response\":")?;
    response.trim_end().strip_suffix('}')
}

/// The same text, an object or events that end with one, which says that it is not stored.
pub fn not_stored(written: &str) -> String {
    match written.rfind(STORED) {
        Some(at) => [&written[..at], NOT_STORED, &written[at + STORED.len()..]].concat(),
        None => written.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"store\":true}}\n\n\
        event: response.completed\ndata: {\"type\":\"response.completed\",\"sequence_number\":1,\"response\":{\"id\":\"a\",\"store\":true}}\n\n";

    #[test]
    fn st4_the_last_object_is_found_and_its_storing_taken_back() {
        assert_eq!(last_object(EVENTS), Some(r#"{"id":"a","store":true}"#));
        let taken_back = not_stored(EVENTS);
        assert_eq!(last_object(&taken_back), Some(r#"{"id":"a","store":false}"#));
        assert!(taken_back.starts_with(&EVENTS[..150]), "nothing else changes");
        assert_eq!(not_stored(r#"{"id":"a","store":true}"#), r#"{"id":"a","store":false}"#);
    }

    #[test]
    fn st4_a_failed_response_is_not_stored() {
        assert_eq!(
            last_object(&EVENTS.replace("response.completed", "response.failed")),
            None
        );
        assert_eq!(last_object(": keep-alive\n\n"), None);
        assert_eq!(last_object(""), None);
    }
}
