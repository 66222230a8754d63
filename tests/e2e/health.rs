//! Checks of backends: how they ask, what they tell, and what follows from it (promises 37 and 53).

use std::time::Duration;

use domain::models::BackendId;
use domain::models::health::FailureClass;
use harness::client::{BACKEND_KEY, Client, data, refusal};
use harness::provider::{Provider, Reply, openai};
use harness::tls::TlsBackend;
use harness::{ADMIN_EMAIL, Gate, Gateway};
use health::App;
use jiff::Timestamp;
use serde_json::{Value, json};
use service::outbound::{Authorities, Outbound};
use service::secrets::{MemorySecrets, Secrets};
use service::store::Change;

fn well() -> Reply {
    Reply::json(&json!({"data": []}))
}

/// A gateway whose model `m` has one backend `b` with these members.
async fn gateway(members: Value) -> Gateway {
    let gateway = Gateway::start().await;
    let model = gateway
        .admin()
        .post("/api/v1/admin/models")
        .json(&json!({"id": "m", "name": "m"}));
    data(model, 201).await;
    let mut backend = json!({"id": "b", "name": "b", "model_name": "x"});
    for (name, value) in members.as_object().unwrap() {
        backend[name] = value.clone();
    }
    let created = gateway.admin().post("/api/v1/admin/models/m/backends").json(&backend);
    data(created, 201).await;
    gateway
}

async fn check(admin: &Client) -> Value {
    data(admin.post("/api/v1/admin/backends/b/health"), 200).await
}

async fn backend(admin: &Client) -> Value {
    data(admin.get("/api/v1/admin/backends"), 200).await[0].take()
}

#[tokio::test]
async fn p37_a_check_tells_a_coarse_reason_and_never_what_the_backend_said_or_where_it_is() {
    let canary = |status| Reply::error(status, &json!({"error": "canary"})).header("x-canary", "canary");
    let provider = Provider::start();
    let gateway = gateway(json!({"base_url": provider.base_url(), "api_key": BACKEND_KEY})).await;
    for (reply, healthy, status, error) in [
        (canary(200), true, json!(200), Value::Null),
        (canary(401), false, json!(401), json!("status")),
        (canary(503), false, json!(503), json!("status")),
        (
            Reply::redirect("http://127.0.0.1:1/canary"),
            false,
            json!(307),
            json!("status"),
        ),
        (
            Reply::raw("canary\r\n\r\n").close(),
            false,
            Value::Null,
            json!("connect"),
        ),
        (Reply::raw("").reset(), false, Value::Null, json!("connect")),
    ] {
        provider.will(reply);
        let found = check(gateway.admin()).await;
        assert_eq!(
            (&found["healthy"], &found["status"], &found["error"]),
            (&json!(healthy), &status, &error),
            "{found}"
        );
        let known = ["healthy", "latency_ms", "status", "error", "last_check_at"];
        assert!(
            found
                .as_object()
                .unwrap()
                .keys()
                .all(|member| known.contains(&member.as_str())),
            "{found}"
        );
        assert!(
            found["latency_ms"].is_u64() && found["last_check_at"].is_string(),
            "{found}"
        );
        assert!(
            !found.to_string().contains("canary") && !found.to_string().contains("127.0.0.1"),
            "{found}"
        );
    }
}

#[tokio::test]
async fn p37_a_backend_without_a_connection_has_a_reason_too() {
    let mut gone = Provider::start();
    gone.kill();
    let tls = TlsBackend::start(&["http/1.1"], &json!({}));
    for (base_url, reason) in [
        (gone.base_url(), "connect"),
        (tls.base_url(), "tls"),
        ("http://name.invalid".to_owned(), "dns"),
    ] {
        let gateway = gateway(json!({"base_url": base_url})).await;
        let found = check(gateway.admin()).await;
        assert_eq!(
            (&found["healthy"], &found["error"]),
            (&json!(false), &json!(reason)),
            "{found}"
        );
    }
}

