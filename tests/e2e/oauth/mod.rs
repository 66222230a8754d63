//! People sign programs in: by the browser of their computer, by a code on another device, and with our own helper.

mod code_flow;
mod device_flow;
mod documents;
mod ending;
mod helper;
mod pages;
mod refreshing;

use std::time::Duration;

use domain::access::digest::sha256_base64url;
use domain::clock::Clock;
use harness::identity_provider::Begun;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use url::Url;

use crate::sso::Installation;

/// A verifier, of the length that is the shortest.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Where a program of these tests waits for its code: nobody listens there.
const REDIRECT: &str = "http://127.0.0.1:1/callback";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A gateway with single sign-on, at which programs may be signed in.
struct Company {
    installation: Installation,
}

/// The page that asks a person, and the cookie of the browser that shows it.
struct Asked {
    html: String,
    cookie: String,
    headers: http::HeaderMap,
}

/// What a program has been given.
#[derive(Clone, Debug)]
struct Tokens(Value);

impl Company {
    async fn start() -> Self {
        Self::start_with(json!({})).await
    }

    /// With these settings over the usual ones.
    async fn start_with(settings: Value) -> Self {
        Self::start_at(&Clock::system(), settings).await
    }

    /// By a clock that the test moves, which begins at the time of this computer.
    async fn by_own_clock() -> (Self, Clock) {
        let clock = Clock::fixed(Clock::system().now());
        (Self::start_at(&clock, json!({})).await, clock)
    }

    async fn start_at(clock: &Clock, settings: Value) -> Self {
        let installation = Installation::start_at(clock, json!({})).await;
        let company = Self { installation };
        company.set(json!({"sign_in_enabled": true})).await;
        company.set(settings).await;
        company
    }

    async fn set(&self, settings: Value) {
        self.installation
            .gateway
            .admin()
            .change("/api/v1/admin/settings", &settings)
            .await;
    }

    fn address(&self) -> String {
        format!("http://{}", self.installation.gateway.local().address())
    }

    fn get(&self, path: &str) -> RequestBuilder {
        self.installation.gateway.anybody().get(path)
    }

    /// A form, as programs send it.
    fn post(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = self.installation.gateway.anybody().post(path);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }

    /// A form of our own page.
    fn press(&self, path: &str, form: &[(&str, &str)], cookie: &str) -> RequestBuilder {
        self.post(path, form)
            .header("origin", self.address())
            .header("cookie", cookie)
    }

    /// The path that a program opens in the browser, with these parameters over the usual ones; an empty one is left
    /// out.
    fn authorize_path(changes: &[(&str, &str)]) -> String {
        let challenge = sha256_base64url(VERIFIER);
        let mut parameters = vec![
            ("response_type", "code"),
            ("client_id", "codex"),
            ("redirect_uri", REDIRECT),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("state", "the program's state"),
        ];
        parameters.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        parameters.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        format!("/oauth/authorize?{query}")
    }

    /// The person comes back from the provider, and is asked.
    async fn come_back(&self, begun: &Begun, claims: &Value) -> Response {
        let Installation {
            provider, key, gateway, ..
        } = &self.installation;
        let now = self.installation.clock.now().as_second();
        let mut all = json!({"iat": now, "exp": now + 300});
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        provider.will_vouch(begun, key, &all);
        begun.callback(gateway, "").send().await.unwrap()
    }

    /// The question that a program's browser leads to.
    async fn asked(&self, changes: &[(&str, &str)]) -> Asked {
        let begun = Begun::by(&self.installation.gateway, &Self::authorize_path(changes)).await;
        Asked::of(self.come_back(&begun, &json!({})).await).await
    }

    /// The answer to a question.
    async fn decide(&self, asked: &Asked, decision: &str) -> Response {
        let form = [("question", asked.secret()), ("decision", decision)];
        let pressed = self.press("/oauth/decision", &form, &asked.cookie);
        pressed.send().await.unwrap()
    }

    /// The code of a program that is let in.
    async fn code(&self, client: &str) -> String {
        let asked = self.asked(&[("client_id", client)]).await;
        let decided = self.decide(&asked, "approve").await;
        assert_eq!(decided.status(), 303, "{}", decided.text().await.unwrap());
        parameter(&location(&decided), "code")
    }

