//! Lists of users, page by page.

use std::collections::BTreeSet;

use harness::Gateway;
use harness::client::{data, refusal};
use serde_json::json;

use super::{USERS, list};

#[tokio::test]
async fn p57_pages_lose_and_double_nobody() {
    let gateway = Gateway::start().await;
    let csv = (0..230).fold("email,name,department\n".to_owned(), |csv, number| {
        format!("{csv}p{number}@example.com,P,d{}\n", number % 2)
    });
    let import = gateway
        .admin()
        .post(&format!("{USERS}/import"))
        .header("content-type", "text/csv")
        .body(csv);
    assert_eq!(data(import, 200).await["created"], 230);
    for (filter, expected) in [
        ("", 231),
        ("&department=d1", 115),
        ("&q=p1", 111),
        ("&role=admin", 1),
        ("&status=pending", 0),
    ] {
        for limit in [7, 100, 115] {
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let (page, next) = list(gateway.admin(), &format!("?limit={limit}{filter}{cursor}")).await;
                assert!(page.len() <= limit);
                seen.extend(page);
                pages += 1;
                let Some(next) = next else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen.len(), expected, "{filter} by {limit}");
            assert_eq!(
                seen.iter().collect::<BTreeSet<_>>().len(),
                expected,
                "{filter} by {limit}"
            );
            assert_eq!(pages, expected.div_ceil(limit).max(1), "{filter} by {limit}");
        }
    }
}

#[tokio::test]
async fn p57_a_cursor_is_its_callers_own() {
    let gateway = Gateway::start().await;
    let second = gateway
        .admin()
        .create_person("second@example.com", json!({"role": "admin"}))
        .await;
    let cursor = list(gateway.admin(), "?limit=1").await.1.unwrap();
    assert_eq!(
        list(gateway.admin(), &format!("?limit=1&cursor={cursor}")).await.0,
        ["second@example.com"]
    );
    for query in [
        format!("cursor={cursor}"),
        "cursor=AAAA".into(),
        "limit=0".into(),
        "limit=201".into(),
        "limit=x".into(),
        "role=king".into(),
    ] {
        assert_eq!(
            refusal(second.get(&format!("{USERS}?{query}")), 400).await,
            "invalid_value",
            "{query}"
        );
    }
    assert_eq!(
        refusal(
            gateway.admin().get(&format!("/api/v1/admin/audit?cursor={cursor}")),
            400
        )
        .await,
        "invalid_value"
    );
}
