//! Permits for login attempts, taken before a password is checked and given back when it was right (promise 4).

use std::net::IpAddr;

use domain::access::throttle::{Guarded, Limit, PER_ADDRESS, PER_EMAIL};
use domain::models::Email;
use jiff::Timestamp;
use service::http::{ApiError, Code};
use service::store::{LoginAttempt, Store, StoreError};

/// An attempt that counts against the limits of its account and its address.
pub(crate) struct LoginPermit<'a> {
    store: &'a Store,
    email: Guarded,
    address: Option<Guarded>,
    taken_at: Timestamp,
}

impl<'a> LoginPermit<'a> {
    /// A permit for one attempt. An attempt that is refused does not count.
    pub(crate) async fn acquire(store: &'a Store, email: &Email, address: Option<IpAddr>) -> Result<Self, ApiError> {
        let email = Guarded::Email(email.folded());
        let permit = Self {
            store,
            email,
            address: address.map(Guarded::address),
            taken_at: store.clock().now(),
        };
        if let Some(address) = &permit.address {
            refuse_if_full(take(store, address, PER_ADDRESS).await?)?;
        }
        let attempt = take(store, &permit.email, PER_EMAIL).await?;
        if attempt != LoginAttempt::Taken {
            permit.free_address().await?;
        }
        refuse_if_full(attempt)?;
        Ok(permit)
    }

    /// The password was right: the account's attempts are forgotten, and this one does not count for the address.
    pub(crate) async fn succeeded(self) -> Result<(), ApiError> {
        self.store.clear_places(&self.email).await?;
        self.free_address().await
    }

    /// The password was not checked, so the attempt does not count.
    pub(crate) async fn release(self) -> Result<(), ApiError> {
        self.store
            .give_place_back(&self.email, PER_EMAIL, self.taken_at)
            .await?;
        self.free_address().await
    }

    async fn free_address(&self) -> Result<(), ApiError> {
        let Some(address) = &self.address else { return Ok(()) };
        Ok(self.store.give_place_back(address, PER_ADDRESS, self.taken_at).await?)
    }
}

/// Counts an attempt. The limit is full also when so many are counted at once that their writes conflict.
async fn take(store: &Store, guarded: &Guarded, limit: Limit) -> Result<LoginAttempt, ApiError> {
    match store.take_place(guarded, limit).await {
        Err(StoreError::Conflict) => Ok(LoginAttempt::Full { seconds: 1 }),
        taken => Ok(taken?),
    }
}

fn refuse_if_full(attempt: LoginAttempt) -> Result<(), ApiError> {
    match attempt {
        LoginAttempt::Taken => Ok(()),
        LoginAttempt::Full { seconds } => {
            Err(ApiError::new(Code::TooManyAttempts, "too many failed attempts; try again later").retry_after(seconds))
        }
    }
}
