//! Conversations keep to the backend that has their prompt in its cache, over several processes (promise 92).

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashSet};
use std::hash::{Hash as _, Hasher as _};
use std::sync::Mutex;

use futures_util::future::join_all;
use harness::client::{Client, data};
use harness::provider::{Provider, Received, Reply, openai};
use harness::{ADMIN_EMAIL, ADMIN_PASSWORD, Gateway};
use http::Method;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::hello;
use crate::servers::Installation;

const PROCESSES: usize = 3;
const BACKENDS: usize = 8;
const CONVERSATIONS: usize = 24;
const TURNS: usize = 8;
const WORDS_PER_BLOCK: usize = 16;

/// The blocks of all prompts so far, each known by all that is before it, as vLLM caches them: a word is a token.
#[derive(Default)]
struct PrefixCache(Mutex<HashSet<u64>>);

impl PrefixCache {
    /// Reads the prompt of `messages`; returns its tokens, and those of them that were cached.
    fn read(&self, messages: &Value) -> [usize; 2] {
        let texts = messages.as_array().unwrap().iter();
        let words: Vec<_> = texts
            .flat_map(|turn| turn["content"].as_str().unwrap().split(' '))
            .collect();
        let mut prefix = DefaultHasher::new();
        let blocks = words.chunks_exact(WORDS_PER_BLOCK).map(|block| {
            block.hash(&mut prefix);
            prefix.finish()
        });
        let mut cached = self.0.lock().unwrap();
        let blocks: Vec<_> = blocks.collect();
        let known = blocks.iter().take_while(|block| cached.contains(*block)).count();
        cached.extend(blocks);
        [words.len(), known * WORDS_PER_BLOCK]
    }
}

fn caching_backend() -> Provider {
    let cache = PrefixCache::default();
    Provider::answering(move |request: &Received| {
        if request.method != Method::POST {
            return Reply::json(&json!({"data": []}));
        }
        let [tokens, cached] = cache.read(&request.json()["messages"]);
        let mut completion = openai::completion("Hello");
        completion["usage"] = json!({
            "prompt_tokens": tokens, "completion_tokens": 2, "total_tokens": tokens + 2,
            "prompt_tokens_details": {"cached_tokens": cached}
        });
        Reply::json(&completion)
    })
}

fn words(what: &str, count: usize) -> String {
    let words: Vec<_> = (0..count).map(|number| format!("{what}{number}")).collect();
    words.join(" ")
}

/// The messages of a conversation at one of its turns, from 0.
fn messages(model: &str, conversation: usize, turn: usize) -> Value {
    let mut messages = vec![json!({"role": "system", "content": words("system", 64)})];
    for turn in 0..=turn {
        let text = words(&format!("{model}-{conversation}-{turn}-"), 50);
        messages.push(json!({"role": "user", "content": text}));
        messages.push(json!({"role": "assistant", "content": words("reply", 10)}));
    }
    messages.pop();
    messages.into()
}

/// The share of prompts that was cached, of all turns of all conversations; in the middle, `halfway` happens.
async fn cached_share(servers: &[Client], model: &str, halfway: impl FnOnce()) -> f64 {
    let (mut halfway, mut sums) = (Some(halfway), [0, 0]);
    for turn in 0..TURNS {
        if turn == TURNS / 2
            && let Some(halfway) = halfway.take()
        {
            halfway();
        }
        for conversation in 0..CONVERSATIONS {
            let body = json!({"model": model, "messages": messages(model, conversation, turn)});
            let server = &servers[(turn + conversation) % servers.len()];
            let response = server.post("/v1/chat/completions").json(&body).send().await.unwrap();
            assert_eq!(response.status(), 200);
            let usage = response.json::<Value>().await.unwrap()["usage"].clone();
            let counts = [
                &usage["prompt_tokens"],
                &usage["prompt_tokens_details"]["cached_tokens"],
            ];
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count.as_u64().unwrap();
            }
        }
    }
    share(sums)
}

fn share([tokens, cached]: [u64; 2]) -> f64 {
    f64::from(u32::try_from(cached).unwrap()) / f64::from(u32::try_from(tokens).unwrap())
}

/// What one backend would cache of the same prompts.
fn share_of_one(model: &str) -> f64 {
    let cache = PrefixCache::default();
    let turns = (0..TURNS).flat_map(|turn| (0..CONVERSATIONS).map(move |conversation| (conversation, turn)));
    let read = turns.map(|(conversation, turn)| cache.read(&messages(model, conversation, turn)));
    share(read.fold([0, 0], |[tokens, cached], [more, of_it]| {
        [tokens + more as u64, cached + of_it as u64]
    }))
}

async fn create_model(admin: &Client, model: &str, affinity: &str, backends: &[Provider]) {
    let entry = json!({"id": model, "name": model, "affinity": affinity});
    admin.create("/api/v1/admin/models", &entry).await;
    for (number, backend) in backends.iter().enumerate() {
        let name = json!({"name": format!("{model} {number}")});
        admin.create_backend_with(model, backend, &name).await;
    }
}

