//! What a request may use, and what it has used: admission before a backend is called, settlement after the response.

pub(crate) mod admission;
mod demand;
pub(crate) mod refusals;
pub(crate) mod settlement;
mod tallies;
pub(crate) mod usage_writer;
mod warnings;
