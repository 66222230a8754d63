//! What a client would rather have: the lists with weights of RFC 9110 §12.4.2.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::ACCEPT;
use http::request::Parts;

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
    Csv,
}

impl Format {
    fn parse(header: &str) -> Self {
        let known = |range: &str| match range {
            "text/csv" => Some(Self::Csv),
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
        let header = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        Ok(header.map_or_else(Self::default, Self::parse))
    }
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
            assert_eq!(Format::parse(header), Format::Csv, "{header}");
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
            assert_eq!(Format::parse(header), Format::Json, "{header}");
        }
    }
}
