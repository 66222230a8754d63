//! The end-to-end tests, one module a topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod dependencies;
mod lambda;
mod messages;
mod repository;
mod routes;
