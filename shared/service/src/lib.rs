//! What the functions share around the pure crates: storage, secrets, the HTTP edge, the clients that call out.
//!
//! ```text
//! store       DynamoDB: the only users of its SDK besides `aws`.
//! secrets     signing keys and backend secrets: Secrets Manager, or a file on a laptop.
//! outbound    the HTTP client for addresses that administrators set.
//! http        routes, callers, errors, responses: the only axum here.
//! ```
//!
//! Around them: [`config`] alone reads the environment, [`aws`] makes the SDK's clients, [`cache`] remembers what the
//! store returned, [`hasher`] hashes passwords off the threads that serve, [`telemetry`] writes the log, whose fields
//! are the [`metrics`], [`functions`] has the clients of functions that others call, and [`resources`] is what every
//! function works on.

pub mod aws;
pub mod cache;
pub mod config;
pub mod functions;
pub mod hasher;
pub mod http;
pub mod identity;
pub mod metrics;
pub mod outbound;
pub mod resources;
pub mod secrets;
pub mod store;
pub mod telemetry;
pub mod token_endpoints;
