//! Waiting by notification: a script stops at a gate until the test opens it.

use tokio::sync::watch;

/// A gate that a test opens once. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate(watch::Sender<bool>);

impl Gate {
    /// A gate that is closed.
    #[expect(
        clippy::new_without_default,
        reason = "a gate is made to be opened, which a default does not tell"
    )]
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// Lets everybody through, now and later.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Waits until the gate is open.
    pub async fn opened(&self) {
        self.0.subscribe().wait_for(|open| *open).await.unwrap();
    }
}
