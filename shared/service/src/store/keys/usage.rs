//! The keys of usage: records, sums, and findings of shadow mode.

use jiff::Timestamp;

use domain::models::rollup::Dimensions;
use domain::models::shadow::Finding;
use domain::models::usage::UsageRecord;
use domain::models::{BackendId, DisplayName, ModelId, PolicyName, UsageId, UserId};

use super::key::Key;
use crate::store::table::Table;

/// Kinds of items in the table of usage: records, records that were written together, and rows of sums.
pub(in crate::store) const LOG: &str = "log";
pub(in crate::store) const SEGMENT: &str = "segment";
pub(in crate::store) const ROLLUP: &str = "rollup";

/// A partition of an index takes a thousand writes a second, and the time-ordered keys of usage cannot be split any
/// further: so many partitions share them.
pub(in crate::store) const SHARDS: u32 = 8;

pub(in crate::store) fn usage_record(record: &UsageRecord) -> Key {
    Key::new(Table::Usage, usage_of(LOG, &record.request.user), record.id.as_str())
}

/// Of records that were written together, by the newest of them.
pub(in crate::store) fn segment(user: &UserId, newest: &UsageId) -> Key {
    Key::new(Table::Usage, usage_of(SEGMENT, user), newest.as_str())
}

/// Before all ids that were made at `at` or later.
pub(in crate::store) fn usage_ids_from(at: Timestamp) -> String {
    format!("{:012x}", at.as_millisecond().max(0))
}

/// Behind all ids that were made at `at` or earlier: no hexadecimal digit comes after `f`.
pub(in crate::store) fn usage_ids_until(at: Timestamp) -> String {
    format!("{:012x}g", at.as_millisecond().max(0))
}

/// The row of sums of four hours of a day, model, key, backend and department. The department is last: it may hold any
/// character. Rows of whole days, of before hours were kept, have no `T` with an hour behind the day.
pub(in crate::store) fn rollup(of: &Dimensions) -> Key {
    let hour = of.from_hour.map(|hour| format!("T{hour:02}")).unwrap_or_default();
    let model = of.model.as_ref().map_or("", ModelId::as_str);
    let backend = of.backend.as_ref().map_or("", BackendId::as_str);
    let department = of.department.as_ref().map_or("", DisplayName::as_str);
    let sk = format!("{}{hour}#{model}#{}#{backend}#{department}", of.day, of.key);
    Key::new(Table::Usage, usage_of(ROLLUP, &of.user), sk)
}

/// The key of what a policy in shadow mode would have refused one person on one UTC day for one limit.
pub(in crate::store) fn finding(finding: &Finding) -> Key {
    let sk = format!("{}#{}#{}", finding.day, finding.limit, finding.user);
    Key::new(Table::Usage, findings_of(&finding.policy), sk)
}

/// The partition of one policy's findings.
pub(in crate::store) fn findings_of(policy: &PolicyName) -> String {
    format!("shadow#{policy}")
}

/// The partition of one person's records or sums.
pub(in crate::store) fn usage_of(kind: &str, user: &UserId) -> String {
    format!("{kind}#{user}")
}

/// Which of the [`SHARDS`] of an index an item is in.
pub(in crate::store) fn shard_number(key: &Key) -> u32 {
    crc32fast::hash(key.sk.as_bytes()) % SHARDS
}

/// A partition of everybody's records or sums.
pub(in crate::store) fn shard(kind: &str, number: u32) -> String {
    format!("{kind}#{number}")
}

/// A partition of a department's records or sums.
pub(in crate::store) fn department_shard(kind: &str, number: u32, department: &str) -> String {
    format!("{kind}#{number}#{department}")
}
