//! Records of usage that are stored together, in one attribute: those of one person, of requests that began close to
//! one another (docs/decisions/0088-records-of-a-flush-are-packed.md).
//!
//! What many of them have in common is there once. Members and variants have no names there, so none may change its
//! place or its type; a new member comes last, and says what it is where the bytes end before it. Bytes behind those
//! that are known are of a later version, and are passed over.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::circumstances::{BackendCall, Circumstances};
use super::price::MicroUsd;
use super::tokens::Tokens;
use super::usage::{ClientKind, Endpoint, Outcome, RequestFacts, UsageRecord};
use super::{BackendId, DisplayName, Email, KeyId, ModelId, PolicyName, RequestId, UsageId, UserId};

/// How many digits of their ids the records of a segment have in common: all but the last three of the time in
/// milliseconds, so that they began within 4.096 s.
const PLACE_DIGITS: usize = 9;

/// Whose records a segment has, and of which time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SegmentOf {
    pub user: UserId,
    pub department: Option<DisplayName>,
    pub kept_days: u32,
    /// The beginning of the ids.
    place: String,
}

/// A segment that is being filled.
#[derive(Clone, Debug)]
pub struct Segment {
    newest: (UsageId, Timestamp),
    kinds: Vec<Kind>,
    packed: Vec<u8>,
}

/// The reason why records cannot be packed, or bytes are no segment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct SegmentError(#[from] postcard::Error);

/// A part of the bytes, behind its length.
#[derive(Serialize, Deserialize)]
enum Part {
    /// Gets the next number, counted from 0.
    Kind(Kind),
    Row(Row),
}

/// The members that requests which are alike have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kind {
    key: KeyId,
    model: ModelId,
    endpoint: Endpoint,
    client: ClientKind,
    streamed: bool,
    backend: Option<BackendId>,
    user_name: Option<DisplayName>,
    user_email: Option<Email>,
    key_prefix: Option<String>,
    policy: Option<PolicyName>,
    asked_model: Option<String>,
}

/// The members that a request has for itself. Times are in nanoseconds since 1970.
#[derive(Serialize, Deserialize)]
struct Row {
    /// The number of its kind.
    kind: usize,
    id: UsageId,
    request_id: RequestId,
    at: i128,
    status: u16,
    outcome: Outcome,
    tokens: Tokens,
    estimated: bool,
    cost: MicroUsd,
    price: Option<i128>,
    duration_ms: u64,
    first_byte_ms: Option<u64>,
    code: Option<String>,
    attempts: Vec<BackendCall>,
}

impl SegmentOf {
    /// The segment that the record belongs to, kept for so many days.
    pub fn record(record: &UsageRecord, kept_days: u32) -> Self {
        Self {
            user: record.request.user.clone(),
            department: record.request.department.clone(),
            kept_days,
            place: place(record.id.as_str()).to_owned(),
        }
    }
}

/// The beginning of all ids that may be in one segment with this one.
pub fn place(id: &str) -> &str {
    id.get(..PLACE_DIGITS).unwrap_or(id)
}

impl Segment {
    /// A segment of one record.
    pub fn new(record: UsageRecord) -> Result<Self, SegmentError> {
        let mut segment = Self {
            newest: (record.id.clone(), record.request.at),
            kinds: Vec::new(),
            packed: Vec::new(),
        };
        segment.add(record)?;
        Ok(segment)
    }

    /// Adds a record of the same [`SegmentOf`]. Returns the bytes that it takes.
    pub fn add(&mut self, record: UsageRecord) -> Result<usize, SegmentError> {
        let before = self.packed.len();
        if record.id > self.newest.0 {
            self.newest = (record.id.clone(), record.request.at);
        }
        let kind = Kind::of(&record);
        let known = self.kinds.iter().rposition(|known| *known == kind);
        let number = known.unwrap_or(self.kinds.len());
        if known.is_none() {
            self.kinds.push(kind.clone());
            self.append(&Part::Kind(kind))?;
        }
        self.append(&Part::Row(Row::of(record, number)))?;
        Ok(self.packed.len() - before)
    }

