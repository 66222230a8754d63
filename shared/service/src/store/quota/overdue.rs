//! What the janitor works on: meters with reservations that nobody has settled in time (promise 45).

use super::super::expression::Expression;
use super::super::keys;
use super::super::table::{DUE, PK, QUEUE, Table};
use super::super::{Store, StoreError, send};
use domain::access::quota::Meter;
use domain::models::UserId;

impl Store {
    /// The users who may have a reservation that has expired.
    pub async fn overdue_users(&self) -> Result<Vec<UserId>, StoreError> {
        self.users_due_by(keys::due(self.clock.now().as_second())).await
    }

    /// The users who may have a reservation at all.
    pub async fn users_with_reservations(&self) -> Result<Vec<UserId>, StoreError> {
        self.users_due_by(keys::END_OF_DUE.to_owned()).await
    }

    async fn users_due_by(&self, last: String) -> Result<Vec<UserId>, StoreError> {
        let index = Table::Quota.indexes().first().map(|index| index.name);
        let until = Expression::new("#queue = :queue AND #due <= :now")
            .name("#queue", QUEUE)
            .name("#due", DUE);
        let until = until.text(":queue", keys::EXPIRY).text(":now", last);
        let mut users = Vec::new();
        let mut start = None;
        loop {
            let request = self
                .client
                .query()
                .table_name(self.table(Table::Quota))
                .set_index_name(index.map(str::to_owned));
            let request = request
                .key_condition_expression(&until.text)
                .set_expression_attribute_names(until.names());
            let request = request
                .set_expression_attribute_values(until.values())
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

    /// Puts the meter where the first of its reservations expires, or out of the queue if it has none. One that was
    /// admitted meanwhile keeps the meter in its place, for the next run.
    pub async fn requeue(&self, user: &UserId, meter: &Meter) -> Result<(), StoreError> {
        let (change, condition) = match meter
            .reservations
            .values()
            .map(|reservation| reservation.expires_at)
            .min()
        {
            Some(first) => (
                Expression::new("SET #due = :due")
                    .name("#due", DUE)
                    .text(":due", keys::due(first)),
                Expression::new("attribute_exists(#due) AND size(r) > :none").number(":none", 0),
            ),
            None => (
                Expression::new("REMOVE #queue, #due")
                    .name("#queue", QUEUE)
                    .name("#due", DUE),
                Expression::new("size(r) = :none").number(":none", 0),
            ),
        };
        self.update_if::<Meter>(&keys::meter(user), change, condition)
            .await
            .map(|_| ())
    }
}