#[tokio::test]
async fn p37_silence_a_forbidden_address_and_a_missing_key_are_reasons() {
    let provider = Provider::always(Reply::silence());
    let gateway = gateway(json!({"base_url": provider.base_url()})).await;
    let id = BackendId::parse("b").unwrap();
    let found = async |networks: &str| {
        let outbound = Outbound::new(networks.parse().unwrap(), &Authorities::default()).unwrap();
        let app = App::new(
            gateway.local().store().await.unwrap(),
            Secrets::Memory(MemorySecrets::default()),
            outbound,
        );
        health::check_one(&app.with_patience(Duration::from_millis(50)), &id)
            .await
            .unwrap()
            .unwrap()
            .error
    };
    assert_eq!(found("127.0.0.0/8").await, Some(FailureClass::Timeout));
    assert_eq!(found("").await, Some(FailureClass::ForbiddenAddress));
    let keyed = gateway
        .admin()
        .put("/api/v1/admin/backends/b")
        .json(&json!({"api_key": BACKEND_KEY}));
    data(keyed, 200).await;
    assert_eq!(found("127.0.0.0/8").await, Some(FailureClass::Secret));
    assert_eq!(provider.received().len(), 1);
}

#[tokio::test]
async fn p53_a_failed_check_takes_a_backend_out_and_one_that_is_answered_lets_it_back() {
    let (sick, other) = (
        Provider::start(),
        Provider::always(Reply::json(&openai::completion("Hello"))),
    );
    let gateway = gateway(json!({"base_url": sick.base_url(), "weight": 1000})).await;
    let spare = json!({"id": "c", "name": "c", "model_name": "x", "base_url": other.base_url(), "weight": 0});
    data(
        gateway.admin().post("/api/v1/admin/models/m/backends").json(&spare),
        201,
    )
    .await;
    sick.will(Reply::error(500, &json!({})));
    assert_eq!(check(gateway.admin()).await["healthy"], false);
    let shown = backend(gateway.admin()).await;
    assert!(
        shown["healthy"] == false && shown["last_check_at"].is_string(),
        "{shown}"
    );
    let program = gateway.program().await;
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(other.received().len(), 1, "the sick one is not asked");
    sick.will(well());
    assert_eq!(check(gateway.admin()).await["healthy"], true);
    sick.will(Reply::json(&openai::completion("Hello")));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(other.received().len(), 1, "the one that is back is asked");
}

#[tokio::test]
async fn p53_a_sick_backend_delays_only_itself() {
    let (stuck, others) = (Provider::always(Reply::silence()), Provider::always(well()));
    let gateway = gateway(json!({"base_url": stuck.base_url()})).await;
    for id in ["c", "d", "e"] {
        let more = json!({"id": id, "name": id, "model_name": "x", "base_url": others.base_url()});
        data(gateway.admin().post("/api/v1/admin/models/m/backends").json(&more), 201).await;
    }
    let outbound = Outbound::new("127.0.0.0/8".parse().unwrap(), &Authorities::default()).unwrap();
    let app = App::new(
        gateway.local().store().await.unwrap(),
        Secrets::Memory(MemorySecrets::default()),
        outbound,
    );
    let run = health::run(&app, health::Event::default());
    tokio::select! {
        _ = run => panic!("one of them does not answer"),
        _ = others.request(2) => {}
    }
}

#[tokio::test]
async fn a_backend_is_asked_for_its_models_or_at_health_or_where_the_operator_says() {
    let provider = Provider::start();
    let not_there = || Reply::error(404, &json!({}));
    for (members, replies, healthy, paths) in [
        (json!({}), vec![well()], true, vec!["/v1/models"]),
        (
            json!({}),
            vec![not_there(), well()],
            true,
            vec!["/v1/models", "/health"],
        ),
        (
            json!({}),
            vec![Reply::error(405, &json!({})), Reply::error(503, &json!({}))],
            false,
            vec!["/v1/models", "/health"],
        ),
        (
            json!({}),
            vec![not_there(), not_there()],
            true,
            vec!["/v1/models", "/health"],
        ),
        (json!({"health_path": "/ready"}), vec![well()], true, vec!["/ready"]),
        (
            json!({"health_path": "/ready"}),
            vec![not_there()],
            false,
            vec!["/ready"],
        ),
    ] {
        let before = provider.received().len();
        for reply in replies {
            provider.will(reply);
        }
        let mut members = members;
        members["base_url"] = provider.base_url().into();
        let gateway = gateway(members).await;
        assert_eq!(check(gateway.admin()).await["healthy"], healthy, "{paths:?}");
        let asked = &provider.received()[before..];
        assert_eq!(
            asked.iter().map(|request| request.path.as_str()).collect::<Vec<_>>(),
            paths
        );
        assert!(
            asked
                .iter()
                .all(|request| request.method == "GET" && request.body.is_empty()),
            "nothing that costs"
        );
    }
}

