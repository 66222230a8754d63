//! Importing users from CSV.

use harness::Gateway;
use harness::client::{data, pick, refusal};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::list;

const IMPORT: &str = "/api/v1/admin/users/import";

fn import(gateway: &Gateway, csv: impl Into<String>) -> RequestBuilder {
    let request = gateway.admin().post(IMPORT).header("content-type", "text/csv");
    request.body(csv.into())
}

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
    let charset = gateway
        .admin()
        .post(IMPORT)
        .header("content-type", "text/csv; charset=utf-8");
    let report = data(charset.body(csv), 200).await;
    assert_eq!(pick(&report, ["created", "refused", "skipped"]), json!([2, 6, 0]));
    let lines = report["lines"].as_array().unwrap().iter();
    let told: Vec<Value> = lines
        .map(|line| pick(line, ["line", "status", "code", "field"]))
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
    let sales = list(gateway.admin(), "?department=sales").await.0;
    assert_eq!(sales, ["first@example.com", "fourth@example.com"]);
    let first = gateway
        .anybody()
        .signed_in("first@example.com", "a long password")
        .await;
    first.profile().await;
}

#[tokio::test]
async fn a_file_that_is_no_list_of_users_is_refused() {
    let gateway = Gateway::start().await;
    for bad in ["email,name,colour\n", "name\nA\n", ""] {
        refusal(import(&gateway, bad), 400).await;
    }
    let json = gateway.admin().post(IMPORT).json(&json!({}));
    assert_eq!(refusal(json, 415).await, "unsupported_media_type");
    let large = import(&gateway, "x".repeat(65 * 1024));
    assert_eq!(refusal(large, 413).await, "request_too_large");
}
