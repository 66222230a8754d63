//! What a request may use, and what it has used: admission before a backend is called, settlement behind the answer.

pub(crate) mod admit;
pub(crate) mod demand;
pub(crate) mod record;
pub(crate) mod settle;
