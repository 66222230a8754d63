//! Sign-ins as they begin and go on: those of people by what a decision has given and by refresh tokens, of which each
//! code and each rotating token does so once, those of workloads by their rule. The transaction holds all of it.

use jiff::Timestamp;

use super::expression::Expression;
use super::item::Expiring;
use super::sign_ins::admits;
use super::table::TTL;
use super::transaction::{Commit, Transaction};
use super::{Store, StoreError, keys};
use domain::access::api_key::KeyDigest;
use domain::access::sign_in::{AccessToken, SignIn};
use domain::access::sign_in_request::RefreshToken;
use domain::models::audit::AuditEntry;
use domain::models::workload::Workload;

/// The place of the owner in each of these transactions.
const OWNER: usize = 0;

/// The ticket that a sign-in is begun with.
#[derive(Clone, Copy, Debug)]
pub enum Ticket<'a> {
    /// The digest of a device code whose request is approved.
    Device(&'a str),
    /// A code that a browser has brought.
    Code(&'a str),
    /// The rule of a workload, as it was read: none begins once the rule is switched off.
    Rule(&'a Workload),
}

/// The end of a redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redemption {
    Done,
    /// Deleted or disabled meanwhile, or its sign-ins were ended.
    OwnerGone,
    /// Somebody else was faster, or its time has passed.
    Overtaken,
}

/// The change of a refresh token that rotates.
#[derive(Clone, Copy, Debug)]
pub struct Rotation<'a> {
    pub used: &'a str,
    pub next: &'a str,
    /// The answer with both tokens, which `used` alone opens.
    pub answer: &'a str,
    pub now: Timestamp,
}

impl Store {
    /// Begins a sign-in with its first token and its refresh token, while its owner may be signed in, by a ticket. A
    /// code is then used up.
    pub async fn redeem(
        &self,
        ticket: Ticket<'_>,
        sign_in: &SignIn,
        refresh_token: Option<&str>,
        audit: &AuditEntry,
    ) -> Result<Redemption, StoreError> {
        let mut transaction = self.transaction().begin_sign_in(sign_in)?;
        transaction = match ticket {
            Ticket::Device(digest) => transaction.delete(&keys::device(digest), self.approved())?,
            Ticket::Code(code) => transaction.update(&keys::authorization_code(code), opens(sign_in), self.unused())?,
            Ticket::Rule(rule) => transaction.check(&keys::workload(&rule.id), Expression::at_version(rule.version))?,
        };
        if let Some(token) = refresh_token {
            transaction = transaction.refresh_token(token, sign_in)?;
        }
        transaction.audited(audit)?.commit().await.map(Redemption::of)
    }

    /// A refresh token, whatever it is worth.
    pub async fn refresh_token(&self, token: &str) -> Result<Option<RefreshToken>, StoreError> {
        self.get(&keys::refresh_token(token)).await
    }

    /// Goes on with a sign-in: writes its newest token, while its owner may be signed in, and rotates the refresh token
    /// where it does so.
    pub async fn refresh_sign_in(
        &self,
        sign_in: &SignIn,
        rotation: Option<Rotation<'_>>,
    ) -> Result<Redemption, StoreError> {
        let owner = keys::user(&sign_in.owner);
        let mut transaction = self
            .transaction()
            .check(&owner, admits(sign_in.epoch))?
            .add_token(sign_in)?;
        if let Some(rotation) = rotation {
            let unused = Expression::new("attribute_exists(#sign_in) AND attribute_not_exists(#used)")
                .name("#sign_in", "sign_in")
                .name("#used", "used_at");
            transaction = transaction
                .update(&keys::refresh_token(rotation.used), used(rotation), unused)?
                .refresh_token(rotation.next, sign_in)?;
        }
        transaction.commit().await.map(Redemption::of)
    }

    /// An access token, as it is now.
    pub async fn access_token(&self, digest: &KeyDigest) -> Result<Option<AccessToken>, StoreError> {
        self.get(&keys::api_key(digest)).await
    }

    /// A device's request that somebody has approved, in time.
    fn approved(&self) -> Expression {
        Expression::new("#decided.#decision = :approved AND #ttl > :now")
            .name("#decided", "decided")
            .name("#decision", "decision")
            .text(":approved", "approved")
            .name("#ttl", TTL)
            .number(":now", self.clock.now().as_second())
    }

    /// A code that has opened nothing, in time.
    fn unused(&self) -> Expression {
        Expression::new("attribute_not_exists(#sign_in) AND #ttl > :now")
            .name("#sign_in", "sign_in")
            .name("#ttl", TTL)
            .number(":now", self.clock.now().as_second())
    }
}

impl Redemption {
    fn of(commit: Commit) -> Self {
        match commit {
            Commit::Done => Self::Done,
            commit if commit.refused_at(OWNER) => Self::OwnerGone,
            Commit::Refused(_) => Self::Overtaken,
        }
    }
}

impl Transaction<'_> {
    /// Writes a new refresh token, which ends with its sign-in.
    fn refresh_token(self, token: &str, sign_in: &SignIn) -> Result<Self, StoreError> {
        let kept = Expiring {
            item: RefreshToken {
                sign_in: sign_in.id.clone(),
                used_at: None,
                answer: None,
            },
            ttl: sign_in.ends_at.as_second(),
        };
        self.put(&keys::refresh_token(token), &kept, Expression::absent())
    }
}

/// A code is remembered as long as what it has opened, so that its second use is known.
fn opens(sign_in: &SignIn) -> Expression {
    Expression::new("SET #sign_in = :sign_in, #ttl = :ttl")
        .text(":sign_in", sign_in.id.as_str())
        .number(":ttl", sign_in.ends_at.as_second())
}

fn used(rotation: Rotation<'_>) -> Expression {
    Expression::new("SET #used = :used, #answer = :answer")
        .text(":used", rotation.now.to_string())
        .name("#answer", "answer")
        .text(":answer", rotation.answer)
}