    fn append(&mut self, part: &Part) -> Result<(), SegmentError> {
        let part = postcard::to_allocvec(part)?;
        let length = postcard::to_allocvec(&part.len())?;
        self.packed.extend(length);
        self.packed.extend(part);
        Ok(())
    }

    /// The highest id in it, and when its request came.
    pub fn newest(&self) -> (&UsageId, Timestamp) {
        (&self.newest.0, self.newest.1)
    }

    /// All of its records.
    pub fn packed(&self) -> &[u8] {
        &self.packed
    }
}

/// The records of the packed segment of this user and department, in no order.
pub fn unpacked(
    user: &UserId,
    department: Option<&DisplayName>,
    mut packed: &[u8],
) -> Result<Vec<UsageRecord>, SegmentError> {
    let (mut kinds, mut records) = (Vec::new(), Vec::new());
    while !packed.is_empty() {
        let (part, rest) = postcard::take_from_bytes::<&[u8]>(packed)?;
        packed = rest;
        match postcard::take_from_bytes(part)?.0 {
            Part::Kind(kind) => kinds.push(kind),
            Part::Row(row) => {
                let kind: &Kind = kinds.get(row.kind).ok_or(postcard::Error::DeserializeBadEncoding)?;
                records.push(joined((user, department), kind.clone(), row)?);
            }
        }
    }
    Ok(records)
}

impl Kind {
    fn of(record: &UsageRecord) -> Self {
        let (request, circumstances) = (&record.request, &record.circumstances);
        Self {
            key: request.key.clone(),
            model: request.model.clone(),
            endpoint: request.endpoint,
            client: request.client,
            streamed: request.streamed,
            backend: record.backend.clone(),
            user_name: circumstances.user_name.clone(),
            user_email: circumstances.user_email.clone(),
            key_prefix: circumstances.key_prefix.clone(),
            policy: circumstances.policy.clone(),
            asked_model: circumstances.asked_model.clone(),
        }
    }
}

impl Row {
    fn of(record: UsageRecord, kind: usize) -> Self {
        Self {
            kind,
            id: record.id,
            request_id: record.request.request_id,
            at: record.request.at.as_nanosecond(),
            status: record.status,
            outcome: record.outcome,
            tokens: record.tokens,
            estimated: record.estimated,
            cost: record.cost,
            price: record.price.map(Timestamp::as_nanosecond),
            duration_ms: record.duration_ms,
            first_byte_ms: record.first_byte_ms,
            code: record.circumstances.code,
            attempts: record.circumstances.attempts,
        }
    }
}

/// The record of a row and its kind.
fn joined(
    (user, department): (&UserId, Option<&DisplayName>),
    kind: Kind,
    row: Row,
) -> Result<UsageRecord, SegmentError> {
    Ok(UsageRecord {
        id: row.id,
        request: RequestFacts {
            request_id: row.request_id,
            at: time(row.at)?,
            user: user.clone(),
            key: kind.key,
            department: department.cloned(),
            model: kind.model,
            endpoint: kind.endpoint,
            client: kind.client,
            streamed: kind.streamed,
        },
        backend: kind.backend,
        status: row.status,
        outcome: row.outcome,
        tokens: row.tokens,
        estimated: row.estimated,
        cost: row.cost,
        price: row.price.map(time).transpose()?,
        duration_ms: row.duration_ms,
        first_byte_ms: row.first_byte_ms,
        circumstances: Circumstances {
            user_name: kind.user_name,
            user_email: kind.user_email,
            key_prefix: kind.key_prefix,
            policy: kind.policy,
            asked_model: kind.asked_model,
            code: row.code,
            attempts: row.attempts,
        },
    })
}

