//! Single sign-on with `OpenID` Connect: to the identity provider, back, and into a session (promises 9 and 10).
//!
//! [`login`] is the way of a login, [`browser`] what the browser carries meanwhile, [`account`] the account that a
//! person gets, [`one_time_code`] the way of a session to the console, [`trial`] a login without a person, for
//! administrators.

mod account;
pub(crate) mod browser;
mod config;
mod error;
mod login;
mod one_time_code;
mod random;
mod trial;

pub(crate) use config::{configured, enabled};
pub(crate) use login::{Arrival, CallbackQuery, Departure, arrive, depart, finish, log_in};
pub(crate) use one_time_code::redeem;
pub use trial::run as try_sso;
