//! Requests of programs until a person has decided, and the codes that the decision gives: items that live for
//! minutes, under digests.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::expression::Expression;
use super::item::Expiring;
use super::single_use::Taken;
use super::table::{TTL, Table};
use super::transaction::Commit;
use super::{Store, StoreError, keys};
use domain::access::sign_in_request::{CodeGrant, Decision, DeviceRequest, SignInQuestion, UserCode};

/// Until a person has typed the code and decided.
pub const DEVICE_LIFETIME: Duration = Duration::from_mins(10);
/// Until a person has decided who is asked.
pub const QUESTION_LIFETIME: Duration = Duration::from_mins(10);
/// Until a program redeems the code that the browser has just brought it.
const CODE_LIFETIME: Duration = Duration::from_mins(1);

/// The request that a code names.
#[derive(Serialize, Deserialize)]
struct NamedDevice {
    device: String,
}

impl Store {
    /// Keeps a device's request under the digest of its code; false if another one has its user code.
    pub async fn begin_device(&self, digest: &str, request: &DeviceRequest) -> Result<bool, StoreError> {
        let ttl = (self.clock.now() + DEVICE_LIFETIME).as_second();
        let named = Expiring {
            item: NamedDevice {
                device: digest.to_owned(),
            },
            ttl,
        };
        let free = Expression::new("attribute_not_exists(#ttl) OR #ttl <= :now")
            .name("#ttl", TTL)
            .number(":now", self.clock.now().as_second());
        let commit = self
            .transaction()
            .put(&keys::user_code(&request.user_code), &named, free)?
            .put(
                &keys::device(digest),
                &Expiring { item: request, ttl },
                Expression::absent(),
            )?
            .commit()
            .await?;
        Ok(commit == Commit::Done)
    }

    /// The request that this code names, with its digest.
    pub async fn device_of(&self, code: &UserCode) -> Result<Option<(String, DeviceRequest)>, StoreError> {
        let Some(NamedDevice { device }) = self.get(&keys::user_code(code)).await? else {
            return Ok(None);
        };
        Ok(self.device(&device).await?.map(|request| (device, request)))
    }

    /// A device's request, by the digest of its code.
    pub async fn device(&self, digest: &str) -> Result<Option<DeviceRequest>, StoreError> {
        self.get(&keys::device(digest)).await
    }

    /// Notes that its program has asked at `now`, and how long it is to wait.
    pub async fn note_poll(&self, digest: &str, interval: u32, now: Timestamp) -> Result<(), StoreError> {
        let noted = Expression::new("SET #interval = :interval, #polled = :polled")
            .name("#interval", "interval")
            .name("#polled", "polled_at")
            .number(":interval", interval)
            .text(":polled", now.to_string());
        // One that is gone meanwhile needs no note.
        self.update_if::<DeviceRequest>(&keys::device(digest), noted, Expression::present())
            .await
            .map(|_| ())
    }

    /// Decides a device's request, once; false if it is decided, or gone.
    pub async fn decide_device(&self, digest: &str, code: &UserCode, decision: &Decision) -> Result<bool, StoreError> {
        let corrupt = |source| StoreError::Corrupt {
            entity: Table::SignIns.name(),
            source: Box::new(source),
        };
        let decided = Expression::new("SET #decided = :decided")
            .value(":decided", serde_dynamo::to_attribute_value(decision).map_err(corrupt)?);
        let open = Expression::new("attribute_not_exists(#decided) AND #ttl > :now")
            .name("#decided", "decided")
            .name("#ttl", TTL)
            .number(":now", self.clock.now().as_second());
        let commit = self
            .transaction()
            .update(&keys::device(digest), decided, open)?
            .delete(&keys::user_code(code), Expression::always())?
            .commit()
            .await?;
        Ok(commit == Commit::Done)
    }

    /// Keeps a question for the form that has this secret.
    pub async fn ask(&self, secret: &str, question: &SignInQuestion) -> Result<(), StoreError> {
        let until = self.clock.now() + QUESTION_LIFETIME;
        self.create_until(&keys::question(secret), question, until).await
    }

    /// The question of this form, which is then over. Refused to another browser than the one that was asked.
    pub async fn take_question(&self, secret: &str, browser: &str) -> Result<Taken<SignInQuestion>, StoreError> {
        let same = Expression::new("#browser = :browser")
            .name("#browser", "browser")
            .text(":browser", browser);
        self.take(&keys::question(secret), same).await
    }

    /// Keeps what a code gives.
    pub async fn keep_code(&self, code: &str, grant: &CodeGrant) -> Result<(), StoreError> {
        let until = self.clock.now() + CODE_LIFETIME;
        self.create_until(&keys::authorization_code(code), grant, until).await
    }

    /// The grant of a code, which may have given already.
    pub async fn code_grant(&self, code: &str) -> Result<Option<CodeGrant>, StoreError> {
        self.get(&keys::authorization_code(code)).await
    }
}
