//! What a check changes: ejection, return, and nothing of a backend that was deleted meanwhile.

use domain::models::BackendId;
use domain::models::health::{CheckFinding, FailureClass};
use harness::Gate;
use harness::client::data;
use harness::provider::{Provider, Reply, openai};
use health::App;
use jiff::Timestamp;
use serde_json::json;
use service::outbound::{Authorities, Outbound};
use service::resources::Resources;
use service::secrets::{MemorySecrets, Secrets};
use service::store::Change;

use super::{backend, check, gateway, well};

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
        Resources::new(
            gateway.local().store().await.unwrap(),
            Secrets::Memory(MemorySecrets::default()),
        ),
        outbound,
    );
    let run = health::run(&app, health::Event::default());
    tokio::select! {
        _ = run => panic!("one of them does not answer"),
        _ = others.request(2) => {}
    }
}

#[tokio::test]
async fn p53_who_is_late_leaves_nothing_behind_of_a_backend_that_is_gone() {
    let (provider, gate) = (Provider::start(), Gate::new());
    let gateway = gateway(json!({"base_url": provider.base_url()})).await;
    let (store, id) = (gateway.local().store().await.unwrap(), BackendId::parse("b").unwrap());
    for gone in ["/api/v1/admin/backends/b", "/api/v1/admin/models/m?cascade=true"] {
        let known = store.read_catalog().await.unwrap();
        let health = known
            .entries()
            .find_map(|entry| entry.backends.first())
            .unwrap()
            .health
            .clone();
        let before = provider.received().len();
        provider.will(Reply::raw("").wait(&gate).then(Reply::error(500, &json!({}))));
        let late = async {
            provider.request(before).await;
            data(gateway.admin().delete(gone), 200).await;
            gate.open();
        };
        let (found, ()) = tokio::join!(check(gateway.admin()), late);
        assert_eq!(found["healthy"], false);
        let failed = health.after_check(Timestamp::UNIX_EPOCH, CheckFinding::Failed(FailureClass::Connect));
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
