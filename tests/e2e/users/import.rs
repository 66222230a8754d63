//! Importing users from CSV.

use harness::Gateway;
use harness::client::{data, refusal};
use serde_json::{Value, json};

use super::{USERS, list};

#[tokio::test]
async fn an_import_tells_of_each_line_and_does_nothing_by_halves() {
    let gateway = Gateway::start().await;
    let csv = "email,password,name,role,department,quota_policy\r\n\
        first@example.com,a long password,First,user,sales,\r\n\
        not-an-address,,Second,,,\n\
        third@example.com,short,Third,,,\n\
        fourth@example.com,,\"Fourth, the \"\"Great\"\"\",manager,sales,default\n\
        fifth@example.com,,Fifth,king,,\n\
        FIRST@example.com,,Again,,,\n\
        sixth@example.com,,Sixth,,,gold\n\
        too,few\n";
    let import = gateway
        .admin()
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv; charset=utf-8")
        .body(csv);
    let report = data(import, 200).await;
    assert_eq!(
        (&report["created"], &report["refused"], &report["skipped"]),
        (&json!(2), &json!(6), &json!(0))
    );
    let told: Vec<Value> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| json!([line["line"], line["status"], line["code"], line["field"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            [2, "created", null, null],
            [3, "refused", "invalid_value", "email"],
            [4, "refused", "weak_password", "password"],
            [5, "created", null, null],
            [6, "refused", "invalid_value", "role"],
            [7, "refused", "conflict", "email"],
            [8, "refused", "invalid_value", "quota_policy"],
            [9, "refused", "invalid_value", null],
        ])
    );
    assert_eq!(
        list(gateway.admin(), "?department=sales").await.0,
        ["first@example.com", "fourth@example.com"]
    );
    gateway
        .anybody()
        .signed_in("first@example.com", "a long password")
        .await
        .profile()
        .await;
    for (bad, status) in [("email,name,colour\n", 400), ("name\nA\n", 400), ("", 400)] {
        let import = gateway
            .admin()
            .post(&format!("{USERS}/import"))
            .header("content-type", "text/csv")
            .body(bad);
        refusal(import, status).await;
    }
    assert_eq!(
        refusal(gateway.admin().post(&format!("{USERS}/import")).json(&json!({})), 415).await,
        "unsupported_media_type"
    );
    let large = gateway
        .admin()
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv")
        .body("x".repeat(65 * 1024));
    assert_eq!(refusal(large, 413).await, "request_too_large");
}
