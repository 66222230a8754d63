//! Why a call has no response, or no complete one.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;

use domain::access::egress::EgressError;
use domain::models::health::FailureClass;

use super::connection::Reuse;

/// A call that failed. It says nothing of where it went: that is the operator's to know alone.
#[derive(Debug, thiserror::Error)]
#[error("the call failed")]
pub struct CallError {
    source: Box<dyn Error + Send + Sync>,
    is_stale: bool,
}

impl From<legacy::Error> for CallError {
    fn from(error: legacy::Error) -> Self {
        Self {
            is_stale: Reuse::is_stale(&error),
            source: error.into(),
        }
    }
}

impl From<hyper::Error> for CallError {
    fn from(error: hyper::Error) -> Self {
        Self::other(error)
    }
}

impl From<http::Error> for CallError {
    fn from(error: http::Error) -> Self {
        Self::other(error)
    }
}

impl CallError {
    pub(super) fn other(error: impl Error + Send + Sync + 'static) -> Self {
        Self {
            source: error.into(),
            is_stale: false,
        }
    }

    /// True if a connection failed that was kept from an earlier request, before it had answered this one: the server
    /// may just have closed it (B9.4).
    pub fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// True if no connection came about: then nothing of the request was sent.
    pub fn is_connect(&self) -> bool {
        self.source.downcast_ref().is_some_and(legacy::Error::is_connect)
    }

    /// Why, as coarsely as callers may see it (promise 37).
    pub fn class(&self) -> FailureClass {
        let mut next: Option<&(dyn Error + 'static)> = Some(&*self.source);
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
