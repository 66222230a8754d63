//! The end-to-end tests, one module a topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accounts;
mod dependencies;
mod lambda;
mod repository;
mod routes;
