//! What clients and administrators are told before a limit is full.

mod headers;
mod quota;
