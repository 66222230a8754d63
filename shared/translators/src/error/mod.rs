//! Errors: of a client's request ([`RequestError`]), of a backend ([`BackendError`], §6), and the bodies that clients
//! get for them in each dialect ([`ErrorBody`]).
//!
//! Headers and transport are not known here: each way in which a connection fails is a constructor of its own. No
//! message names the backend's address or key.

mod backend;
mod clean;
mod code;
mod dialect;
mod letters;
mod overflow;
mod reading;
mod request;
mod secrets;
mod status;
mod surrogates;

pub use backend::{BackendError, ErrorContext, ErrorKind, says_something};
pub use clean::CleanedMessage;
pub use code::{Code, ErrorBody};
pub use dialect::Dialect;
pub use request::{FieldPath, RequestError};
pub use secrets::Secrets;
