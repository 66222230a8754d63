//! The language of messages to people; codes never change with it (api.md §1).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::HeaderValue;
use http::header::ACCEPT_LANGUAGE;
use http::request::Parts;

use super::accept::preferred;

/// The languages that messages exist in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Chinese,
    English,
}

impl Language {
    /// The text in this language.
    pub fn choose(self, chinese: &'static str, english: &'static str) -> &'static str {
        match self {
            Self::Chinese => chinese,
            Self::English => english,
        }
    }

    /// The language of `Accept-Language` (RFC 9110 §12.5.4) that is wanted most; the first one of equals.
    fn parse(header: &str) -> Self {
        let known = |range: &str| match range.split('-').next().unwrap_or_default() {
            "zh" | "*" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        };
        preferred(header, known).unwrap_or_default()
    }
}

/// The language of refusals: English, unless the reader asks for Chinese. Programs ask for nothing, or for anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalLanguage(pub Language);

impl RefusalLanguage {
    /// The language that this `Accept-Language` asks for.
    pub(super) fn of(header: Option<&HeaderValue>) -> Self {
        let named = |range: &str| match range.split('-').next().unwrap_or_default() {
            "zh" => Some(Language::Chinese),
            "en" => Some(Language::English),
            _ => None,
        };
        let wanted = header.and_then(|value| preferred(value.to_str().ok()?, named));
        Self(wanted.unwrap_or(Language::English))
    }
}

impl<S: Sync> FromRequestParts<S> for RefusalLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.headers.get(ACCEPT_LANGUAGE)))
    }
}

impl<S: Sync> FromRequestParts<S> for Language {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let header = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Ok(header.map_or_else(Self::default, Self::parse))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op10_refusals_are_english_unless_chinese_is_asked_for() {
        let of = |header: Option<&'static str>| RefusalLanguage::of(header.map(HeaderValue::from_static).as_ref()).0;
        for header in ["zh", "zh-CN,zh;q=0.9,en;q=0.8", "fr, zh-TW;q=0.5", "en;q=0.1, zh"] {
            assert_eq!(of(Some(header)), Language::Chinese, "{header}");
        }
        for header in [
            None,
            Some("*"),
            Some(""),
            Some("fr"),
            Some("en, zh;q=0.5"),
            Some("zh;q=0"),
        ] {
            assert_eq!(of(header), Language::English, "{header:?}");
        }
    }

    #[test]
    fn the_language_wanted_most_is_chosen() {
        for header in ["en", "en-GB,en;q=0.9", "fr, en;q=0.8, zh;q=0.5", "zh;q=0.1, EN-us"] {
            assert_eq!(Language::parse(header), Language::English, "{header}");
        }
        for header in ["", "zh-CN,zh;q=0.9,en;q=0.8", "*", "fr", "en;q=0, zh;q=0.1", "en;q=x"] {
            assert_eq!(Language::parse(header), Language::Chinese, "{header}");
        }
    }
}