#[tokio::test]
async fn p92_processes_agree_on_the_backend_whose_cache_has_the_conversation() {
    let installation = Installation::start().await;
    let mut servers = Vec::new();
    for _ in 0..PROCESSES {
        servers.push(installation.server().await);
    }
    let backends: Vec<_> = (0..BACKENDS).map(|_| caching_backend()).collect();
    let mut failing: Vec<_> = (0..BACKENDS).map(|_| caching_backend()).collect();
    let admin = Client::new(servers[0].base_url())
        .signed_in(ADMIN_EMAIL, ADMIN_PASSWORD)
        .await;
    create_model(&admin, "kept", "auto", &backends).await;
    create_model(&admin, "scattered", "off", &backends).await;
    create_model(&admin, "failing", "auto", &failing).await;
    let program = admin.create_key().await;
    let programs: Vec<_> = servers
        .iter()
        .map(|server| program.elsewhere(server.base_url()))
        .collect();

    let kept = cached_share(&programs, "kept", || ()).await;
    assert!(share_of_one("kept") - kept < 0.02, "{kept}");
    for conversation in 0..CONVERSATIONS {
        let beginning = messages("kept", conversation, 0)[1].clone();
        let of_it = |request: &Received| request.json()["messages"][1] == beginning;
        let serving = backends
            .iter()
            .filter(|backend| backend.completions().iter().any(of_it));
        assert_eq!(serving.count(), 1, "conversation {conversation}");
    }
    let scattered = cached_share(&programs, "scattered", || ()).await;
    assert!(kept - scattered > 0.3, "{kept} {scattered}");
    let broken = cached_share(&programs, "failing", || kill_one(&mut failing)).await;
    assert!(share_of_one("failing") - broken < 0.05, "{broken}");
}

/// Ends one of the backends that serve conversations.
fn kill_one(backends: &mut [Provider]) {
    let serving = backends.iter_mut().filter(|backend| !backend.received().is_empty());
    serving.min_by_key(|backend| backend.received().len()).unwrap().kill();
}

/// The number of backends that serve requests which `name` makes of a body.
async fn backends_of(affinity: &str, name: impl Fn(&Client, Value) -> RequestBuilder) -> usize {
    let backends: Vec<_> = (0..4).map(|_| Provider::always(hello())).collect();
    let gateway = Gateway::start().await;
    create_model(gateway.admin(), "m", affinity, &backends).await;
    let program = gateway.program().await;
    for number in 0..16 {
        let body = json!({
            "model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": format!("Hello {number}")}]
        });
        assert_eq!(name(&program, body).send().await.unwrap().status(), 200);
    }
    backends.iter().filter(|backend| !backend.received().is_empty()).count()
}

#[tokio::test]
async fn p92_a_conversation_is_known_by_what_its_client_calls_it() {
    let chat = |program: &Client, body: Value| program.post("/v1/chat/completions").json(&body);
    let with = |body: &Value, name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body
    };
    let counts = [
        backends_of("auto", |program, body| {
            chat(program, with(&body, "prompt_cache_key", json!("c")))
        })
        .await,
        backends_of("auto", |program, body| chat(program, body).header("session-id", "c")).await,
        backends_of("auto", |program, body| {
            let session = json!({"user_id": "user_1_account_2_session_3"});
            program.post("/v1/messages").json(&with(&body, "metadata", session))
        })
        .await,
        backends_of("auto", |program, body| {
            let turns = json!({"model": "m", "input": body["messages"], "prompt_cache_key": "c"});
            program.post("/v1/responses").json(&turns)
        })
        .await,
    ];
    assert_eq!(counts, [1; 4]);
    assert!(
        backends_of("auto", chat).await > 1,
        "conversations without a name are different ones"
    );
    let named = |program: &Client, body: Value| chat(program, body).header("session-id", "c");
    assert!(backends_of("off", named).await > 1);
}

#[tokio::test]
async fn p92_reports_tell_the_share_of_prompts_from_caches_by_backend() {
    let backends = [caching_backend(), caching_backend()];
    let gateway = Gateway::start().await;
    create_model(gateway.admin(), "m", "auto", &backends).await;
    let program = gateway.program().await;
    let conversations = (0..16).map(|conversation| {
        let program = &program;
        async move {
            for turn in 0..4 {
                let body = json!({"model": "m", "messages": messages("m", conversation, turn)});
                complete(program.post("/v1/chat/completions").json(&body)).await;
            }
        }
    });
    join_all(conversations).await;
    gateway.local().write_usage().await;
    let report = data(gateway.admin().get("/api/v1/admin/usage?group_by=model,backend"), 200).await;
    let rows = report.as_array().unwrap();
    let ids: BTreeSet<_> = rows.iter().map(|row| row["backend"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    for row in rows {
        let [tokens, cached] = ["input_tokens", "cached_input_tokens"].map(|name| row[name].as_u64().unwrap());
        let told = row["cached_input_share"].as_f64().unwrap();
        assert!(cached > 0 && (told - share([tokens, cached])).abs() < 0.0001, "{row}");
    }
}

async fn complete(request: RequestBuilder) {
    assert_eq!(request.send().await.unwrap().status(), 200);
}
