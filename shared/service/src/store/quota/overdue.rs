//! What the janitor works on: meters with reservations that nobody has settled in time (promise 45).

use super::super::expression::Expression;
use super::super::keys;
use super::super::table::{DUE, PK, QUEUE, Table};
use super::super::{Store, StoreError, send};
use domain::access::quota::{LATEST_EXPIRY, Meter};
use domain::models::UserId;

impl Store {
    /// The users who may have a reservation that has expired, or that a clock which was wrong has made.
    pub async fn overdue_users(&self) -> Result<Vec<UserId>, StoreError> {
        let now = self.clock.now().as_second();
        let latest = now.saturating_add(LATEST_EXPIRY.as_secs());
        let mut users = self.users_due("#due <= :due", keys::due(now)).await?;
        users.extend(self.users_due("#due > :due", keys::due(latest)).await?);
        Ok(users)
    }

    /// The users who may have a reservation at all.
    pub async fn users_with_reservations(&self) -> Result<Vec<UserId>, StoreError> {
        self.users_due("#due <= :due", keys::END_OF_DUE.to_owned()).await
    }

    /// The users whose meters stand in the queue at such a second.
    async fn users_due(&self, condition: &str, second: String) -> Result<Vec<UserId>, StoreError> {
        let index = Table::Quota.indexes().first().map(|index| index.name);
        let due = Expression::new(format!("#queue = :queue AND {condition}"))
            .name("#queue", QUEUE)
            .name("#due", DUE)
            .text(":queue", keys::EXPIRY)
            .text(":due", second);
        let mut users = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .client
                .query()
                .table_name(self.table(Table::Quota))
                .set_index_name(index.map(str::to_owned));
            let request = request
                .key_condition_expression(&due.text)
                .set_expression_attribute_names(due.names());
            let request = request
                .set_expression_attribute_values(due.values())
                .set_exclusive_start_key(start);
            let page = send::query(request).await?;
            let owners = page.items.iter().flatten().filter_map(|item| item.get(PK)?.as_s().ok());
            users.extend(owners.filter_map(|pk| keys::meter_owner(pk)));
            start = page.last_evaluated_key;
            if start.is_none() {
                return Ok(users);
            }
        }
    }

    /// Puts the meter where the janitor has to look next, or out of the queue if it has neither reservations nor slices.
    /// One that was admitted meanwhile keeps the meter in its place, for the next run.
    pub async fn requeue(&self, user: &UserId, meter: &Meter) -> Result<(), StoreError> {
        let expiries = meter.reservations.values().map(|reservation| reservation.expires_at);
        let (change, condition) = match expiries.chain(meter.idle_at()).min() {
            Some(first) => (
                Expression::new("SET #due = :due")
                    .name("#due", DUE)
                    .text(":due", keys::due(first)),
                Expression::new("attribute_exists(#due) AND (size(r) > :none OR attribute_exists(f))")
                    .number(":none", 0),
            ),
            None => (
                Expression::new("REMOVE #queue, #due")
                    .name("#queue", QUEUE)
                    .name("#due", DUE),
                Expression::new("size(r) = :none AND attribute_not_exists(f)").number(":none", 0),
            ),
        };
        self.update_if::<Meter>(&keys::meter(user), change, condition)
            .await
            .map(|_| ())
    }
}
