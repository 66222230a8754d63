//! Workloads: programs that come in by what their issuer has signed about where they run, without a secret of ours.
//!
//! `request` is what they send, in two forms; `judge` finds the one rule that the token fits; `exchange` begins
//! the sign-in, and tells the audit trail whom it refused and why.

mod exchange;
mod judge;
mod request;

pub(crate) use exchange::{exchange, exchange_json};
pub(crate) use request::{Assertion, JWT_BEARER, TOKEN_EXCHANGE};
