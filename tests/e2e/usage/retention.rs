//! How long what is kept, that nothing is entered twice, and that nothing is lost when the tables change.

use std::time::Duration;

use aws_sdk_dynamodb::types::{DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::access::quota::{AdmissionRequest, Demand, StoredFacts};
use domain::clock::Clock;
use domain::models::policy::Policy;
use domain::models::usage::Sums;
use domain::models::{PolicyName, UsageId, UserId};
use dynoxide::Database;
use harness::dynamo::Dynamo;
use jiff::Timestamp;
use jiff::civil::date;
use local::embedded::EmbeddedClient;
use serde_json::json;
use service::store::table::create_tables;
use service::store::{Span, Store, Whose};

use super::record;

/// In seconds.
const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

struct Books {
    _dynamo: Dynamo,
    store: Store,
    user: UserId,
}

impl Books {
    async fn start() -> Self {
        let dynamo = Dynamo::start("t-").await;
        let store = Store::new(
            dynamo.client().clone(),
            "t-",
            Clock::fixed("2026-03-01T08:00:00Z".parse().unwrap()),
        );
        Self {
            _dynamo: dynamo,
            store,
            user: UserId::parse("u").unwrap(),
        }
    }

    /// How many records there are, and how many requests the sums have.
    async fn counts(&self) -> (usize, u64) {
        let span = Span {
            after: None,
            limit: 100,
        };
        let time = Timestamp::UNIX_EPOCH..=Timestamp::MAX;
        let records = self
            .store
            .usage_records(Whose::Everybody, &time, &span, |_| true)
            .await
            .unwrap();
        let own = self
            .store
            .usage_records(Whose::User(&self.user), &time, &span, |_| true)
            .await
            .unwrap();
        assert_eq!(records, own);
        let days = date(2026, 1, 1)..=date(2027, 12, 31);
        let sums = self
            .store
            .usage_sums(Whose::User(&self.user), &days, |_| Some(()))
            .await
            .unwrap();
        (
            records.items.len(),
            sums.get(&()).map_or(0, |sums: &Sums| sums.requests),
        )
    }
}

#[tokio::test]
async fn p44_a_record_is_entered_once() {
    let books = Books::start().await;
    let record = record(json!({"at": "2026-03-01T08:00:00Z"}));
    for _ in 0..3 {
        books.store.record_usage(&record).await.unwrap();
    }
    assert_eq!(books.counts().await, (1, 1));
}

#[tokio::test]
async fn p57_records_go_after_log_retention_days_and_sums_after_400() {
    let books = Books::start().await;
    books
        .store
        .record_usage(&record(json!({"at": "2026-03-01T08:00:00Z"})))
        .await
        .unwrap();
    books.store.clock().advance(Duration::from_secs(30 * DAY - 1));
    assert_eq!(books.counts().await, (1, 1));
    books.store.clock().advance(Duration::from_secs(1));
    assert_eq!(books.counts().await, (0, 1));
    books
        .store
        .clock()
        .advance(Duration::from_secs(370 * DAY - 8 * HOUR - 1));
    assert_eq!(books.counts().await, (0, 1));
    books.store.clock().advance(Duration::from_secs(1));
    assert_eq!(books.counts().await, (0, 0));
}

#[tokio::test]
async fn p45_what_the_janitor_enters_is_kept_as_the_settings_said_at_admission() {
    let books = Books::start().await;
    let facts = StoredFacts {
        at: 1_772_352_000_000,
        kept_days: Some(3),
        ..StoredFacts::fixture()
    };
    let policy = Policy::unlimited(PolicyName::default());
    let now = books.store.clock().now();
    let request = AdmissionRequest {
        policy: &policy,
        demand: Demand::default(),
        facts: &facts,
        now,
        expires_at: now.as_second() + 900,
    };
    books
        .store
        .admit(&books.user, &UsageId::generate(now), &request)
        .await
        .unwrap();
    books.store.clock().advance(Duration::from_secs(3 * DAY - 1));
    janitor::settle_overdue(&janitor::App::new(books.store.clone()))
        .await
        .unwrap();
    assert_eq!(books.counts().await, (1, 1));
    books.store.clock().advance(Duration::from_secs(1));
    assert_eq!(books.counts().await, (0, 1));
}

#[tokio::test]
async fn a_table_of_an_older_version_gets_the_index_that_it_lacks() {
    let client =
        service::aws::embedded_dynamodb(SharedHttpClient::new(EmbeddedClient::new(Database::memory().unwrap())));
    create_tables(&client, "t-").await.unwrap();
    let gone = DeleteGlobalSecondaryIndexAction::builder()
        .index_name("everybody")
        .build()
        .unwrap();
    let older = client.update_table().table_name("t-usage");
    older
        .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().delete(gone).build())
        .send()
        .await
        .unwrap();
    let store = Store::new(
        client.clone(),
        "t-",
        Clock::fixed("2026-03-01T08:00:00Z".parse().unwrap()),
    );
    store
        .record_usage(&record(json!({"at": "2026-03-01T08:00:00Z"})))
        .await
        .unwrap();
    create_tables(&client, "t-").await.unwrap();
    let (time, span) = (
        Timestamp::UNIX_EPOCH..=Timestamp::MAX,
        Span {
            after: None,
            limit: 100,
        },
    );
    assert_eq!(
        store
            .usage_records(Whose::Everybody, &time, &span, |_| true)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}
