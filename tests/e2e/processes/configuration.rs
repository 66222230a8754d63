//! An import of a configuration during which the database goes away.

use domain::models::catalog::Catalog;
use serde_json::{Value, json};
use service::store::Store;

use super::installation::{Installation, PREFIX, call};

const MODELS: usize = 100;

#[tokio::test]
async fn a_change_that_fails_is_told_with_what_was_made_before() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    let Installation {
        dynamo, admin, clock, ..
    } = installation;
    let store = Store::new(dynamo.client().clone(), PREFIX, clock);
    let ids = (0..MODELS).map(|number| format!("m{number}"));
    let models: Vec<Value> = ids.map(|id| json!({"id": id, "name": id})).collect();
    let breaking = async {
        let count = |catalog: &Catalog| catalog.entries().count();
        while count(&store.read_catalog().await.unwrap()) < 3 {}
        drop(dynamo);
    };
    let document = json!({ "models": models });
    let importing = call(&admin, "POST /api/v1/admin/import", &token, document);
    let ((status, body), ()) = tokio::join!(importing, breaking);
    assert_eq!(status, 200, "{body}");
    let report = &body["data"];
    assert_eq!(report["complete"], false);
    let changes = report["changes"].as_array().unwrap();
    assert_eq!(changes.len(), MODELS);
    let failed = changes.iter().position(|change| change["status"] == "failed").unwrap();
    assert!(failed >= 3, "{failed}");
    for (number, change) in changes.iter().enumerate() {
        let status = match number.cmp(&failed) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "failed",
            std::cmp::Ordering::Greater => "skipped",
        };
        assert_eq!(change["status"], status, "{number}");
    }
    let failed = &changes[failed];
    assert_eq!(
        (&failed["code"], &failed["field"]),
        (&json!("dependency_unavailable"), &Value::Null)
    );
    assert!(!failed["message"].as_str().unwrap().is_empty());
}
