//! Signatures of the thinking blocks that we make (§4.1, K1).
//!
//! They sign nothing: clients demand one, and send it back. The prefix tells our blocks from a vendor's (TH4). What is
//! sealed behind it is the thinking itself, where the client has asked not to be shown it (`display: "omitted"`) and
//! the backend will want it back all the same in the next turn (TH1), and reasoning that only the backend can read
//! (B10.5). Nothing else could carry either there (P4).

use crate::context::ResponseContext;
use crate::json::EscapedText;
use crate::messages::wire::request::InputBlock;
use crate::sealed::{self, ClientSealer, Opened, PREFIX, SealedKind, Sealer, Unsealed};

/// Signs the thinking blocks of one message.
#[derive(Debug)]
pub(super) struct Signer {
    sealer: ClientSealer,
    /// Seconds since 1970.
    now: i64,
    /// Why something that the backend wants back could not be sealed.
    unsealed: Option<Unsealed>,
}

impl Signer {
    pub(super) fn new(context: &ResponseContext) -> Self {
        Self {
            sealer: context.sealer.clone(),
            now: context.created,
            unsealed: None,
        }
    }

    /// The signature of a block that does not show the text `hidden`, and with which `details` go back, the items of a
    /// list. What cannot be sealed is lost, and `random` stands in its place.
    pub(super) fn sign(
        &mut self,
        hidden: EscapedText<'_>,
        details: &[String],
        random: impl FnOnce() -> String,
    ) -> String {
        let kind = (SealedKind::Reasoning, self.now);
        sealed::seal(self.sealer.get(), kind, hidden, details).unwrap_or_else(|reason| {
            if !hidden.is_empty() || !details.is_empty() {
                self.unsealed = Some(reason);
            }
            opaque(random)
        })
    }

    pub(super) fn unsealed(&self) -> Option<Unsealed> {
        self.unsealed
    }
}

/// A signature that carries nothing.
fn opaque(random: impl FnOnce() -> String) -> String {
    [PREFIX, &random()].concat()
}

/// The content that the block's signature carries: nothing if it is another server's, or was tampered with.
pub(super) fn carried(block: &InputBlock<'_>, sealer: &dyn Sealer) -> Option<Opened> {
    sealed::open(sealer, SealedKind::Reasoning, block.signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn th4_without_keys_a_signature_has_our_prefix_and_what_it_cannot_carry_is_told() {
        let mut signer = Signer::new(&ResponseContext::default());
        let random = || "r".repeat(24);
        assert_eq!(
            signer.sign(EscapedText::EMPTY, &[], random),
            format!("gw1.{}", "r".repeat(24))
        );
        assert_eq!(signer.unsealed(), None);
        signer.sign(EscapedText::from_escaped("hm"), &[], random);
        assert_eq!(signer.unsealed(), Some(Unsealed::NoKeys));
    }
}
