//! The OAuth server of programs (RFC 6749): how they get access tokens instead of API keys.
//!
//! [`token`] is the endpoint that gives tokens, by whichever grant: [`authorization_code`], [`device_code`] and
//! [`refresh_token`] of people, whose sign-ins [`person`] begins, and [`workloads`] of programs that show an identity
//! token. [`form`] has its requests, [`error`] its refusals, [`issue`] its tokens; [`metadata`] tells programs where
//! all of it is.

mod authorization_code;
mod device_code;
mod error;
mod form;
mod issue;
mod metadata;
mod person;
mod refresh_token;
mod revocation;
mod switch;
mod token;
mod workloads;

pub(crate) use device_code::authorize_device;
pub(crate) use form::Form;
pub(crate) use metadata::{authorization_server, opencode};
pub(crate) use revocation::revoke;
pub(crate) use switch::switched_on;
pub(crate) use token::exchange;
pub(crate) use workloads::exchange_json;

use switch::client_of;
