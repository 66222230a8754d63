//! What clients and administrators are told before a limit is full.

mod alerts;
mod delivery;
mod headers;
mod quota;

pub(crate) use alerts::told;
