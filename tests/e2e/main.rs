//! The end-to-end tests, one module a topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod accounts;
mod audit;
mod canary;
mod dependencies;
mod keys;
mod lambda;
mod processes;
mod promises;
mod repository;
mod routes;
mod settings;
mod users;
