//! What all functions share, in layers; an inner layer never names an outer one.
//!
//! ```text
//! models      what is stored and shown: users, keys, models, backends. Only serde.
//! access      who may do what: passwords, sessions, keys, addresses. Pure; time is passed in.
//! translators dialects into one another. Pure.
//! store       DynamoDB: the only users of its SDK besides `aws`.
//! secrets     signing keys and backend secrets: Secrets Manager, or a file on a laptop.
//! http        routes, callers, errors, answers: the only axum here.
//! ```
//!
//! Around them: [`config`] alone reads the environment, [`clock`] alone the time, [`random`] alone the system's
//! randomness, [`aws`] makes the SDK's clients, [`cache`] remembers what the store said, [`hasher`] hashes passwords
//! off the threads that serve, [`telemetry`] writes the log, whose fields are the [`metrics`], [`outbound`] makes the
//! client for addresses that administrators set, [`prober`] and [`sso_tester`] have them tried.

pub mod access;
pub mod aws;
pub mod cache;
pub mod clock;
pub mod config;
pub mod hasher;
pub mod http;
pub mod metrics;
pub mod models;
pub mod outbound;
pub mod prober;
pub mod random;
pub mod secrets;
pub mod sso_tester;
pub mod store;
pub mod telemetry;
pub mod translators;
