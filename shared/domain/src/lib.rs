//! The gateway without I/O: the data that is stored and shown, and the rules over it.
//!
//! Pure: no storage, no HTTP, no async. [`clock`] alone reads the time and [`random`] alone the system's randomness;
//! everywhere else the time is an argument.

pub mod access;
pub mod clock;
pub mod csv;
pub mod models;
pub mod random;
pub mod secret;
