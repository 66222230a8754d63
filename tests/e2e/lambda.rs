//! The real function binaries, between the Runtime API and an emulated `DynamoDB`.

use std::collections::{BTreeMap, HashMap};

use domain::clock::Clock;
use harness::events::{Event, LEARNED, STORY};
use harness::lambda::{Answer, Function, Mode};
use harness::provider::{Provider, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gate, Stack};
use serde_json::{Value, json};

fn tomorrow() -> String {
    (Clock::system().now() + jiff::SignedDuration::from_hours(24)).to_string()
}

/// An installation whose functions boot when their first event comes.
pub(crate) struct Cloud {
    pub(crate) stack: Stack,
    functions: HashMap<String, Function>,
    /// What events are filled with.
    values: BTreeMap<&'static str, String>,
}

impl Cloud {
    /// `provider` is where events that configure a backend or an identity provider say that it is.
    pub(crate) async fn start(provider: String) -> Self {
        let account = [("EMAIL", ADMIN_EMAIL.into()), ("PASSWORD", ADMIN_PASSWORD.into())];
        let values = account
            .into_iter()
            .chain([("PROVIDER", provider.clone()), ("ISSUER", provider)])
            .chain([("TOMORROW", tomorrow())])
            .collect();
        Self {
            stack: Stack::start().await,
            functions: HashMap::new(),
            values,
        }
    }

    /// A cloud in which the story was told up to the first call of the proxy.
    pub(crate) async fn with_model(provider: &Provider) -> Self {
        let mut cloud = Self::start(provider.base_url()).await;
        for (name, status) in STORY.iter().take_while(|(name, _)| !name.starts_with("proxy/")) {
            assert_eq!(cloud.invoke(name).await.status, *status, "{name}");
        }
        cloud
    }

    /// The answer to the event called `name`, and what it tells for later ones.
    pub(crate) async fn invoke(&mut self, name: &str) -> Answer {
        let event = self.event(name);
        let function = Event::named(name).function;
        let answer = self.function(&function).await.invoke(event).answer().await;
        if LEARNED.iter().any(|(event, ..)| *event == name) {
            self.learn(name, answer).await
        } else {
            answer
        }
    }

    pub(crate) fn event(&self, name: &str) -> Value {
        let values: Vec<_> = self
            .values
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Event::named(name).filled(&values)
    }

    /// Fills later events with `value`, where they name it.
    pub(crate) fn know(&mut self, name: &'static str, value: &str) {
        self.values.insert(name, value.to_owned());
    }

    pub(crate) async fn function(&mut self, name: &str) -> &mut Function {
        if !self.functions.contains_key(name) {
            let function = self.stack.function(name).await;
            self.functions.insert(name.to_owned(), function);
        }
        self.functions.get_mut(name).unwrap()
    }

    async fn learn(&mut self, name: &str, mut answer: Answer) -> Answer {
        let body: Value = serde_json::from_slice(&answer.peek().await.unwrap().bytes).unwrap();
        for (_, field, placeholder) in LEARNED.iter().filter(|(event, ..)| *event == name) {
            let value = body["data"][field].as_str().map(str::to_owned);
            self.values.insert(placeholder, value.unwrap());
        }
        answer
    }
}

