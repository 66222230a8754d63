//! Sign-ins and their access tokens: the sign-in with the digests of its living tokens here, each token among API keys,
//! where the data plane looks it up.
//!
//! What has the rights of a sign-in is written with it: it begins with its first token, and its living tokens go with
//! it, in one transaction each.

use std::sync::Arc;

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::change::Removal;
use super::expression::Expression;
use super::item::{Expiring, Range};
use super::keys::{self, SIGN_IN, SIGN_INS};
use super::page::{Page, Span};
use super::retry::Attempts;
use super::table::Table;
use super::transaction::{Commit, Transaction};
use super::{Store, StoreError};
use domain::access::api_key::KeyDigest;
use domain::access::sign_in::{AccessToken, SignIn};
use domain::models::api_key::ApiKey;
use domain::models::audit::AuditEntry;
use domain::models::{SignInId, UserId};

/// Attempts while others change the same sign-in.
const TRIES: u32 = 5;
/// Sign-ins whose ends are written at once.
const AT_ONCE: usize = 50;

/// A sign-in in its owner's list.
#[derive(Serialize, Deserialize)]
struct OwnedSignIn {
    id: SignInId,
}

impl Store {
    /// The access token of a digest, as a key and as this process knows it, at most 30 s old.
    pub async fn cached_access_token(&self, digest: &KeyDigest) -> Result<Option<Arc<ApiKey>>, StoreError> {
        let token = || async {
            let token: Option<AccessToken> = self.get(&keys::api_key(digest)).await?;
            Ok(token.map(|token| Arc::new(token.into_key())))
        };
        self.memory.api_keys.get(digest, token).await
    }

    /// A sign-in that has not ended, as it is now.
    pub async fn sign_in(&self, id: &SignInId) -> Result<Option<SignIn>, StoreError> {
        self.get(&keys::sign_in(id)).await
    }

    /// The sign-ins of `owner` that have not ended, oldest first.
    pub async fn sign_ins(&self, owner: &UserId, span: &Span) -> Result<Page<SignIn>, StoreError> {
        let pk = keys::owner_keys(owner);
        let listed: Page<OwnedSignIn> = self.page(&range(&pk), span, |_| true).await?;
        Ok(Page {
            items: self.read_sign_ins(listed.items).await?,
            next: listed.next,
        })
    }

    /// All that have not ended, oldest first; `keep` leaves some out without shortening the page.
    pub async fn all_sign_ins(&self, span: &Span, keep: impl Fn(&SignIn) -> bool) -> Result<Page<SignIn>, StoreError> {
        self.page(&range(SIGN_INS), span, keep).await
    }

    /// Ends a sign-in with its living access tokens. Other processes know within 30 s.
    pub async fn end_sign_in(&self, id: &SignInId, audit: &AuditEntry) -> Result<Removal, StoreError> {
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let Some(sign_in) = self.sign_in(id).await? else {
                return Ok(Removal::NotFound);
            };
            let commit = self
                .transaction()
                .end_sign_in(&sign_in)?
                .audited(audit)?
                .commit()
                .await?;
            self.forget_tokens(&sign_in);
            match commit {
                Commit::Done => return Ok(Removal::Done),
                Commit::Refused(_) => attempts.collided().await?,
            }
        }
    }

    /// Ends those sign-ins of `owner` that `which` names, each with an entry by `audit`. Returns how many.
    pub async fn end_sign_ins(
        &self,
        owner: &UserId,
        which: impl Fn(&SignIn) -> bool,
        audit: impl Fn(&SignIn) -> AuditEntry,
    ) -> Result<usize, StoreError> {
        let ending: Vec<SignIn> = self.owned_sign_ins(owner).await?.into_iter().filter(which).collect();
        let mut ended = 0;
        for some in ending.chunks(AT_ONCE) {
            let each = some.iter().map(|sign_in| async {
                let entry = audit(sign_in);
                self.end_sign_in(&sign_in.id, &entry).await
            });
            let removals = try_join_all(each).await?;
            ended += removals.iter().filter(|removal| **removal == Removal::Done).count();
        }
        Ok(ended)
    }

    /// Removes what is left of the sign-ins of an account that admits none: they are dead, so this is only tidying.
    pub(super) async fn remove_sign_ins(&self, owner: &UserId) -> Result<(), StoreError> {
        for sign_in in self.owned_sign_ins(owner).await? {
            self.transaction().end_sign_in(&sign_in)?.commit().await?;
            self.forget_tokens(&sign_in);
        }
        Ok(())
    }

    async fn owned_sign_ins(&self, owner: &UserId) -> Result<Vec<SignIn>, StoreError> {
        let listed: Vec<OwnedSignIn> = self.all(&range(&keys::owner_keys(owner))).await?;
        self.read_sign_ins(listed).await
    }

    async fn read_sign_ins(&self, listed: Vec<OwnedSignIn>) -> Result<Vec<SignIn>, StoreError> {
        let each = listed.iter().map(|one| self.sign_in(&one.id));
        Ok(try_join_all(each).await?.into_iter().flatten().collect())
    }

    fn forget_tokens(&self, sign_in: &SignIn) {
        for token in &sign_in.tokens {
            self.forget_api_key(&token.digest);
        }
    }
}

