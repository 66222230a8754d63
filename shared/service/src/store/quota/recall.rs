//! Recalls: what the owner of a limit cannot lend is taken from users who have some of it left.

use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::super::expression::Expression;
use super::super::item::Select;
use super::super::keys;
use super::super::table::{PARENT, Table};
use super::super::transaction::Commit;
use super::super::{Store, StoreError};
use super::borrower::Borrower;
use super::slices;
use domain::access::quota::{self, Exhausted, Meter, Need, Offer, Owner, Receipt, Share, Shortage};
use domain::models::UserId;
use domain::models::limit::Slot;
use serde::Deserialize;

/// The number of meters that are read at once.
const AT_ONCE: usize = 50;
/// The time for which it is believed that nobody has, while the owner is as it was.
const BELIEVED: SignedDuration = SignedDuration::from_secs(1);

/// The end of a recall.
pub(super) enum Recalled {
    /// Something has moved: there may be enough now.
    Look,
    /// All together have too little left; what they have.
    Nothing(Share),
}

/// A key of the index of meters by the account above.
#[derive(Deserialize)]
struct Holder {
    pk: String,
}

impl Store {
    /// What was found a moment ago by who wanted no more than is missing now, while the owner was as it is.
    fn found_before(&self, need: &Need<'_>, shortage: &Shortage, now: Timestamp) -> Option<Share> {
        let found = self.memory.exhausted.get(&need.rule.slot)?;
        let is_fresh = now >= found.at && now.duration_since(found.at) < BELIEVED;
        let is_same = found.shortage.is_same(shortage) && found.shortage.missing() <= shortage.missing();
        (is_fresh && is_same).then_some(found.share)
    }

    /// Takes from others what the owner cannot lend. Who cannot get enough takes nothing.
    pub(super) async fn recall(
        &self,
        borrower: Borrower<'_>,
        need: &Need<'_>,
        shortage: &Shortage,
    ) -> Result<Recalled, StoreError> {
        let now = self.clock.now();
        if let Some(share) = self.found_before(need, shortage, now) {
            return Ok(Recalled::Nothing(share));
        }
        let (rule, number) = (need.rule, shortage.number);
        let holders = self.holders(&rule.owner).await?;
        let others: Vec<(UserId, Meter)> = holders
            .iter()
            .filter(|(user, _)| user != borrower.user)
            .cloned()
            .collect();
        if is_stale(borrower, &holders, &rule.slot) {
            return Ok(Recalled::Look);
        }
        let takes = quota::recalled(&others, &rule.slot, number, shortage.missing());
        if !takes.is_empty() {
            self.take_all(borrower, need, shortage, &takes).await?;
            return Ok(Recalled::Look);
        }
        if !self.is_as_it_was(borrower, need, shortage).await? {
            return Ok(Recalled::Look);
        }
        let meters = holders.iter().map(|(_, meter)| meter);
        let share = Share::of(meters, (&rule.slot, rule.measure.unit()), number);
        let found = Exhausted {
            at: now,
            shortage: shortage.clone(),
            share,
        };
        self.memory.exhausted.insert(rule.slot.clone(), Arc::new(found));
        Ok(Recalled::Nothing(share))
    }

    /// Moves from each of the others to the borrower, in a transaction each. Who has less by then gives nothing.
    async fn take_all(
        &self,
        borrower: Borrower<'_>,
        need: &Need<'_>,
        shortage: &Shortage,
        takes: &[(&UserId, i64)],
    ) -> Result<(), StoreError> {
        let mut meter = borrower.meter.cloned();
        for (other, amount) in takes {
            let known = meter.clone().unwrap_or_default();
            let receipt = Receipt::of_recall(&known, need, shortage, *amount, borrower.now);
            let with = Borrower {
                meter: meter.as_ref(),
                ..borrower
            };
            let (change, condition) = with.receive(&[&receipt])?;
            let transaction = self
                .transaction()
                .update(&keys::meter(borrower.user), change, condition)?;
            let (change, condition) = slices::hand_over(&need.rule.slot, shortage.number, *amount);
            let commit = transaction
                .update(&keys::meter(other), change, condition)?
                .commit()
                .await?;
            match commit {
                Commit::Done => {
                    let meter = meter.get_or_insert_default();
                    receipt.apply(meter);
                    meter.parent = Some(borrower.parent.clone());
                }
                // The borrower's own meter is other than it was read.
                commit if commit.refused_at(0) => return Ok(()),
                Commit::Refused(_) => {}
            }
        }
        Ok(())
    }

    /// True if the owner has lent, and may lend, what it had when the recall began.
    async fn is_as_it_was(
        &self,
        borrower: Borrower<'_>,
        need: &Need<'_>,
        shortage: &Shortage,
    ) -> Result<bool, StoreError> {
        let owner = self.owner_meter(&need.rule.owner).await?;
        let empty = Meter::default();
        let now = quota::offer(&owner, borrower.meter.unwrap_or(&empty), need, borrower.now);
        Ok(matches!(now, Offer::Short(now) if now.is_same(shortage)))
    }

    /// The users who may hold something of the limits of `owner`, with their meters.
    pub async fn holders(&self, owner: &Owner) -> Result<Vec<(UserId, Meter)>, StoreError> {
        let mut users = self.held_through(owner).await?;
        if *owner == Owner::Organisation {
            for department in &self.read_budgets().await?.departments {
                users.extend(self.held_through(&Owner::of(department)).await?);
            }
        }
        let mut holders = Vec::new();
        for some in users.chunks(AT_ONCE) {
            let meters = some.iter().map(|user| self.meter(user));
            let meters = try_join_all(meters).await?;
            let found = some
                .iter()
                .zip(meters)
                .filter_map(|(user, meter)| Some((user.clone(), meter?)));
            holders.extend(found);
        }
        Ok(holders)
    }

    /// The users right below `parent` who hold something of limits above them.
    async fn held_through(&self, parent: &Owner) -> Result<Vec<UserId>, StoreError> {
        let select = Select {
            table: Table::Quota,
            index: Table::Quota.indexes().iter().find(|index| index.name == "holder"),
            expected: Expression::new("#holder = :holder")
                .name("#holder", PARENT)
                .text(":holder", parent.to_string()),
            newest_first: false,
            limit: None,
        };
        let mut users = Vec::new();
        self.each(&select, |Holder { pk }| users.extend(keys::meter_owner(&pk)))
            .await?;
        Ok(users)
    }
}

/// True if the borrower's slice is other than it was read.
fn is_stale(borrower: Borrower<'_>, holders: &[(UserId, Meter)], slot: &Slot) -> bool {
    let now = holders.iter().find(|(user, _)| user == borrower.user);
    let known = borrower.meter.and_then(|meter| meter.slice(slot));
    now.is_some_and(|(_, meter)| meter.slice(slot) != known)
}
