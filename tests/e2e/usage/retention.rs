//! How long what is kept, that nothing is entered twice, and that nothing is lost when the tables change.

use std::ops::Range;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use domain::access::quota::{AdmissionRequest, Demand, Limits, StoredFacts};
use domain::clock::Clock;
use domain::models::policy::Policy;
use domain::models::rollup::Rollup;
use domain::models::sums::Sums;
use domain::models::utc_hour::UtcHour;
use domain::models::zone::Zone;
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
    dynamo: Dynamo,
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
            dynamo,
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
        let hours = UtcHour::of_day(date(2026, 1, 1), 0)..UtcHour::of_day(date(2028, 1, 1), 0);
        let sums = self
            .store
            .usage_sums(Whose::User(&self.user), &hours, |_, _| Some(()))
            .await
            .unwrap();
        (
            records.items.len(),
            sums.groups.get(&()).map_or(0, |sums: &Sums| sums.requests),
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
    let limits = Limits::from(&Policy::unlimited(PolicyName::default()));
    let now = books.store.clock().now();
    let request = AdmissionRequest {
        limits: &limits,
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

/// A row of before hours were kept.
async fn older_row(books: &Books) {
    let number = |value: &str| AttributeValue::N(value.to_owned());
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let row = [
        ("pk", text("rollup#u")),
        ("sk", text("2026-02-27#glm#k#b#")),
        ("day", text("2026-02-27")),
        ("user", text("u")),
        ("key", text("k")),
        ("model", text("glm")),
        ("backend", text("b")),
        ("shard", text("rollup#3")),
        ("ttl", number("1900000000")),
        ("requests", number("7")),
        ("errors", number("0")),
        ("estimated", number("0")),
        ("input_tokens", number("70")),
        ("cost", number("49")),
    ];
    let put = books.dynamo.client().put_item().table_name("t-usage");
    let put = row.into_iter().fold(put, |put, (name, value)| put.item(name, value));
    put.send().await.unwrap();
}

#[tokio::test]
async fn g4_rows_of_whole_days_keep_working_where_they_are_not_cut() {
    let books = Books::start().await;
    older_row(&books).await;
    books
        .store
        .record_usage(&record(json!({"at": "2026-02-28T08:00:00Z"})))
        .await
        .unwrap();
    let hour = |day, hour| UtcHour::of_day(date(2026, 2, day), hour);
    let sums = async |hours: Range<UtcHour>, zone: &str| {
        let zone = Zone::parse(zone).unwrap();
        let day = |row: &Rollup, hour: UtcHour| Some((row.of.user.clone(), hour.date_in(zone.rules())));
        let sums = books.store.usage_sums(Whose::Everybody, &hours, day).await.unwrap();
        let requests: Vec<u64> = sums.groups.values().map(|sums| sums.requests).collect();
        (requests, sums.undivided)
    };
    assert_eq!(sums(hour(27, 0)..hour(28, 23), "UTC").await, (vec![7, 1], None));
    assert_eq!(sums(hour(28, 0)..hour(28, 23), "UTC").await, (vec![1], None));
    let undivided = Some(date(2026, 2, 27));
    assert_eq!(sums(hour(27, 1)..hour(28, 23), "UTC").await, (vec![1], undivided));
    assert_eq!(
        sums(hour(27, 0)..hour(28, 23), "Asia/Shanghai").await,
        (vec![1], undivided)
    );
}
