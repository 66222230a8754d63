//! What a request may use, and what it has used: admission before a backend is called, settlement behind the answer.

pub(crate) mod admission;
pub(crate) mod demand;
pub(crate) mod settlement;
pub(crate) mod usage_writer;
