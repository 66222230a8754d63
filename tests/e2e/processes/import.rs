//! An import during which the database goes away.

use axum::body::{Body, to_bytes};
use http::Request;
use serde_json::Value;
use service::store::{Span, Store};

use super::installation::{Installation, PREFIX};

const ROWS: usize = 200;

/// A file of people with passwords, each of which takes its time.
fn file() -> String {
    let rows = (0..ROWS).map(|number| format!("p{number}@example.com,a long enough password,Person {number}\n"));
    "email,password,name\n".to_owned() + &rows.collect::<String>()
}

#[tokio::test]
async fn op7_i4_an_import_that_breaks_half_way_says_what_was_done() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    let Installation {
        dynamo, admin, clock, ..
    } = installation;
    let store = Store::new(dynamo.client().clone(), PREFIX, clock);
    let request = Request::post("/api/v1/admin/users/import")
        .header("content-type", "text/csv")
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(file()))
        .unwrap();
    let breaking = async {
        let all = Span {
            after: None,
            limit: ROWS,
        };
        while store.users(None, &all, |_| true).await.unwrap().items.len() < 4 {}
        drop(dynamo);
    };
    let (response, ()) = tokio::join!(admin.respond(request), breaking);
    assert_eq!(response.status(), 200);
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    let report = serde_json::from_slice::<Value>(&body).unwrap()["data"].take();
    assert_eq!(report["interrupted"]["code"], "dependency_unavailable", "{report}");
    let created = report["created"].as_u64().unwrap();
    assert!((3..200).contains(&created), "{created}");
    assert_eq!(report["lines"].as_array().unwrap().len() as u64, created);
    assert_eq!(
        (&report["next_line"], &report["skipped"]),
        (&(created + 2).into(), &(200 - created).into())
    );
}

#[tokio::test]
async fn op7_a_file_has_five_mebibytes_at_most() {
    let installation = Installation::start().await;
    let token = installation.admin_token().await;
    for (length, status) in [(5 * 1024 * 1024, 400), (5 * 1024 * 1024 + 1, 413)] {
        let request = Request::post("/api/v1/admin/users/import")
            .header("content-type", "text/csv")
            .header("authorization", format!("Bearer {token}"))
            .body(Body::from(vec![b'x'; length]))
            .unwrap();
        assert_eq!(installation.admin.respond(request).await.status(), status);
    }
}
