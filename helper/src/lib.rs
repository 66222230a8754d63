//! `tidegate login`, `token`, `logout` and `setup`: a person's sign-in on their own computer, and the tokens that
//! programs get of it (docs/keyless.md).
//!
//! [`login`] signs in, by [`code_flow`] where a browser is and by [`device_flow`] elsewhere; [`token`] prints one token
//! of what [`kept`] has on disk; [`setup`] tells programs to ask for it.

mod browser;
mod callback;
mod code_flow;
mod commands;
mod device_flow;
mod error;
mod freshness;
mod gateway;
mod grants;
mod http;
mod kept;
mod login;
mod metadata;
mod setup;
mod terminal;
mod token;
mod which;

pub use commands::{Login, Logout, Setup, Token};
