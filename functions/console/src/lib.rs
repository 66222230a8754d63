//! The console: a web page over the public API, for everybody who uses the gateway. It has no right and asks no
//! database.

mod files;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use service::http::ApiError;
use service::http::Dialect::OpenAi;
use service::http::caller::OpenGate;
use service::http::edge::Edge;
use service::http::routes::Access::Anyone;
use service::http::routes::Routes;

use files::{File, Lifetime};

/// Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct App {
    gate: OpenGate,
    is_demo: bool,
}

impl App {
    /// The console of a gateway whose people and figures are made up, which it says on every page.
    pub fn of_demo() -> Self {
        Self {
            is_demo: true,
            ..Self::default()
        }
    }
}

impl AsRef<OpenGate> for App {
    fn as_ref(&self) -> &OpenGate {
        &self.gate
    }
}

/// The function's routes. Their dialect is not that of management, whose responses are never kept.
pub fn routes() -> Routes<App, OpenGate> {
    Routes::new()
        .get("/console", OpenAi, Anyone, add_slash)
        .get("/console/", OpenAi, Anyone, index)
        .get("/console/{version}/{*file}", OpenAi, Anyone, file)
}

/// The whole function.
pub fn edge(app: App) -> Edge {
    routes().into_edge(app)
}

/// Relative, so that a stage before the path stays.
async fn add_slash() -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(LOCATION, "console/")]).into_response()
}

async fn index(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    let name = if app.is_demo { "demo.html" } else { "index.html" };
    find(name)?.respond(&headers, Lifetime::Revalidated)
}

/// A file of any version: a page from before a deployment gets the file of today, which is not kept under the old name.
async fn file(Path((version, name)): Path<(String, String)>, headers: HeaderMap) -> Result<Response, ApiError> {
    let lifetime = if version == files::VERSION {
        Lifetime::Forever
    } else {
        Lifetime::Once
    };
    find(&name)?.respond(&headers, lifetime)
}

fn find(name: &str) -> Result<File, ApiError> {
    File::named(name).ok_or_else(|| ApiError::not_found("file"))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::body::Body;
    use flate2::read::GzDecoder;
    use http::Request;
    use http_body_util::BodyExt;

    use super::*;

    async fn get(path: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = edge(App::default()).respond(request.body(Body::empty()).unwrap()).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status.as_u16(), parts.headers, body.to_vec())
    }

    #[tokio::test]
    async fn a_demo_has_a_page_of_its_own_which_no_browser_takes_for_the_other() {
        let page = |app: App| async {
            let request = Request::get("/console/").body(Body::empty()).unwrap();
            let response = edge(app).respond(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes().to_vec();
            (parts.headers["etag"].clone(), String::from_utf8(body).unwrap())
        };
        let (usual, demo) = (page(App::default()).await, page(App::of_demo()).await);
        assert_ne!(usual.0, demo.0);
        assert_eq!(demo.1.replace(" data-demo", ""), usual.1);
    }

    fn versioned(name: &str) -> String {
        format!("/console/{}/{name}", files::VERSION)
    }

    #[tokio::test]
    async fn the_address_without_its_slash_leads_to_the_page_beside_it() {
        let (status, headers, _) = get("/console", &[]).await;
        assert_eq!((status, headers["location"].to_str().unwrap()), (308, "console/"));
    }

    #[tokio::test]
    async fn the_page_names_its_files_by_version_and_is_revalidated() {
        let (status, headers, body) = get("/console/", &[]).await;
        let page = String::from_utf8(body).unwrap();
        assert_eq!((status, headers["cache-control"].to_str().unwrap()), (200, "no-cache"));
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert!(page.contains(&format!("src=\"{}/main.js\"", files::VERSION)), "{page}");
        let tag = headers["etag"].to_str().unwrap();
        for known in [tag, "*", &format!("\"other\", {tag}")] {
            let (status, headers, body) = get("/console/", &[("if-none-match", known)]).await;
            assert_eq!((status, body.len()), (304, 0), "{known}");
            assert_eq!(headers["etag"], tag);
        }
        assert_eq!(get("/console/", &[("if-none-match", "W/\"other\"")]).await.0, 200);
    }

    #[tokio::test]
    async fn a_file_of_this_version_is_kept_for_ever_and_of_another_not_at_all() {
        let (status, headers, today) = get(&versioned("main.js"), &[]).await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (200, "text/javascript; charset=utf-8")
        );
        assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
        let (status, headers, other) = get("/console/00old000/main.js", &[]).await;
        assert_eq!((status, headers["cache-control"].to_str().unwrap()), (200, "no-store"));
        assert_eq!(today, other);
        assert_eq!(get(&versioned("nothing.js"), &[]).await.0, 404);
        assert_eq!(get(&versioned("vendor/preact.js"), &[]).await.0, 200);
    }

    #[tokio::test]
    async fn who_does_not_accept_gzip_gets_the_file_inflated() {
        for accepted in ["gzip", "br, GZIP;q=0.5", "*"] {
            let (_, headers, zipped) = get(&versioned("app.css"), &[("accept-encoding", accepted)]).await;
            assert_eq!(
                (&headers["content-encoding"], &headers["vary"]),
                (&"gzip".parse().unwrap(), &"accept-encoding".parse().unwrap())
            );
            let mut text = String::new();
            GzDecoder::new(&zipped[..]).read_to_string(&mut text).unwrap();
            assert!(text.contains("color-scheme"));
            for refused in ["br", "gzip;q=0", "identity"] {
                let (_, headers, plain) = get(&versioned("app.css"), &[("accept-encoding", refused)]).await;
                assert!(!headers.contains_key("content-encoding"), "{refused}");
                assert_eq!(plain, text.as_bytes(), "{refused}");
            }
        }
    }

    #[tokio::test]
    async fn every_answer_tells_the_browser_what_it_may_do() {
        for path in ["/console/", &versioned("main.js")] {
            let (_, headers, _) = get(path, &[]).await;
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
                "{policy}"
            );
            assert!(
                policy.ends_with("require-trusted-types-for 'script'; trusted-types 'none'"),
                "{policy}"
            );
            assert!(!policy.contains("unsafe"), "{policy}");
            assert_eq!(headers["x-content-type-options"], "nosniff");
            assert_eq!(headers["referrer-policy"], "no-referrer");
            assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
            assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
            assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"));
        }
    }
}