fn time(nanoseconds: i128) -> Result<Timestamp, SegmentError> {
    Timestamp::from_nanosecond(nanoseconds).map_err(|_| postcard::Error::DeserializeBadEncoding.into())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::{Value, json};

    use super::*;

    const ID: &str = "019aafd0c07b7f3cb1e5c1ed2ad1a1f5";

    /// A record with these members over those of an ordinary one.
    fn record(members: Value) -> UsageRecord {
        let mut record = json!({
            "id": ID, "request_id": "019aafd0-c07b-7f3c-b1e5-c1ed2ad1a1f5", "at": "2026-03-01T10:00:00.123456789Z",
            "user": "u", "key": ID, "model": "claude-sonnet-4.5", "endpoint": "chat_completions",
            "client": "anthropic_sdk", "streamed": true, "backend": ID, "status": 200, "outcome": "complete",
            "input_tokens": 123_456, "cached_input_tokens": 112_345, "cache_write_tokens": 10_000,
            "cache_write_1h_tokens": 7, "output_tokens": 12_345, "reasoning_tokens": 2345, "estimated": false,
            "cost": 123_456, "duration_ms": 123_456, "first_byte_ms": 1234, "user_name": "Ann",
            "user_email": "ann@example.com", "key_prefix": "sk-tg-abcdef", "policy": "engineering"
        });
        if let Value::Object(members) = members {
            record.as_object_mut().unwrap().extend(members);
        }
        serde_json::from_value(record).unwrap()
    }

    /// Two of one kind, and two that have what records can have, and what they need not.
    fn records() -> Vec<UsageRecord> {
        let calls = json!([{"b": "b1", "r": "timeout", "m": 12_345}, {"b": "b2", "r": "ok", "m": 5}]);
        vec![
            record(json!({})),
            record(json!({"id": "019aafd0c07b7f3cb1e5c1ed2ad1a1f6", "cost": 0, "estimated": true})),
            record(json!({
                "id": "019aafd0cfffffffffffffffffffffff", "price": "2026-01-01T00:00:00Z", "code": "upstream_timeout",
                "attempts": calls, "asked_model": "claude-sonnet-latest", "client": "of_a_later_version"
            })),
            record(json!({
                "id": "019aafd0c00000000000000000000000", "backend": null, "first_byte_ms": null, "user_name": null,
                "user_email": null, "key_prefix": null, "policy": null, "outcome": "failed", "status": 503
            })),
        ]
    }

    fn segment(records: Vec<UsageRecord>) -> Segment {
        let mut records = records.into_iter();
        let mut segment = Segment::new(records.next().unwrap()).unwrap();
        for record in records {
            segment.add(record).unwrap();
        }
        segment
    }

    fn read(packed: &[u8]) -> Result<Vec<UsageRecord>, SegmentError> {
        unpacked(&UserId::parse("u").unwrap(), None, packed)
    }

    #[test]
    fn g13_records_are_read_as_they_were_written() {
        let segment = segment(records());
        assert_eq!(read(segment.packed()).unwrap(), records());
        assert_eq!(segment.newest().0, &records()[2].id);
    }

    #[test]
    fn a_record_more_of_a_kind_takes_at_most_110_bytes() {
        let one = segment(records()[..1].to_vec());
        let two = segment(records()[..2].to_vec());
        let more = two.packed().len() - one.packed().len();
        assert!(more <= 110, "{more}");
    }

    #[test]
    fn records_of_one_person_and_time_share_a_segment() {
        let of = |members| SegmentOf::record(&record(members), 30);
        let first = of(json!({}));
        assert_eq!(
            first,
            of(json!({"id": "019aafd0cfffffffffffffffffffffff", "model": "glm"}))
        );
        for other in [
            json!({"id": "019aafd0d00000000000000000000000"}),
            json!({"user": "v"}),
            json!({"department": "Research"}),
        ] {
            assert_ne!(first, of(other));
        }
        assert_ne!(first, SegmentOf::record(&record(json!({})), 31));
    }

    /// What this version makes of [`records`]: later ones have to read it.
    const PACKED: &str = concat!(
        "iwEAIDAxOWFhZmQwYzA3YjdmM2NiMWU1YzFlZDJhZDFhMWY1EWNsYXVkZS1zb25uZXQtNC41AAEBASAwMTlhYWZkMGMwN2I3ZjNjYjFl",
        "NWMxZWQyYWQxYTFmNQEDQW5uAQ9hbm5AZXhhbXBsZS5jb20BDHNrLXRnLWFiY2RlZgELZW5naW5lZXJpbmcAbgEAIDAxOWFhZmQwYzA3",
        "YjdmM2NiMWU1YzFlZDJhZDFhMWY1JDAxOWFhZmQwLWMwN2ItN2YzYy1iMWU1LWMxZWQyYWQxYTFmNaq0iJyr09eYMcgBAMDEB9ntBpBO",
        "B7lgqRIAwMQHAMDEBwHSCQAAbAEAIDAxOWFhZmQwYzA3YjdmM2NiMWU1YzFlZDJhZDFhMWY2JDAxOWFhZmQwLWMwN2ItN2YzYy1iMWU1",
        "LWMxZWQyYWQxYTFmNaq0iJyr09eYMcgBAMDEB9ntBpBOB7lgqRIBAADAxAcB0gkAAKABACAwMTlhYWZkMGMwN2I3ZjNjYjFlNWMxZWQy",
        "YWQxYTFmNRFjbGF1ZGUtc29ubmV0LTQuNQAMAQEgMDE5YWFmZDBjMDdiN2YzY2IxZTVjMWVkMmFkMWExZjUBA0FubgEPYW5uQGV4YW1w",
        "bGUuY29tAQxzay10Zy1hYmNkZWYBC2VuZ2luZWVyaW5nARRjbGF1ZGUtc29ubmV0LWxhdGVzdJwBAQEgMDE5YWFmZDBjZmZmZmZmZmZm",
        "ZmZmZmZmZmZmZmZmZmYkMDE5YWFmZDAtYzA3Yi03ZjNjLWIxZTUtYzFlZDJhZDFhMWY1qrSInKvT15gxyAEAwMQH2e0GkE4HuWCpEgDA",
        "xAcBgIDQ372UuYYxwMQHAdIJARB1cHN0cmVhbV90aW1lb3V0AgJiMQd0aW1lb3V0uWACYjICb2sFPQAgMDE5YWFmZDBjMDdiN2YzY2Ix",
        "ZTVjMWVkMmFkMWExZjURY2xhdWRlLXNvbm5ldC00LjUAAQEAAAAAAABsAQIgMDE5YWFmZDBjMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAk",
        "MDE5YWFmZDAtYzA3Yi03ZjNjLWIxZTUtYzFlZDJhZDFhMWY1qrSInKvT15gx9wMEwMQH2e0GkE4HuWCpEgDAxAcAwMQHAAAA"
    );

    #[test]
    fn the_form_of_segments_does_not_change() {
        assert_eq!(STANDARD.encode(segment(records()).packed()), PACKED);
    }

    #[test]
    fn what_a_later_version_adds_behind_is_passed_over() {
        let mut later = Vec::new();
        let mut packed = segment(records()).packed().to_vec();
        while !packed.is_empty() {
            let (part, rest) = postcard::take_from_bytes::<&[u8]>(&packed).unwrap();
            let part = [part, &[1, 2, 3]].concat();
            later.extend(postcard::to_allocvec(&part.len()).unwrap());
            later.extend(part);
            packed = rest.to_vec();
        }
        assert_eq!(read(&later).unwrap(), records());
    }

    #[test]
    fn what_is_no_segment_is_an_error() {
        let packed = segment(records()).packed().to_vec();
        assert!(read(&packed[..packed.len() - 1]).is_err());
        assert!(read(&[3, 9, 9, 9]).is_err());
        let kindless = segment(records()[..2].to_vec());
        let first = postcard::take_from_bytes::<&[u8]>(kindless.packed()).unwrap();
        assert!(read(first.1).is_err());
    }
}
