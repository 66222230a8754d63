//! The backends: which one is called, the calls with their retries, and what a process knows of each.

mod affinity;
mod attempt;
mod backend_request;
pub(crate) mod balance;
mod blame;
mod body;
pub(crate) mod candidate;
pub(crate) mod client;
mod document;
pub(crate) mod endpoint;
pub(crate) mod failover;
mod failure;
pub(crate) mod first_event;
pub(crate) mod permit;
pub(crate) mod pool;
mod recent;
pub(crate) mod response;
pub(crate) mod retry_budget;
pub(crate) mod token_count;
