//! Loans: a user who holds too little of an upper limit gets some from its owner, else from those who have some left.
//!
//! A loan is one transaction of both meters and carries no name: done twice it moves twice, and makes nothing. After an
//! answer that was lost nobody asks for the same once more, but looks again.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::keys;
use super::super::transaction::Commit;
use super::super::{Store, StoreError};
use super::borrower::Borrower;
use super::known::Known;
use super::recall::Recalled;
use super::slices;
use domain::access::quota::{
    self, AdmissionRequest, Limits, Loan, Meter, Moment, Need, Offer, Owner, OwnerMeter, Receipt, Refusal, Shortage,
};
use domain::models::UserId;
use domain::models::limit::Slot;

/// The end of an attempt to get what a user lacks.
pub(super) enum Borrowed {
    /// There may be enough now: the user's meter as it is known then.
    Look(Known),
    /// Neither the owner of this limit nor others have so much left.
    Refused(Refusal),
    /// These limits are no more.
    Gone(Vec<Slot>),
}

/// The offers of the owners of the limits.
#[derive(Default)]
struct Offers<'a> {
    loans: Vec<Loan>,
    short: Option<(&'a Need<'a>, Shortage)>,
    gone: Vec<Slot>,
}

impl Store {
    /// Gets what `user` lacks of upper limits for the request; `None` if nothing is lacking.
    pub(super) async fn borrow(
        &self,
        user: &UserId,
        request: &AdmissionRequest<'_>,
        known: &Known,
    ) -> Result<Option<Borrowed>, StoreError> {
        let above = &request.limits.above;
        if above.rules.is_empty() {
            return Ok(None);
        }
        let empty = Meter::default();
        let meter = known.meter().unwrap_or(&empty);
        let needs = quota::needs(meter, above, request.demand, request.now);
        if needs.is_empty() {
            return Ok(None);
        }
        let borrower = Borrower {
            user,
            meter: known.meter(),
            parent: &above.parent,
            now: Moment {
                at: request.now,
                present: self.clock.now(),
            },
        };
        if self.return_of_others(borrower).await? {
            return Ok(Some(Borrowed::Look(self.look_at(user).await?)));
        }
        self.lend_all(borrower, &needs).await.map(Some)
    }

    async fn lend_all(&self, borrower: Borrower<'_>, needs: &[Need<'_>]) -> Result<Borrowed, StoreError> {
        let owners = self.owners(needs).await?;
        let offers = offers(borrower, needs, &owners);
        if !offers.gone.is_empty() {
            // This process still believed in them.
            self.memory.budgets.forget(&());
            return Ok(Borrowed::Gone(offers.gone));
        }
        if let Some((need, shortage)) = &offers.short {
            return match self.recall(borrower, need, shortage).await? {
                Recalled::Look => Ok(Borrowed::Look(self.look_at(borrower.user).await?)),
                Recalled::Nothing(share) => Ok(Borrowed::Refused(shortage.refusal(need, share, borrower.now.present))),
            };
        }
        let known = match self.transfer(borrower, &owners, &offers.loans).await? {
            Commit::Done => borrower.after(offers.loans.iter().map(|loan| &loan.receipt)),
            Commit::Refused(_) => self.look_at(borrower.user).await?,
        };
        Ok(Borrowed::Look(known))
    }

    /// The meters of the accounts whose limits are wanted.
    async fn owners(&self, needs: &[Need<'_>]) -> Result<BTreeMap<Owner, OwnerMeter>, StoreError> {
        let mut owners = BTreeMap::new();
        for owner in needs.iter().map(|need| &need.rule.owner) {
            if !owners.contains_key(owner) {
                owners.insert(owner.clone(), self.owner_meter(owner).await?);
            }
        }
        Ok(owners)
    }

    /// The meter of an account above users. One without limits has none.
    pub async fn owner_meter(&self, owner: &Owner) -> Result<OwnerMeter, StoreError> {
        Ok(self.get(&keys::owner_meter(owner)).await?.unwrap_or_default())
    }

    /// Moves all loans, or none.
    async fn transfer(
        &self,
        borrower: Borrower<'_>,
        owners: &BTreeMap<Owner, OwnerMeter>,
        loans: &[Loan],
    ) -> Result<Commit, StoreError> {
        let receipts: Vec<&Receipt> = loans.iter().map(|loan| &loan.receipt).collect();
        let (change, condition) = borrower.receive(&receipts)?;
        let mut transaction = self
            .transaction()
            .update(&keys::meter(borrower.user), change, condition)?;
        for (owner, meter) in owners {
            let of_owner: Vec<&Loan> = loans.iter().filter(|loan| loan.owner == *owner).collect();
            if !of_owner.is_empty() {
                let (change, condition) = slices::lend(meter.version, &of_owner)?;
                transaction = transaction.update(&keys::owner_meter(owner), change, condition)?;
            }
        }
        transaction.commit().await
    }

    /// The user's meter as it is now.
    pub(super) async fn look_at(&self, user: &UserId) -> Result<Known, StoreError> {
        let meter = self.meter(user).await?;
        Ok(meter.map_or(Known::Absent, |meter| Known::Seen(Arc::new(meter))))
    }
}

fn offers<'a>(borrower: Borrower<'_>, needs: &'a [Need<'a>], owners: &BTreeMap<Owner, OwnerMeter>) -> Offers<'a> {
    let empty = Meter::default();
    let meter = borrower.meter.unwrap_or(&empty);
    let mut offers = Offers::default();
    for need in needs {
        let Some(owner) = owners.get(&need.rule.owner) else {
            continue;
        };
        match quota::offer(owner, meter, need, borrower.now) {
            Offer::Enough => {}
            Offer::Lend(loan) => offers.loans.push(loan),
            Offer::Short(shortage) => {
                offers.short.get_or_insert((need, shortage));
            }
            Offer::Gone => offers.gone.push(need.rule.slot.clone()),
        }
    }
    offers
}

/// The limits of a request without those above that are no more.
pub(super) fn without(limits: &Limits, gone: &[Slot]) -> Limits {
    let mut limits = limits.clone();
    limits.above.rules.retain(|rule| !gone.contains(&rule.slot));
    limits
}
