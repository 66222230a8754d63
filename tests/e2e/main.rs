//! The end-to-end tests, one module a topic.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod access;
mod accounts;
mod audit;
mod calls;
mod canary;
mod chat;
mod console;
mod dependencies;
mod direct;
mod documents;
mod egress;
mod failover;
mod failures;
mod hardening;
mod health;
mod input;
mod keys;
mod lambda;
mod limits;
mod local;
mod log;
mod messages;
mod metrics;
mod odd_backends;
mod one_object;
mod own_models;
mod policies;
mod processes;
mod promises;
mod quotas;
mod readme;
mod repository;
mod responses;
mod routes;
mod routing;
mod rules;
mod secrets;
mod session_keys;
mod settings;
mod setup;
mod sso;
mod trials;
mod usage;
mod users;
