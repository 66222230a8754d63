//! The client's place in a distributed trace (<https://www.w3.org/TR/trace-context/>), passed on to backends as it
//! is: the gateway writes no spans, so an id of its own would be a parent that nobody finds. The log has the trace's
//! id beside the request's.

use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Of a `tracestate`, what every implementation has to pass on.
const MAX_STATE_BYTES: usize = 512;

/// A valid `traceparent`, and the `tracestate` that belongs to it.
#[derive(Clone, Debug)]
pub struct TraceContext {
    parent: HeaderValue,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// The context in `headers`; none without a valid parent.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let parent = only(headers, &TRACEPARENT).filter(|parent| trace_id(parent.as_bytes()).is_some())?;
        let state = only(headers, &TRACESTATE).filter(|state| state.len() <= MAX_STATE_BYTES && state.to_str().is_ok());
        Some(Self {
            parent: parent.clone(),
            state: state.cloned(),
        })
    }

    /// 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        trace_id(self.parent.as_bytes()).unwrap_or_default()
    }

    /// Adds the context to a backend's request.
    pub fn insert_into(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.parent.clone());
        if let Some(state) = &self.state {
            headers.insert(TRACESTATE, state.clone());
        }
    }
}

fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

/// The trace's id of `<version>-<trace id>-<parent id>-<flags>`; later versions may have more behind it.
fn trace_id(parent: &[u8]) -> Option<&str> {
    let (version, rest) = field(parent, 2)?;
    let (trace, rest) = field(rest, 32)?;
    let (span, rest) = field(rest, 16)?;
    let (flags, more) = rest.split_at_checked(2)?;
    let ends_well = more.is_empty() || (version != b"00" && more[0] == b'-');
    let is_valid = is_hex(version) && version != b"ff" && is_id(trace) && is_id(span) && is_hex(flags) && ends_well;
    std::str::from_utf8(trace).ok().filter(|_| is_valid)
}

/// The first `length` bytes, and what follows the dash behind them.
fn field(text: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (field, rest) = text.split_at_checked(length)?;
    Some((field, rest.strip_prefix(b"-")?))
}

fn is_hex(text: &[u8]) -> bool {
    text.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// An id of zeros is none.
fn is_id(text: &[u8]) -> bool {
    is_hex(text) && text.iter().any(|byte| *byte != b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn context(headers: &[(&'static str, &str)]) -> Option<TraceContext> {
        let value = |value: &str| HeaderValue::from_str(value).unwrap();
        let mut map = HeaderMap::new();
        for (name, text) in headers {
            map.append(*name, value(text));
        }
        TraceContext::of(&map)
    }

    #[test]
    fn p38_a_valid_context_is_passed_on_as_it_is() {
        let context = context(&[("traceparent", PARENT), ("tracestate", "vendor=1,other=2")]).unwrap();
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        let mut headers = HeaderMap::new();
        context.insert_into(&mut headers);
        assert_eq!(
            (&headers["traceparent"], &headers["tracestate"]),
            (&PARENT.parse().unwrap(), &"vendor=1,other=2".parse().unwrap())
        );
    }

    #[test]
    fn p38_what_is_no_context_is_passed_on_to_nobody() {
        for parent in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
        ] {
            assert!(
                context(&[("traceparent", parent), ("tracestate", "a=1")]).is_none(),
                "{parent}"
            );
        }
        assert!(
            context(&[("traceparent", PARENT), ("traceparent", PARENT)]).is_none(),
            "two parents"
        );
        assert!(
            context(&[(
                "traceparent",
                "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"
            )])
            .is_some(),
            "a later version"
        );
    }
}