#[tokio::test]
async fn every_function_boots_and_answers_its_events() {
    let provider = Provider::start();
    // For Chat Completions, Messages and Responses.
    for _ in 0..3 {
        provider.will(Reply::json(&openai::completion("Hello")));
        provider.will(openai::stream(&["Hel", "lo"]));
    }
    // For a compaction.
    provider.will(Reply::json(&openai::completion("Hello")));
    // For embeddings, completions without and with a suffix, and rankings under each of their paths.
    provider.will(Reply::json(
        &json!({"object": "list", "data": [], "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}),
    ));
    for _ in 0..2 {
        provider.will(Reply::json(&json!({"object": "text_completion", "model": "m", "choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}]})));
    }
    for _ in 0..3 {
        provider.will(Reply::json(
            &json!({"model": "m", "results": [{"index": 0, "relevance_score": 0.5}]}),
        ));
    }
    // For the check of the backend, which `admin` invokes `health` for.
    provider.will(Reply::json(&json!({"data": []})));
    // For the trial of its entry: the list of models, and an answer.
    provider.will(Reply::json(&json!({"data": []})));
    provider.will(Reply::json(&openai::completion("Hello")));
    // For the test of single sign-on, which `admin` invokes `auth` for: this is no identity provider.
    provider.will(Reply::error(404, &json!({})));
    let mut cloud = Cloud::start(provider.base_url()).await;
    cloud.function("health").await;
    for &(name, status) in STORY {
        let answer = cloud.invoke(name).await;
        let mode = if name.starts_with("proxy/") || name.starts_with("console/") {
            Mode::Streamed
        } else {
            Mode::Buffered
        };
        let log = || cloud.functions[&Event::named(name).function].log();
        assert_eq!((answer.status, answer.mode), (status, mode), "{name}: {}", log());
        assert!(answer.headers.contains_key("x-request-id"), "{name}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff", "{name}");
    }
}

#[test]
fn the_story_tells_every_event_that_is_a_request() {
    let requests = Event::all()
        .into_iter()
        .filter(|event| !event.unfilled()["httpMethod"].is_null());
    let mut events: Vec<_> = requests
        .map(|event| format!("{}/{}", event.function, event.name))
        .collect();
    let mut told: Vec<_> = STORY.iter().map(|(name, _)| (*name).to_owned()).collect();
    events.sort();
    told.sort();
    assert_eq!(events, told);
}

#[tokio::test]
async fn p57_the_schedule_checks_every_backend_once_in_its_minute_however_often_its_event_comes() {
    let provider = Provider::always(Reply::json(&json!({"data": []})));
    let mut cloud = Cloud::with_model(&provider).await;
    let mut event = cloud.event("health/scheduled");
    let health = cloud.function("health").await;
    for _ in 0..2 {
        assert_eq!(health.invoke(event.clone()).output().await, Value::Null);
        assert_eq!(provider.received().len(), 1);
    }
    event["time"] = "2099-01-01T00:00:00Z".into();
    assert_eq!(health.invoke(event).output().await, Value::Null);
    assert_eq!(provider.received().len(), 2);
}

#[tokio::test]
async fn p53_two_runs_of_the_schedule_at_once_do_no_harm() {
    let provider = Provider::start();
    let gate = Gate::new();
    for _ in 0..2 {
        provider.will(Reply::raw("").wait(&gate).then(Reply::json(&json!({"data": []}))));
    }
    let mut cloud = Cloud::with_model(&provider).await;
    let event = cloud.event("health/scheduled");
    let other = cloud.stack.function("health").await;
    let runs = [
        cloud.function("health").await.invoke(event.clone()),
        other.invoke(event),
    ];
    provider.request(1).await;
    gate.open();
    for run in runs {
        assert_eq!(run.output().await, Value::Null);
    }
    let backends = cloud.invoke("admin/list_backends").await.json().await;
    assert_eq!(backends["data"][0]["healthy"], true);
    assert!(backends["data"][0]["last_check_at"].is_string(), "{backends}");
}

#[tokio::test]
async fn administration_has_a_backend_checked_by_the_function_that_may_read_its_key() {
    let provider = Provider::start();
    let mut cloud = Cloud::with_model(&provider).await;
    let nobody = cloud.invoke("admin/check_backend").await;
    assert_eq!(
        (nobody.status, nobody.json().await["error"]["code"].take()),
        (503, json!("dependency_unavailable"))
    );
    cloud.function("health").await;
    provider.will(Reply::error(401, &json!({"error": "wrong key"})));
    let mut found = cloud.invoke("admin/check_backend").await.json().await["data"].take();
    assert_eq!(
        [found["healthy"].take(), found["status"].take(), found["error"].take()],
        [json!(true), json!(401), json!("credentials")]
    );
    assert_eq!(
        provider.received()[0].header("authorization"),
        "Bearer the-provider's-own-key"
    );
}

/// The event with this text as it reaches a client, who called the model `m`.
fn event(content: &str) -> String {
    format!("data: {}\n\n", openai::chunk(content)).replace("provider-model", "m")
}

#[tokio::test]
async fn p48_the_proxy_streams_as_the_provider_does() {
    let provider = Provider::start();
    let gates = [Gate::new(), Gate::new()];
    let reply = Reply::events()
        .event(&openai::chunk("a"))
        .wait(&gates[0])
        .event(&openai::chunk("b"))
        .wait(&gates[1])
        .done();
    provider.will(reply);
    let mut cloud = Cloud::with_model(&provider).await;
    let mut answer = cloud.invoke("proxy/chat_stream").await;
    assert_eq!((answer.mode, answer.status), (Mode::Streamed, 200));
    assert_eq!(answer.headers["content-type"], "text/event-stream");
    assert_eq!(answer.chunk().await.unwrap().bytes, event("a"));
    gates[0].open();
    assert_eq!(answer.chunk().await.unwrap().bytes, event("b"));
    gates[1].open();
    assert_eq!(answer.text().await, "data: [DONE]\n\n");
}

#[tokio::test]
async fn p50_a_break_in_mid_stream_is_an_error_event_and_a_regular_end() {
    let provider = Provider::start();
    provider.will(
        Reply::events()
            .event(&openai::chunk("a"))
            .event(&openai::chunk("b"))
            .cut(20)
            .reset(),
    );
    let mut cloud = Cloud::with_model(&provider).await;
    let (body, complete) = cloud.invoke("proxy/chat_stream").await.end().await;
    let body = String::from_utf8(body.into()).unwrap();
    assert!(complete, "{body}");
    let rest = body.strip_prefix(&event("a")).unwrap();
    let error: Value = serde_json::from_str(rest.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(error["error"]["code"], "upstream_error");
}

#[tokio::test]
async fn errors_are_streamed_answers_too() {
    let provider = Provider::start();
    let mut cloud = Cloud::with_model(&provider).await;
    cloud.know("API_KEY", "sk-wrong");
    let answer = cloud.invoke("proxy/chat").await;
    assert_eq!((answer.mode, answer.status), (Mode::Streamed, 401));
    assert_eq!(answer.json().await["error"]["code"], "invalid_api_key");
}

#[tokio::test]
async fn the_stage_is_no_part_of_the_path() {
    let mut proxy = Stack::start().await.function("proxy").await;
    let mut event = Event::named("proxy/health").unfilled();
    assert_eq!(proxy.invoke(event.clone()).answer().await.status, 200);
    // Behind a custom domain there is no stage in the path.
    event["requestContext"]["path"] = event["path"].clone();
    assert_eq!(proxy.invoke(event.clone()).answer().await.status, 200);
    event["path"] = "/prod/health".into();
    event["requestContext"]["path"] = "/prod/prod/health".into();
    assert_eq!(proxy.invoke(event).answer().await.status, 404);
    assert!(proxy.is_running());
}

#[tokio::test]
async fn p30_a_panic_is_a_json_500_and_the_process_lives() {
    let mut function = Function::start_example("panicking", &[]).await;
    let event = |path: &str| {
        let mut event = Event::named("proxy/health").unfilled();
        event["path"] = path.into();
        event["requestContext"]["path"] = format!("/prod{path}").into();
        event
    };
    let answer = function.invoke(event("/v1/panic")).answer().await;
    assert_eq!(answer.status, 500);
    let body = answer.json().await;
    assert_eq!(body["error"]["code"], "internal_error");
    assert!(!body.to_string().contains("secret place"));
    assert_eq!(function.invoke(event("/v1/ok")).answer().await.text().await, "ok");
    assert!(function.is_running());
}
