//! The shares that users have of a limit of an account above them, and who of them can give some to another.

use super::meter::Meter;
use crate::models::UserId;
use crate::models::limit::{Slot, Unit};

/// The share that users have of one limit in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Left in slices.
    pub lent: i64,
    /// Reserved by requests under way, which may give it back. A request itself is none: it counts once it is sent.
    pub reserved: i64,
    /// The second since 1970 at which the last of these requests is settled at the latest.
    pub settled_by: Option<i64>,
}

impl Share {
    /// The share that the users of these meters have of a limit in the window `number`.
    pub fn of<'a>(meters: impl IntoIterator<Item = &'a Meter>, (slot, unit): (&Slot, Unit), number: i32) -> Self {
        let mut share = Self::default();
        for meter in meters {
            let slice = meter.slice(slot).filter(|slice| slice.number == number);
            share.lent += slice.map_or(0, |slice| slice.left);
            let of_limit = meter.reservations.values().filter(|reservation| {
                let mut taken = reservation.taken.iter();
                taken.any(|taken| taken.slot == *slot && taken.number == number)
            });
            for reservation in of_limit.filter(|_| unit != Unit::Requests) {
                share.reserved += reservation.amounts().of(unit);
                share.settled_by = share.settled_by.max(Some(reservation.expires_at));
            }
        }
        share
    }
}

/// The amounts to take from those who have some left, most first; nothing if all of them together have too little.
pub fn recalled<'a>(others: &'a [(UserId, Meter)], slot: &Slot, number: i32, needed: i64) -> Vec<(&'a UserId, i64)> {
    let left = |meter: &Meter| {
        meter
            .slice(slot)
            .filter(|slice| slice.number == number)
            .map(|slice| slice.left)
    };
    let some = others
        .iter()
        .filter_map(|(user, meter)| Some((user, left(meter).filter(|left| *left > 0)?)));
    let mut some: Vec<(&UserId, i64)> = some.collect();
    if some.iter().map(|(_, left)| left).sum::<i64>() < needed {
        return Vec::new();
    }
    some.sort_by_key(|(_, left)| std::cmp::Reverse(*left));
    let mut needed = needed;
    for (_, left) in &mut some {
        *left = (*left).min(needed);
        needed -= *left;
    }
    some.retain(|(_, taken)| *taken > 0);
    some
}
