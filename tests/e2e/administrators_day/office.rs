//! The office where the administrator works.

use domain::clock::Clock;
use harness::client::Client;
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gateway};
use reqwest::RequestBuilder;
use serde_json::Value;

/// A gateway by a clock, its administrator's language, and the model servers.
pub(super) struct Office {
    pub(super) clock: Clock,
    pub(super) gateway: Gateway,
    pub(super) language: &'static str,
    pub(super) providers: Vec<Provider>,
}

impl Office {
    /// Half past eight in Beijing, on the first of a month.
    pub(super) async fn open(language: &'static str) -> Self {
        let clock = Clock::fixed("2026-06-01T00:30:00Z".parse().unwrap());
        let answer = || Provider::always(Reply::json(&openai::completion("Hello")));
        Self {
            gateway: Gateway::start_at(&clock).await,
            providers: (0..3).map(|_| answer()).collect(),
            clock,
            language,
        }
    }

    /// The administrator, who signs in anew each time: a session lasts eight hours.
    pub(super) async fn admin(&self) -> Client {
        self.gateway.anybody().signed_in(ADMIN_EMAIL, ADMIN_PASSWORD).await
    }

    pub(super) fn speaking(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("accept-language", self.language)
    }

    /// All entries of a list, page by page.
    pub(super) async fn all(&self, caller: &Client, path: &str) -> Vec<Value> {
        let (mut entries, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = format!("{path}?limit=200{cursor}");
            let page: Value = caller.get(&page).send().await.unwrap().json().await.unwrap();
            entries.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return entries,
            }
        }
    }
}
