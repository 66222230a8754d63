//! A backend's `max_concurrency`, in one process and across several.

use domain::models::BackendId;
use futures_util::future::join_all;
use harness::client::data;
use harness::provider::{Provider, Reply, openai};
use harness::{Gate, Gateway};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::failures::failure;

use super::hello;

#[tokio::test]
async fn a_backend_gets_no_more_requests_at_once_than_it_takes() {
    let (provider, gate) = (Provider::start(), Gate::new());
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &provider, &json!({"max_concurrency": 2}))
        .await;
    let program = gateway.program().await;
    for _ in 0..2 {
        provider.will(
            Reply::events()
                .event(&openai::chunk("Hel"))
                .wait(&gate)
                .event(&openai::chunk("lo"))
                .done(),
        );
    }
    let running: Vec<_> = join_all((0..2).map(|_| program.chat_stream("m").send())).await;
    let shown = data(gateway.admin().get("/api/v1/admin/backends"), 200).await;
    assert_eq!(shown[0]["health"]["under_way"], 2, "G7");
    let refused = failure(program.chat("m")).await;
    assert_eq!(
        (refused.status, refused.code(), refused.retry_after.as_deref()),
        (503, "no_backend_available", Some("5"))
    );
    let refused = failure(program.message("m")).await;
    assert_eq!((refused.status, refused.code()), (529, "overloaded_error"));
    gate.open();
    for answer in running {
        assert!(answer.unwrap().text().await.unwrap().ends_with("[DONE]\n\n"));
    }
    provider.will(hello());
    assert_eq!(
        program.chat("m").send().await.unwrap().status(),
        200,
        "the places are free again"
    );
}

#[tokio::test]
async fn op3_a_place_that_is_renewed_is_held_and_one_of_a_dead_process_is_not() {
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &Provider::start(), &json!({"id": "b"}))
        .await;
    let store = gateway.local().store().await.unwrap();
    let (backend, now) = (BackendId::parse("b").unwrap(), store.clock().now());
    let (past, future) = (now - SignedDuration::from_secs(1), now + SignedDuration::from_mins(5));
    let take = |until| store.take_lease(&backend, 2, until);
    let alive = take(past).await.unwrap().unwrap();
    let dead = take(past).await.unwrap().unwrap();
    assert!(store.renew_lease(&alive, future).await.unwrap());
    let other = take(future).await.unwrap().unwrap();
    assert!(
        !store.renew_lease(&dead, future).await.unwrap(),
        "another has its place"
    );
    assert!(take(future).await.unwrap().is_none());
    for lease in [&alive, &other] {
        store.give_lease_back(lease).await.unwrap();
    }
    assert!(
        !store.renew_lease(&alive, future).await.unwrap(),
        "what is given back is not taken anew"
    );
    let taken = store.leases_taken([&backend].into_iter()).await.unwrap();
    assert_eq!(taken[&backend], 0);
}

#[tokio::test]
async fn places_at_a_backend_are_counted_for_all_processes_together() {
    let gateway = Gateway::start().await;
    gateway
        .admin()
        .create_model_with("m", &Provider::start(), &json!({"id": "b"}))
        .await;
    let stores = [
        gateway.local().store().await.unwrap(),
        gateway.local().store().await.unwrap(),
    ];
    let backend = BackendId::parse("b").unwrap();
    let (past, future) = (
        Timestamp::UNIX_EPOCH,
        stores[0].clock().now() + SignedDuration::from_mins(5),
    );
    // A process that died has left places behind, whose time is over.
    for _ in 0..3 {
        assert!(stores[0].take_lease(&backend, 3, past).await.unwrap().is_some());
    }
    let tries = stores
        .iter()
        .cycle()
        .take(24)
        .map(|store| store.take_lease(&backend, 7, future));
    let leases: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(leases.len(), 7);
    assert!(stores[1].take_lease(&backend, 7, future).await.unwrap().is_none());
    stores[1].give_lease_back(&leases[0]).await.unwrap();
    stores[1].give_lease_back(&leases[0]).await.unwrap();
    assert!(stores[0].take_lease(&backend, 7, future).await.unwrap().is_some());
    assert!(stores[0].take_lease(&backend, 7, future).await.unwrap().is_none());
}
