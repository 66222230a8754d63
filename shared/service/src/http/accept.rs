//! What a client would rather have: the lists with weights of RFC 9110 §12.4.2.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::{ACCEPT, ACCEPT_LANGUAGE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::Deserialize;

/// Makes one line of the lines that one of these lists comes on (RFC 9110 §5.3): their readers look at one.
pub(super) fn join_lines(headers: &mut HeaderMap) {
    for name in [ACCEPT, ACCEPT_LANGUAGE] {
        let lines = headers.get_all(&name);
        if lines.iter().nth(1).is_none() {
            continue;
        }
        let lines: Vec<_> = lines.iter().map(HeaderValue::as_bytes).collect();
        if let Ok(line) = HeaderValue::from_bytes(&lines.join(&b", "[..])) {
            headers.insert(name, line);
        }
    }
}

/// What is wanted most of the `,`-separated ranges of a header, as `known` understands them; the first one of equals.
pub(super) fn preferred<T>(header: &str, known: impl Fn(&str) -> Option<T>) -> Option<T> {
    let wanted = header.split(',').filter_map(|range| {
        let (range, parameters) = range.split_once(';').unwrap_or((range, ""));
        let mut weights = parameters
            .split(';')
            .filter_map(|parameter| parameter.trim().strip_prefix("q="));
        let weight = weights
            .next()
            .map_or(Some(1.0), |weight| weight.trim().parse::<f64>().ok())?;
        let choice = known(&range.trim().to_ascii_lowercase())?;
        (weight > 0.0).then_some((weight, choice))
    });
    wanted
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, choice)| choice)
}

/// The form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Json,
    Csv {
        /// With the mark by which Excel knows UTF-8: for clients that want Chinese, or say `?bom=1`.
        has_bom: bool,
    },
}

/// `?bom=1` or `?bom=0`, which [`Format`] reads. Queries that refuse unknown fields have one of this type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Bom {
    #[default]
    #[serde(rename = "0")]
    Without,
    #[serde(rename = "1")]
    With,
}

impl Format {
    fn parse(header: &str, has_bom: bool) -> Self {
        let known = |range: &str| match range {
            "text/csv" => Some(Self::Csv { has_bom }),
            "application/json" | "application/*" | "*/*" => Some(Self::Json),
            _ => None,
        };
        preferred(header, known).unwrap_or_default()
    }
}

/// By `Accept`; JSON where it names neither.
impl<S: Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let has_bom = asked_for_bom(parts.uri.query().unwrap_or_default())
            .unwrap_or_else(|| text(ACCEPT_LANGUAGE).is_some_and(wants_chinese));
        Ok(text(ACCEPT).map_or_else(Self::default, |header| Self::parse(header, has_bom)))
    }
}

fn asked_for_bom(query: &str) -> Option<bool> {
    query
        .split('&')
        .find_map(|pair| Some(pair.strip_prefix("bom=")? == "1"))
}

/// True if Chinese is named, and wanted most.
fn wants_chinese(header: &str) -> bool {
    preferred(header, |range| Some(range.split('-').next() == Some("zh"))) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_wanted_most_is_chosen() {
        for header in [
            "text/csv",
            "TEXT/CSV; charset=utf-8",
            "application/json;q=0.5, text/csv",
            "*/*;q=0.1, text/csv;header=present;q=0.2",
        ] {
            assert_eq!(Format::parse(header, true), Format::Csv { has_bom: true }, "{header}");
        }
        for header in [
            "",
            "*/*",
            "application/json",
            "text/csv;q=0.5, */*",
            "text/csv;q=0",
            "text/html",
            "application/json, text/csv",
        ] {
            assert_eq!(Format::parse(header, true), Format::Json, "{header}");
        }
    }

    #[test]
    fn op8_excel_s_mark_is_for_who_wants_chinese_or_asks_for_it() {
        for (header, wanted) in [
            ("zh", true),
            ("zh-CN,zh;q=0.9,en;q=0.8", true),
            ("en, zh;q=0.5", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(wants_chinese(header), wanted, "{header}");
        }
        for (query, asked) in [("bom=1", Some(true)), ("from=x&bom=0", Some(false)), ("xbom=1", None)] {
            assert_eq!(asked_for_bom(query), asked, "{query}");
        }
    }

    #[test]
    fn ha_lists_on_several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        for line in ["application/json;q=0.5", "text/csv"] {
            headers.append(ACCEPT, HeaderValue::from_static(line));
        }
        headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static("zh"));
        join_lines(&mut headers);
        assert_eq!(headers[ACCEPT], "application/json;q=0.5, text/csv");
        assert_eq!(headers[ACCEPT_LANGUAGE], "zh");
        assert_eq!(headers.len(), 2);
    }
}
