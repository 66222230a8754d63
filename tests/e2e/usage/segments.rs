//! Records that were written together: lists show them among those that were written alone, as if there were no
//! difference.

use std::ops::RangeInclusive;
use std::time::Duration;

use domain::clock::Clock;
use domain::models::usage::UsageRecord;
use domain::models::{DisplayName, UserId};
use harness::dynamo::Dynamo;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use service::store::{Span, Store, UsageBatch, Whose};

use super::record;

const BEGIN: &str = "2026-03-01T08:00:00Z";
/// Milliseconds between two records.
const STEP: i64 = 100;

async fn store() -> (Dynamo, Store) {
    let dynamo = Dynamo::start("t-").await;
    let clock = Clock::fixed("2026-03-10T12:00:00Z".parse().unwrap());
    let store = Store::new(dynamo.client().clone(), "t-", clock);
    (dynamo, store)
}

/// So many records of two people in turns, one of whom has a department.
fn records(count: i64) -> Vec<UsageRecord> {
    let begin: Timestamp = BEGIN.parse().unwrap();
    let one = |number: i64| {
        let at = (begin + SignedDuration::from_millis(STEP * number)).to_string();
        let model = ["glm", "kimi", "qwen"][usize::try_from(number % 3).unwrap()];
        if number % 2 == 0 {
            record(json!({"user": "ann", "at": at, "model": model, "department": "Research", "cost": number}))
        } else {
            record(json!({"user": "bob", "at": at, "model": model, "cost": number}))
        }
    };
    (0..count).map(one).collect()
}

/// Writes them as several processes would: some alone, the others in three batches at once, of any order.
async fn write(store: &Store, records: &[UsageRecord]) {
    let mut batches = [(); 3].map(|()| UsageBatch::default());
    for (number, record) in records.iter().enumerate().rev() {
        if number % 5 == 0 {
            store.record_usage(record).await.unwrap();
        } else {
            let batch = &mut batches[number * 7 % 3];
            assert!(batch.has_room());
            batch.add(record.clone(), Some(30));
        }
    }
    for batch in &batches {
        store.record_batch(batch).await.unwrap();
        // As after an answer that was lost.
        store.record_batch(batch).await.unwrap();
    }
}

/// All records, page by page.
async fn read(
    store: &Store,
    whose: Whose<'_>,
    limit: usize,
    time: RangeInclusive<Timestamp>,
    keep: impl Fn(&UsageRecord) -> bool,
) -> Vec<UsageRecord> {
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let span = Span { after, limit };
        let page = store.usage_records(whose, &time, &span, &keep).await.unwrap();
        assert!(page.items.len() <= limit);
        read.extend(page.items);
        after = page.next;
        if after.is_none() {
            return read;
        }
    }
}

fn ever() -> RangeInclusive<Timestamp> {
    Timestamp::UNIX_EPOCH..=Timestamp::MAX
}

#[tokio::test]
async fn p57_pages_lose_and_double_none_of_what_was_written_together() {
    let (_dynamo, store) = store().await;
    let mut records = records(150);
    write(&store, &records).await;
    records.reverse();
    let (ann, research) = (UserId::parse("ann").unwrap(), DisplayName::parse("Research").unwrap());
    let of_ann: Vec<_> = records
        .iter()
        .filter(|record| record.request.user == ann)
        .cloned()
        .collect();
    for limit in [7, 40, 200] {
        assert_eq!(
            read(&store, Whose::Everybody, limit, ever(), |_| true).await,
            records,
            "{limit}"
        );
        assert_eq!(
            read(&store, Whose::User(&ann), limit, ever(), |_| true).await,
            of_ann,
            "{limit}"
        );
        assert_eq!(
            read(&store, Whose::Department(&research), limit, ever(), |_| true).await,
            of_ann,
            "{limit}"
        );
    }
}

#[tokio::test]
async fn g19_filters_and_times_hold_among_what_was_written_together() {
    let (_dynamo, store) = store().await;
    let mut records = records(150);
    write(&store, &records).await;
    records.reverse();
    let at = |millis| BEGIN.parse::<Timestamp>().unwrap() + SignedDuration::from_millis(millis);
    for (first, last) in [(1_000, 9_000), (4_050, 4_250), (5_010, 5_020), (STEP * 49, STEP * 49)] {
        let time = at(first)..=at(last);
        let keep = |record: &UsageRecord| record.request.model.as_str() == "kimi";
        let expected: Vec<_> = records
            .iter()
            .filter(|record| time.contains(&record.request.at) && keep(record))
            .cloned()
            .collect();
        for limit in [3, 100] {
            let found = read(&store, Whose::Everybody, limit, time.clone(), keep).await;
            assert_eq!(found, expected, "{time:?} {limit}");
        }
    }
}

#[tokio::test]
async fn p57_what_was_written_together_goes_after_its_days() {
    let (_dynamo, store) = store().await;
    let records = records(10);
    let mut batch = UsageBatch::default();
    for (number, record) in records.iter().enumerate() {
        batch.add(record.clone(), Some(if number < 4 { 20 } else { 30 }));
    }
    store.record_batch(&batch).await.unwrap();
    for (days, left) in [(0, 10), (11, 6), (10, 0)] {
        store.clock().advance(Duration::from_secs(days * 24 * 60 * 60));
        let found = read(&store, Whose::Everybody, 100, ever(), |_| true).await;
        assert_eq!(found.len(), left, "{days}");
    }
}

#[tokio::test]
async fn a_batch_is_full_before_its_transaction_is() {
    let (dynamo, store) = store().await;
    let all = records(20_000);
    let mut batch = UsageBatch::default();
    let fitting: Vec<_> = all
        .iter()
        .take_while(|record| {
            let has_room = batch.has_room();
            if has_room {
                batch.add((*record).clone(), Some(30));
            }
            has_room
        })
        .collect();
    assert!((300..5000).contains(&fitting.len()), "{}", fitting.len());
    store.record_batch(&batch).await.unwrap();
    let items = dynamo.client().query().table_name("t-usage");
    let items = items.key_condition_expression("pk = :pk").expression_attribute_values(
        ":pk",
        aws_sdk_dynamodb::types::AttributeValue::S("segment#ann".to_owned()),
    );
    let segments = items.send().await.unwrap().count();
    assert!((2..60).contains(&segments), "{segments} segments");
    assert_eq!(
        read(&store, Whose::Everybody, 200, ever(), |_| true).await.len(),
        fitting.len()
    );
}
