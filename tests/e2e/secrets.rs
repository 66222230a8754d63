//! A backend's key and the address it was set for (promise 23).

use harness::Gateway;
use harness::client::{data, refusal};
use harness::provider::{Provider, Reply};
use serde_json::{Value, json};

fn bearer(provider: &Provider) -> Vec<String> {
    let received = provider.received();
    received.iter().map(|request| request.header("authorization").to_owned()).collect()
}

#[tokio::test]
async fn p23_a_key_stays_with_its_address() {
    let (old, new) = (Provider::start(), Provider::start());
    let gateway = Gateway::start().await;
    let admin = gateway.admin();
    data(admin.post("/api/v1/admin/models").json(&json!({"id": "m", "name": "m"})).send().await.unwrap(), 201).await;
    let backend = json!({"id": "b", "name": "b", "base_url": old.base_url(), "model_name": "m", "api_key": "first-key"});
    data(admin.post("/api/v1/admin/models/m/backends").json(&backend).send().await.unwrap(), 201).await;
    let program = gateway.program().await;
    let change = async |change: Value| admin.put("/api/v1/admin/backends/b").json(&change);

    old.will(Reply::json(&json!({"choices": []})));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(refusal(change(json!({"base_url": new.base_url()})).await, 400).await, "secret_required");
    let moved = change(json!({"base_url": new.base_url(), "api_key": "second-key"})).await;
    let moved = data(moved.send().await.unwrap(), 200).await;
    assert_eq!((&moved["has_api_key"], moved.get("api_key")), (&json!(true), None));
    new.will(Reply::json(&json!({"choices": []})));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!((bearer(&old), bearer(&new)), (vec!["Bearer first-key".to_owned()], vec!["Bearer second-key".to_owned()]));

    // Another path of the same server is the same address; without a key there is nothing to keep back.
    data(change(json!({"base_url": format!("{}/v2", new.base_url())})).await.send().await.unwrap(), 200).await;
    data(change(json!({"api_key": null})).await.send().await.unwrap(), 200).await;
    data(change(json!({"base_url": old.base_url()})).await.send().await.unwrap(), 200).await;
    old.will(Reply::json(&json!({"choices": []})));
    assert_eq!(program.chat("m").send().await.unwrap().status(), 200);
    assert_eq!(bearer(&old), ["Bearer first-key", ""]);
}
