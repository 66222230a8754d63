//! The OAuth server of programs (RFC 6749): how they get access tokens instead of API keys.
//!
//! [`token`] is the endpoint that gives tokens, by whichever grant; [`form`] its requests, [`error`] its refusals,
//! [`issue`] what it gives.

mod error;
mod form;
mod issue;
mod token;

pub(crate) use token::exchange;
