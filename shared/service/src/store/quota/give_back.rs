//! Returns to the owners of limits: of those who do not use it, who have moved, and beyond a limit that was
//! lowered.

use super::super::keys;
use super::super::transaction::Commit;
use super::super::{Store, StoreError};
use super::borrower::Borrower;
use super::slices;
use domain::access::quota::{Meter, Owner, Slice};
use domain::models::UserId;
use domain::models::limit::Slot;

impl Store {
    /// Gives back what `user` holds, if it was not used for a while and nothing is under way, and what is left of
    /// accounts that are no longer above. The meter as it is then, if something was given back.
    pub async fn return_idle(&self, user: &UserId, meter: &Meter) -> Result<Option<Meter>, StoreError> {
        let Some(held) = meter.slices.as_ref().filter(|_| meter.is_idle(self.clock.now())) else {
            return Ok(None);
        };
        for (slot, slice) in held.iter().filter(|(_, slice)| slice.left != 0) {
            self.give_back(user, (slot, slice), slice.left).await?;
        }
        let Some(meter) = self.meter(user).await? else {
            return Ok(None);
        };
        let rest = meter
            .slices
            .as_ref()
            .filter(|slices| slices.values().all(|slice| slice.left == 0));
        if let Some(slices) = rest {
            let (change, condition) = slices::forget(slices)?;
            self.update_if::<Meter>(&keys::meter(user), change, condition).await?;
        }
        self.meter(user).await
    }

    /// Gives back what is left of accounts that are not above the user any more. True if there was something.
    pub(super) async fn return_of_others(&self, borrower: Borrower<'_>) -> Result<bool, StoreError> {
        let slices = borrower.meter.and_then(|meter| meter.slices.as_ref());
        let is_other = |slice: &Slice| slice.owner != Owner::Organisation && slice.owner != *borrower.parent;
        let of_others = slices
            .into_iter()
            .flatten()
            .filter(|(_, slice)| is_other(slice) && slice.left != 0);
        let mut were_there = false;
        for (slot, slice) in of_others {
            were_there = true;
            self.give_back(borrower.user, (slot, slice), slice.left).await?;
        }
        Ok(were_there)
    }

    /// Recalls what is lent beyond the limits of `owner`, as far as nobody has used it.
    pub async fn shrink(&self, owner: &Owner) -> Result<(), StoreError> {
        let meter = self.owner_meter(owner).await?;
        let beyond = meter.beyond();
        if beyond.is_empty() {
            return Ok(());
        }
        let holders = self.holders(owner).await?;
        for (slot, number, mut over) in beyond {
            for (user, meter) in &holders {
                let slice = meter.slice(&slot).filter(|slice| slice.number == number);
                let Some(slice) = slice.filter(|slice| slice.left > 0 && over > 0) else {
                    continue;
                };
                let amount = slice.left.min(over);
                if self.give_back(user, (&slot, slice), amount).await? == Commit::Done {
                    over -= amount;
                }
            }
        }
        Ok(())
    }

    /// Moves so much from a user's slice to its owner. A window that is over needs nothing back, nor a limit that is no
    /// more.
    async fn give_back(
        &self,
        user: &UserId,
        (slot, slice): (&Slot, &Slice),
        amount: i64,
    ) -> Result<Commit, StoreError> {
        let owner = self.owner_meter(&slice.owner).await?;
        let (change, condition) = slices::lose(slot, slice, amount);
        let mut transaction = self.transaction().update(&keys::meter(user), change, condition)?;
        if let Some(unit) = owner.counts(slot, slice.number) {
            let (change, condition) = slices::take_back(slot, (unit, slice.number), amount);
            transaction = transaction.update(&keys::owner_meter(&slice.owner), change, condition)?;
        }
        transaction.commit().await
    }
}
