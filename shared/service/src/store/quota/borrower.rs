//! A user who lacks something of limits above, and what becomes of the meter.

use std::sync::Arc;

use super::super::StoreError;
use super::super::expression::Expression;
use super::known::Known;
use super::slices;
use domain::access::quota::{Meter, Moment, Owner, Receipt};
use domain::models::UserId;

/// The user who lacks something, and the meter as it was read: `None` for a user who has none.
#[derive(Clone, Copy)]
pub(super) struct Borrower<'a> {
    pub(super) user: &'a UserId,
    pub(super) meter: Option<&'a Meter>,
    /// The account right above.
    pub(super) parent: &'a Owner,
    pub(super) now: Moment,
}

impl Borrower<'_> {
    pub(super) fn receive(self, receipts: &[&Receipt]) -> Result<(Expression, Expression), StoreError> {
        slices::receive(self.meter, receipts, (self.parent, self.now.present.as_second()))
    }

    /// The meter as it is known after these.
    pub(super) fn after<'r>(self, receipts: impl Iterator<Item = &'r Receipt>) -> Known {
        let mut meter = self.meter.cloned().unwrap_or_default();
        receipts.for_each(|receipt| receipt.apply(&mut meter));
        meter.parent = Some(self.parent.clone());
        Known::Seen(Arc::new(meter))
    }
}
