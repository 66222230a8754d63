//! A backend's key and the address it was set for (promise 23).

use std::time::Duration;

use domain::clock::Clock;
use futures_util::future::join_all;
use harness::Gateway;
use harness::client::{data, refusal};
use harness::provider::{Provider, Reply, openai};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

fn bearer(provider: &Provider) -> Vec<String> {
    let received = provider.received();
    received
        .iter()
        .map(|request| request.header("authorization").to_owned())
        .collect()
}

/// Has the gateway make the backend `b` of the model `m`, with this key for this provider.
fn create(gateway: &Gateway, provider: &Provider, key: &str) -> RequestBuilder {
    let backend = json!({"id": "b", "name": "b", "base_url": provider.base_url(), "model_name": "m", "api_key": key});
    gateway.admin().post("/api/v1/admin/models/m/backends").json(&backend)
}

/// A gateway by `clock` whose model `m` has the backend `b`: `provider`, with the key `first-key`.
async fn gateway(clock: &Clock, provider: &Provider) -> Gateway {
    let gateway = Gateway::start_at(clock).await;
    let model = json!({"id": "m", "name": "m"});
    data(gateway.admin().post("/api/v1/admin/models").json(&model), 201).await;
    data(create(&gateway, provider, "first-key"), 201).await;
    gateway
}

#[tokio::test]
async fn p23_a_key_stays_with_its_address() {
    let (old, new) = (Provider::start(), Provider::start());
    let gateway = gateway(&Clock::system(), &old).await;
    let admin = gateway.admin();
    let program = gateway.program().await;
    let change = async |change: Value| admin.put("/api/v1/admin/backends/b").json(&change);

    old.will(Reply::json(&json!({"choices": []})));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(
        refusal(change(json!({"base_url": new.base_url()})).await, 400).await,
        "secret_required"
    );
    let moved = change(json!({"base_url": new.base_url(), "api_key": "second-key"})).await;
    let moved = data(moved, 200).await;
    assert_eq!((&moved["has_api_key"], moved.get("api_key")), (&json!(true), None));
    new.will(Reply::json(&json!({"choices": []})));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(
        (bearer(&old), bearer(&new)),
        (
            vec!["Bearer first-key".to_owned()],
            vec!["Bearer second-key".to_owned()]
        )
    );

    // Another path of the same server is the same address; without a key there is nothing to keep back.
    data(change(json!({"base_url": format!("{}/v2", new.base_url())})).await, 200).await;
    data(change(json!({"api_key": null})).await, 200).await;
    data(change(json!({"base_url": old.base_url()})).await, 200).await;
    old.will(Reply::json(&json!({"choices": []})));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(bearer(&old), ["Bearer first-key", ""]);
}

#[tokio::test]
async fn p23_a_backend_made_anew_under_its_old_id_has_its_own_address_and_key() {
    let hello = || Provider::always(Reply::json(&openai::completion("Hello")));
    let (old, new, clock) = (hello(), hello(), Clock::fixed("2026-11-23T10:00:00Z".parse().unwrap()));
    let gateway = gateway(&clock, &old).await;
    let program = gateway.program().await;
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    clock.advance(Duration::from_secs(1));
    data(gateway.admin().delete("/api/v1/admin/backends/b"), 200).await;
    data(create(&gateway, &new, "second-key"), 201).await;
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    clock.advance(Duration::from_mins(1));
    assert_eq!(
        program.chat("m").send().await.unwrap().status(),
        200,
        "nothing is remembered any more"
    );
    assert_eq!(
        (bearer(&old), bearer(&new)),
        (
            vec!["Bearer first-key".to_owned()],
            vec!["Bearer second-key".to_owned(); 2]
        )
    );
}

#[tokio::test]
async fn p23_a_backend_that_cannot_be_made_takes_no_key_away() {
    let (there, other) = (
        Provider::always(Reply::json(&openai::completion("Hello"))),
        Provider::start(),
    );
    let gateway = gateway(&Clock::system(), &there).await;
    assert_eq!(refusal(create(&gateway, &other, "second-key"), 409).await, "conflict");
    assert_eq!(gateway.program().await.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(bearer(&there), ["Bearer first-key"]);
}

#[tokio::test]
async fn p23_of_changes_at_once_the_one_that_is_made_has_its_own_key() {
    let providers: Vec<_> = (0..8)
        .map(|_| Provider::always(Reply::json(&openai::completion("Hello"))))
        .collect();
    let gateway = gateway(&Clock::system(), &providers[0]).await;
    let change = |number: usize| {
        let change =
            json!({"base_url": providers[number].base_url(), "api_key": format!("key-{number}"), "version": 1});
        gateway.admin().put("/api/v1/admin/backends/b").json(&change).send()
    };
    let changes = join_all((0..providers.len()).map(change)).await;
    let made: Vec<_> = (0..providers.len())
        .filter(|number| changes[*number].as_ref().unwrap().status() == 200)
        .collect();
    assert_eq!(made.len(), 1, "the others know an older version");
    assert_eq!(gateway.program().await.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(bearer(&providers[made[0]]), [format!("Bearer key-{}", made[0])]);
}
