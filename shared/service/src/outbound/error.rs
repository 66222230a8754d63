//! Why a call has no response, or no complete one.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;

use domain::access::egress::EgressError;
use domain::models::health::FailureClass;

/// A call that failed. It says nothing of where it went: that is the operator's to know alone.
#[derive(Debug, thiserror::Error)]
#[error("the call failed")]
pub struct CallError(#[source] Box<dyn Error + Send + Sync>);

impl From<legacy::Error> for CallError {
    fn from(error: legacy::Error) -> Self {
        Self(error.into())
    }
}

impl From<hyper::Error> for CallError {
    fn from(error: hyper::Error) -> Self {
        Self(error.into())
    }
}

impl From<http::Error> for CallError {
    fn from(error: http::Error) -> Self {
        Self(error.into())
    }
}

impl CallError {
    /// True if no connection came about: then nothing of the request was sent.
    pub fn is_connect(&self) -> bool {
        self.0.downcast_ref().is_some_and(legacy::Error::is_connect)
    }

    /// Why, as coarsely as callers may see it (promise 37).
    pub fn class(&self) -> FailureClass {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.0);
        while let Some(cause) = next {
            if let Some(class) = class_of(cause) {
                return class;
            }
            next = cause.source();
        }
        FailureClass::Connect
    }
}

fn class_of(cause: &(dyn Error + 'static)) -> Option<FailureClass> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return match error.get_ref() {
            // It passes for what it carries: that is not among its sources.
            Some(carried) => class_of(carried),
            None => (error.kind() == io::ErrorKind::TimedOut).then_some(FailureClass::Timeout),
        };
    }
    if cause.is::<EgressError>() {
        Some(FailureClass::ForbiddenAddress)
    } else if cause.is::<rustls::Error>() {
        Some(FailureClass::Tls)
    } else if cause.to_string().contains("dns error") {
        // The connector wraps whatever the resolver said, the refusal of an address too: look on below it first.
        cause.source().and_then(class_of).or(Some(FailureClass::Dns))
    } else {
        None
    }
}
