//! The edge of every function: routes, callers, bodies, errors and responses. The only axum in this crate.
//!
//! A request crosses [`edge`] (request id, panics, the error's dialect, headers, the log line), then the row of the
//! [`routes`] table that it matches (who may call), then the handler, which takes a [`caller`],
//! what it needs of the head ([`extract`]) and a [`json::Body`].

pub mod accept;
mod backend_object;
pub mod body_budget;
pub mod budget;
pub mod caller;
mod cors;
pub mod csv;
pub mod edge;
pub mod error;
mod error_sources;
pub mod extract;
pub mod json;
pub mod key_object;
pub mod key_rules;
pub mod language;
pub mod log_filter;
pub mod managed;
pub mod messages;
pub mod names;
pub mod origin;
pub mod page;
pub mod period;
pub mod quota;
pub mod rate_limits;
pub mod refusal;
mod refused_change;
pub mod routes;
mod session_caller;
pub mod sign_in_object;
mod single_header;
pub mod time_query;
pub mod trace;
pub mod usage;

pub use error::{ApiError, Code, Dialect};