#[tokio::test]
async fn a_check_shows_each_protocol_its_key_and_the_configured_headers() {
    let provider = Provider::always(well());
    let headers = json!({"x-organization": "us"});
    for (protocol, key, version) in [
        ("openai", "authorization", ""),
        ("anthropic", "x-api-key", "2023-06-01"),
    ] {
        let members =
            json!({"base_url": provider.base_url(), "protocol": protocol, "api_key": BACKEND_KEY, "headers": headers});
        check(gateway(members).await.admin()).await;
        let asked = provider.received().pop().unwrap();
        assert!(asked.header(key).ends_with(BACKEND_KEY), "{asked:?}");
        assert_eq!(
            (asked.header("anthropic-version"), asked.header("x-organization")),
            (version, "us")
        );
        assert_eq!(asked.headers.get("authorization").is_some(), protocol == "openai");
    }
}

#[tokio::test]
async fn p60_a_check_by_hand_is_for_administrators_and_leaves_an_entry() {
    let provider = Provider::always(well());
    let gateway = gateway(json!({"base_url": provider.base_url()})).await;
    let admin = gateway.admin();
    for role in ["user", "manager"] {
        let fields = json!({"role": role, "department": "d"});
        let person = admin.create_person(&format!("{role}@example.com"), fields).await;
        assert_eq!(
            refusal(person.post("/api/v1/admin/backends/b/health"), 403).await,
            "forbidden"
        );
    }
    assert_eq!(
        refusal(admin.post("/api/v1/admin/backends/none/health"), 404).await,
        "not_found"
    );
    assert!(provider.received().is_empty());
    check(admin).await;
    let entries = data(admin.get("/api/v1/admin/audit?action=backend.check"), 200).await;
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    assert_eq!(entries[0]["target"], "b");
    let me = admin.profile().await;
    assert_eq!((&entries[0]["actor"], &me["email"]), (&me["id"], &json!(ADMIN_EMAIL)));
}

#[tokio::test]
async fn p53_who_is_late_leaves_nothing_behind_of_a_backend_that_is_gone() {
    let (provider, gate) = (Provider::start(), Gate::new());
    let gateway = gateway(json!({"base_url": provider.base_url()})).await;
    let (store, id) = (gateway.local().store().await.unwrap(), BackendId::parse("b").unwrap());
    for gone in ["/api/v1/admin/backends/b", "/api/v1/admin/models/m?cascade=true"] {
        let known = store.read_catalog().await.unwrap();
        let health = known.entries().find_map(|entry| entry.backends.first()).unwrap().health;
        let before = provider.received().len();
        provider.will(Reply::raw("").wait(&gate).then(Reply::error(500, &json!({}))));
        let late = async {
            provider.request(before).await;
            data(gateway.admin().delete(gone), 200).await;
            gate.open();
        };
        let (found, ()) = tokio::join!(check(gateway.admin()), late);
        assert_eq!(found["healthy"], false);
        let failed = health.after_check(Timestamp::UNIX_EPOCH, Err(FailureClass::Connect));
        assert_eq!(store.update_health(&id, &failed).await.unwrap(), Change::Conflict);
        assert_eq!(store.take_lease(&id, 1, Timestamp::MAX).await.unwrap(), None);
        gateway
            .admin()
            .post("/api/v1/admin/models")
            .json(&json!({"id": "m", "name": "m"}))
            .send()
            .await
            .unwrap();
        let anew = json!({"id": "b", "name": "b", "model_name": "x", "base_url": provider.base_url()});
        data(gateway.admin().post("/api/v1/admin/models/m/backends").json(&anew), 201).await;
        let shown = backend(gateway.admin()).await;
        assert!(shown["healthy"] == true && shown["last_check_at"].is_null(), "{shown}");
        assert!(store.take_lease(&id, 1, Timestamp::MAX).await.unwrap().is_some());
    }
}
