//! The code of the setup link: one at a time, in this process only. A process that has issued none takes none.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::access::digest::sha256_hex;
use domain::models::UserId;
use domain::random::base62;
use domain::secret::Secret;
use jiff::Timestamp;

const LIFETIME: Duration = Duration::from_mins(15);
/// 160 bits.
const LENGTH: usize = 27;

/// The code that this process takes, if there is one. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SetupCode(Arc<Mutex<Option<Issued>>>);

#[derive(Debug)]
struct Issued {
    /// SHA-256 of the code.
    digest: String,
    /// The account that gets the session.
    user: UserId,
    until: Timestamp,
}

impl SetupCode {
    /// A new code for `user`, in the place of any before.
    pub(crate) fn issue(&self, user: UserId, now: Timestamp) -> Secret {
        let code = base62(LENGTH);
        *self.issued() = Some(Issued {
            digest: sha256_hex(&code),
            user,
            until: now + LIFETIME,
        });
        Secret::from(code)
    }

    /// Uses up the code if `presented` is it.
    pub(crate) fn take(&self, presented: &str, now: Timestamp) -> Option<UserId> {
        let digest = sha256_hex(presented);
        let issued = self
            .issued()
            .take_if(|issued| issued.digest == digest && now < issued.until)?;
        Some(issued.user)
    }

    fn issued(&self) -> MutexGuard<'_, Option<Issued>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g17_a_code_opens_once_and_for_a_quarter_of_an_hour() {
        let (codes, user) = (SetupCode::default(), UserId::generate());
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        assert_eq!(codes.take("", now), None, "nobody has issued one");
        let code = codes.issue(user.clone(), now);
        assert_eq!(codes.take("another", now), None);
        assert_eq!(codes.take(code.expose(), now + LIFETIME), None, "too late");
        assert_eq!(codes.take(code.expose(), now), Some(user.clone()));
        assert_eq!(codes.take(code.expose(), now), None, "used up");
        let (first, second) = (codes.issue(user.clone(), now), codes.issue(user.clone(), now));
        assert_eq!(codes.take(first.expose(), now), None, "replaced");
        assert_eq!(codes.take(second.expose(), now), Some(user));
    }
}