impl Transaction<'_> {
    /// Writes a new sign-in, its place in its owner's list and its first token, if the owner may be signed in.
    pub(super) fn begin_sign_in(self, sign_in: &SignIn) -> Result<Self, StoreError> {
        let transaction = self.check(&keys::user(&sign_in.owner), admits(sign_in.epoch))?.put(
            &keys::sign_in(&sign_in.id),
            &until_end(sign_in),
            Expression::absent(),
        )?;
        let owned = Expiring {
            item: OwnedSignIn { id: sign_in.id.clone() },
            ttl: sign_in.ends_at.as_second(),
        };
        let place = keys::owned_sign_in(&sign_in.owner, &sign_in.id);
        transaction
            .put(&place, &owned, Expression::absent())?
            .newest_token(sign_in)
    }

    /// Replaces the sign-in of the version before by `sign_in`, and writes the newest of its tokens.
    pub(super) fn add_token(self, sign_in: &SignIn) -> Result<Self, StoreError> {
        let expected = Expression::at_version(sign_in.version - 1);
        self.put(&keys::sign_in(&sign_in.id), &until_end(sign_in), expected)?
            .newest_token(sign_in)
    }

    /// Deletes the sign-in, if it is as it was read, and the tokens that it has.
    pub(super) fn end_sign_in(self, sign_in: &SignIn) -> Result<Self, StoreError> {
        let as_read = Expression::at_version(sign_in.version);
        let place = keys::owned_sign_in(&sign_in.owner, &sign_in.id);
        let mut transaction = self
            .delete(&keys::sign_in(&sign_in.id), as_read)?
            .delete(&place, Expression::always())?;
        for token in &sign_in.tokens {
            transaction = transaction.delete(&keys::api_key(&token.digest), Expression::always())?;
        }
        Ok(transaction)
    }

    fn newest_token(self, sign_in: &SignIn) -> Result<Self, StoreError> {
        let Some(newest) = sign_in.tokens.last() else {
            return Ok(self);
        };
        let token = Expiring {
            item: sign_in.access_token(newest.expires_at),
            ttl: newest.expires_at.as_second(),
        };
        self.put(&keys::api_key(&newest.digest), &token, Expression::absent())
    }
}

/// The condition that an account is active and has not ended its sign-ins since it had this `epoch`.
pub(super) fn admits(epoch: u64) -> Expression {
    // Accounts from before there were sign-ins have no epoch, which is 0.
    let of_epoch = if epoch == 0 {
        "(attribute_not_exists(#epoch) OR #epoch = :epoch)"
    } else {
        "#epoch = :epoch"
    };
    Expression::new(format!("#status = :active AND {of_epoch}"))
        .name("#status", "status")
        .text(":active", "active")
        .name("#epoch", "sign_in_epoch")
        .number(":epoch", epoch)
}

fn until_end(sign_in: &SignIn) -> Expiring<&SignIn> {
    Expiring {
        item: sign_in,
        ttl: sign_in.ends_at.as_second(),
    }
}

fn range(pk: &str) -> Range<'_> {
    Range {
        table: Table::SignIns,
        index: None,
        pk,
        prefix: SIGN_IN,
        newest_first: false,
    }
}