    fn redeem(&self, client: &str, code: &str, changes: &[(&str, &str)]) -> RequestBuilder {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
        self.post("/oauth/token", &form)
    }

    /// The tokens of a program that was let in by the browser.
    async fn sign_in(&self, client: &str) -> Tokens {
        let code = self.code(client).await;
        Tokens::of(self.redeem(client, &code, &[])).await
    }

    fn refresh(&self, client: &str, token: &str) -> RequestBuilder {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", client),
            ("refresh_token", token),
        ];
        self.post("/oauth/token", &form)
    }

    /// What a program that asks for a device code is told.
    async fn device(&self, client: &str) -> Value {
        let asked = self.post("/oauth/device_authorization", &[("client_id", client)]);
        ok(asked).await
    }

    fn poll(&self, client: &str, device: &Value) -> RequestBuilder {
        let code = device["device_code"].as_str().unwrap();
        let form = [
            ("grant_type", DEVICE_GRANT),
            ("client_id", client),
            ("device_code", code),
        ];
        self.post("/oauth/token", &form)
    }

    /// The question for the device's request that a person has named by this code.
    async fn asked_for(&self, typed: &str) -> Asked {
        let sent = self.press("/device", &[("user_code", typed)], "").send().await.unwrap();
        assert_eq!(sent.status(), 303, "{}", sent.text().await.unwrap());
        let begun = Begun::of(sent.headers());
        Asked::of(self.come_back(&begun, &json!({})).await).await
    }

    /// Entries of the audit trail with this action, newest first.
    async fn audit(&self, action: &str) -> Vec<Value> {
        let listed = self.installation.gateway.admin().get("/api/v1/admin/audit");
        let entries: Value = listed.send().await.unwrap().json().await.unwrap();
        let entries = entries["data"].as_array().unwrap().iter();
        entries.filter(|entry| entry["action"] == action).cloned().collect()
    }

    /// The status of a request to `/v1` with this token.
    async fn opens(&self, token: &str) -> u16 {
        let request = self.installation.gateway.anybody().with(token).get("/v1/models");
        request.send().await.unwrap().status().as_u16()
    }
}

impl Asked {
    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let html = response.text().await.unwrap();
        assert_eq!(status, 200, "{html}");
        let cookies = headers
            .get_all("set-cookie")
            .iter()
            .map(|cookie| cookie.to_str().unwrap());
        let cookie = cookies
            .filter_map(|cookie| cookie.split(';').next())
            .find(|cookie| cookie.contains("-ask="));
        Self {
            cookie: cookie.unwrap_or_else(|| panic!("{headers:?} {html}")).to_owned(),
            headers,
            html,
        }
    }

    fn secret(&self) -> &str {
        let (_, rest) = self.html.split_once("name=\"question\" value=\"").unwrap();
        rest.split('"').next().unwrap()
    }
}

impl Tokens {
    async fn of(request: RequestBuilder) -> Self {
        Self(ok(request).await)
    }

    fn access(&self) -> &str {
        self.0["access_token"].as_str().unwrap()
    }

    fn refresh(&self) -> &str {
        self.0["refresh_token"].as_str().unwrap()
    }
}

/// The body of an answer that has to be 200, and not to be kept.
async fn ok(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = response.text().await.unwrap();
    assert_eq!(status, 200, "{body}");
    assert_eq!(headers["cache-control"], "no-store");
    serde_json::from_str(&body).unwrap()
}

/// The name of a refusal, which is 400 whatever it is of.
async fn refused(request: RequestBuilder) -> String {
    let response = request.send().await.unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert_eq!(status, 400, "{body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert!(body["error_description"].is_string(), "{body}");
    body["error"].as_str().unwrap().to_owned()
}

fn location(response: &Response) -> Url {
    response.headers()["location"].to_str().unwrap().parse().unwrap()
}

fn parameter(url: &Url, name: &str) -> String {
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(key, _)| key == name);
    found.unwrap_or_else(|| panic!("no {name} in {url}")).1.into_owned()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
