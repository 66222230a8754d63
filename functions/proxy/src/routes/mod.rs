//! The endpoints for clients, one file for each kind.

pub(crate) mod models;
