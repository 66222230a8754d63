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
}

#[tokio::test]
async fn op7_a_dry_run_tells_what_would_be_and_writes_nothing() {
    let gateway = Gateway::start().await;
    let csv = "email,password,name,quota_policy\na@example.com,a long password,A,\nadmin@example.com,,B,\n\
        c@example.com,short,C,\nd@example.com,,D,gold\nA@example.com,,E,\n";
    let dry = gateway.admin().post(&format!("{IMPORT}?dry_run=true"));
    let report = data(dry.header("content-type", "text/csv").body(csv), 200).await;
    assert_eq!(
        pick(&report, ["dry_run", "created", "valid", "refused"]),
        json!([true, 0, 1, 4])
    );
    let lines = report["lines"].as_array().unwrap().iter();
    let told: Vec<Value> = lines.map(|line| pick(line, ["email", "status", "field"])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["a@example.com", "valid", null],
            ["admin@example.com", "refused", "email"],
            ["c@example.com", "refused", "password"],
            ["d@example.com", "refused", "quota_policy"],
            ["A@example.com", "refused", "email"],
        ])
    );
    assert_eq!(pick(&report, ["next_line", "interrupted"]), json!([null, null]));
    let piece = gateway.admin().post(&format!("{IMPORT}?dry_run=true&from_line=6"));
    let rest = data(piece.header("content-type", "text/csv").body(csv), 200).await;
    assert_eq!(
        pick(&rest, ["valid", "refused"]),
        json!([0, 1]),
        "an address of a piece before"
    );
    assert_eq!(list(gateway.admin(), "").await.0, ["admin@example.com"]);
}

#[tokio::test]
async fn op7_a_company_is_imported_in_pieces() {
    let gateway = Gateway::start().await;
    let rows = (0..1200).map(|number| format!("p{number}@example.com,Person {number}\n"));
    let csv = "email,name\n".to_owned() + &rows.collect::<String>();
    let (mut from, mut created) = (Some(0), 0);
    while let Some(line) = from {
        let piece = gateway.admin().post(&format!("{IMPORT}?from_line={line}"));
        let report = data(piece.header("content-type", "text/csv").body(csv.clone()), 200).await;
        assert_eq!(report["refused"], 0, "no line is taken twice");
        created += report["created"].as_u64().unwrap();
        let rest = 1200 - created;
        assert_eq!(report["skipped"], rest);
        from = report["next_line"].as_u64();
        assert_eq!(from, (rest > 0).then_some(created + 2));
    }
    assert_eq!(created, 1200);
}
