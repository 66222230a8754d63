//! The one HTTP client for addresses that administrators set: pooled, without redirects or proxies, and only to
//! addresses that may be called (promises 33 to 35).

mod authorities;
pub mod backend;
mod body;
mod client;
mod connection;
mod connector;
mod error;
mod response_body;
mod socket;

use self::connector::Connector;
use domain::access::egress::AllowedNetworks;

pub use authorities::{Authorities, AuthoritiesError};
pub use body::Pieces;
pub use client::{Client, IdleTime};
pub use error::CallError;
pub use response_body::ResponseBody;

#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be made")]
pub struct ClientError(#[from] rustls::Error);

/// The way to the backends: which addresses may be called, and the client that calls them. Clones share its
/// connections.
#[derive(Clone, Debug)]
pub struct Outbound {
    pub networks: AllowedNetworks,
    pub http: Client,
}

impl Outbound {
    pub fn new(networks: AllowedNetworks, authorities: &Authorities) -> Result<Self, ClientError> {
        let connector = Connector::new(networks.clone(), authorities)?;
        Ok(Self {
            networks,
            http: Client::new(connector),
        })
    }
}
