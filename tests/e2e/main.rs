//! The end-to-end tests, one module a topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod chat;
mod dependencies;
mod lambda;
mod local;
mod messages;
mod readme;
mod refusals;
mod repository;
mod routes;
