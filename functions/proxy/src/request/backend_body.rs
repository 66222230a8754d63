//! The body that one backend is sent.

use service::outbound::Pieces;

#[derive(Debug)]
pub(crate) struct BackendBody {
    pub(crate) bytes: Pieces,
    /// Members of the client's request that are not in it (translation.md P2).
    pub(crate) warnings: Vec<String>,
}
