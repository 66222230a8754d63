//! `POST /v1/chat/completions` on a backend of the same dialect.

mod failures;
mod requests;
mod streams;
mod transport;
