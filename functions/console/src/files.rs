//! The files of the page, gzipped when the crate was built, and how each is answered.

use std::io::{self, Read as _};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use service::http::{ApiError, Code};

mod made {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

use made::FILES;
pub(crate) use made::VERSION;

const PROTECTION: [(&str, &str); 5] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    (
        "permissions-policy",
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    ),
];

/// The time for which a browser may keep a file.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lifetime {
    Forever,
    Revalidated,
    Once,
}

impl Lifetime {
    fn header(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Revalidated => "no-cache",
            Self::Once => "no-store",
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct File {
    name: &'static str,
    gzipped: &'static [u8],
}

impl File {
    pub(crate) fn named(name: &str) -> Option<Self> {
        let (name, gzipped) = FILES.iter().find(|(known, _)| *known == name)?;
        Some(Self { name, gzipped })
    }

    pub(crate) fn respond(self, request: &HeaderMap, lifetime: Lifetime) -> Result<Response, ApiError> {
        // Weak: the same for both encodings.
        let tag = format!("W/\"{VERSION}/{}\"", self.name);
        let mut response = if is_known(request, &tag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            self.content(accepts_gzip(request))?
        };
        let headers = response.headers_mut();
        for (name, value) in PROTECTION {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(lifetime.header()));
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(ETAG, tag);
        }
        Ok(response)
    }

    fn content(self, gzip: bool) -> Result<Response, ApiError> {
        let kind = [(CONTENT_TYPE, self.content_type())];
        if gzip {
            return Ok((kind, [(CONTENT_ENCODING, "gzip")], Body::from(self.gzipped)).into_response());
        }
        let inflated = self.inflated();
        let inflated = inflated.map_err(|_| ApiError::new(Code::InternalError, "the file cannot be read"))?;
        Ok((kind, Body::from(inflated)).into_response())
    }

    fn inflated(self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        GzDecoder::new(self.gzipped).read_to_end(&mut content)?;
        Ok(content)
    }

    fn content_type(self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        }
    }
}

/// True if the browser says that it has this version.
fn is_known(request: &HeaderMap, tag: &str) -> bool {
    list(request, &IF_NONE_MATCH).any(|known| known == tag || known == "*")
}

fn accepts_gzip(request: &HeaderMap) -> bool {
    list(request, &ACCEPT_ENCODING).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_gzip = name.trim().eq_ignore_ascii_case("gzip") || name.trim() == "*";
        let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
        is_gzip && weight.is_ok_and(|weight| weight > 0.0)
    })
}

/// The members of a header that is a list.
fn list<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
