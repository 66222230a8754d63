//! Seals what one user carries for us, and what is stored of its responses, with the keys of the installation.

use std::sync::Arc;

use domain::access::sealing::{Seal, SealingKeys};
use domain::clock::Clock;
use domain::models::UserId;
use service::secrets::key_ring::KeyRing;
use translators::sealed::{SealedKind, Sealer};

/// The seals of one owner for one request, with the keys as they were when it came.
#[derive(Debug)]
pub(crate) struct OwnersSeals {
    keys: Arc<SealingKeys>,
    owner: UserId,
    clock: Clock,
    most_in_request: usize,
}

impl OwnersSeals {
    /// The seals of `owner`, which open at most `most_in_request` bytes of one request. `None` without keys: a request
    /// goes on, and what was sealed is then as if another server had made it.
    pub(crate) async fn of(
        ring: &KeyRing<SealingKeys>,
        owner: &UserId,
        clock: &Clock,
        most_in_request: usize,
    ) -> Option<Arc<Self>> {
        match ring.keys().await {
            Ok(keys) => Some(Arc::new(Self {
                keys,
                owner: owner.clone(),
                clock: clock.clone(),
                most_in_request,
            })),
            Err(error) => {
                tracing::warn!(error = %error, "nothing can be sealed or opened");
                None
            }
        }
    }

    pub(crate) fn owner(&self) -> &UserId {
        &self.owner
    }

    /// Seals `content`, the record of the response `id`; `None` if it cannot be sealed.
    pub(crate) fn seal_response(&self, id: &str, content: &[u8]) -> Option<Vec<u8>> {
        self.keys.seal(self.seal_of(&kind_of(id)), content, self.clock.now())
    }

    /// Opens the record of the response `id`; `None` if these keys have not sealed it for this owner and this id.
    pub(crate) fn open_response(&self, id: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        self.keys.open(self.seal_of(&kind_of(id)), sealed)
    }

    fn seal_of<'a>(&'a self, kind: &'a str) -> Seal<'a> {
        Seal {
            owner: &self.owner,
            kind,
        }
    }
}

/// The kind of a response's seal: it names the response, so that nobody puts one in the place of another.
fn kind_of(response: &str) -> String {
    format!("response {response}")
}

impl Sealer for OwnersSeals {
    fn seal(&self, kind: SealedKind, content: &str) -> Option<String> {
        self.keys
            .seal_text(self.seal_of(kind.as_str()), content, self.clock.now())
    }

    fn open(&self, kind: SealedKind, sealed: &str) -> Option<String> {
        self.keys.open_text(self.seal_of(kind.as_str()), sealed)
    }

    fn most_in_request(&self) -> usize {
        self.most_in_request
    }
}
