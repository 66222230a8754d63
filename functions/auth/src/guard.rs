//! Places for login tries, taken before a password is checked and given back when it was right (promise 4).

use std::net::IpAddr;

use domain::access::throttle::{Guarded, Limit, PER_ADDRESS, PER_EMAIL};
use domain::models::Email;
use jiff::Timestamp;
use service::http::{ApiError, Code};
use service::store::{LoginAttempt, Store, StoreError};

/// A try that has its places.
pub(crate) struct Guard<'a> {
    store: &'a Store,
    email: Guarded,
    address: Option<Guarded>,
    taken_at: Timestamp,
}

impl<'a> Guard<'a> {
    /// Takes the places of one try, or refuses it; what is refused is not counted.
    pub(crate) async fn enter(store: &'a Store, email: &Email, address: Option<IpAddr>) -> Result<Self, ApiError> {
        let email = Guarded::Email(email.folded());
        let guard = Self {
            store,
            email,
            address: address.map(Guarded::address),
            taken_at: store.clock().now(),
        };
        if let Some(address) = &guard.address {
            refuse_if_full(take(store, address, PER_ADDRESS).await?)?;
        }
        let place = take(store, &guard.email, PER_EMAIL).await?;
        if place != LoginAttempt::Taken {
            guard.free_address().await?;
        }
        refuse_if_full(place)?;
        Ok(guard)
    }

    /// The password was right: the tries for the account are forgotten, this one from the address is not counted.
    pub(crate) async fn succeeded(self) -> Result<(), ApiError> {
        self.store.clear_places(&self.email).await?;
        self.free_address().await
    }

    /// The password was not looked at.
    pub(crate) async fn withdraw(self) -> Result<(), ApiError> {
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

/// A place, or none when so many try at once that the window cannot be agreed on.
async fn take(store: &Store, guarded: &Guarded, limit: Limit) -> Result<LoginAttempt, ApiError> {
    match store.take_place(guarded, limit).await {
        Err(StoreError::Conflict) => Ok(LoginAttempt::Full { seconds: 1 }),
        taken => Ok(taken?),
    }
}

fn refuse_if_full(place: LoginAttempt) -> Result<(), ApiError> {
    match place {
        LoginAttempt::Taken => Ok(()),
        LoginAttempt::Full { seconds } => {
            Err(ApiError::new(Code::TooManyAttempts, "too many failed attempts; try again later").retry_after(seconds))
        }
    }
}
