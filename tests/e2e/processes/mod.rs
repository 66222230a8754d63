//! Functions in processes of their own, over one database and one clock.

mod configuration;
mod import;
mod installation;
mod revocation;
mod sessions;

pub(crate) use installation::{Installation, call};
