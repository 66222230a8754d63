//! Permits for attempts to log in, taken before anything of the attempt is checked and given back when it was right
//! (promise 4).

use std::net::IpAddr;

use domain::access::throttle::{
    DEVICE_CODES, Guarded, Limit, OPEN_DEVICE_CODES, PER_ADDRESS, PER_EMAIL, REGISTRATIONS, USER_CODES,
};
use domain::models::Email;
use jiff::Timestamp;
use service::http::{ApiError, Code};
use service::store::{LoginAttempt, Store, StoreError};

/// An attempt that counts against the limits of its account and its address.
pub(crate) struct LoginPermit<'a> {
    store: &'a Store,
    /// Absent for an attempt that names no account.
    email: Option<Guarded>,
    address: Option<Guarded>,
    taken_at: Timestamp,
}

impl<'a> LoginPermit<'a> {
    /// A permit for one attempt with a password. An attempt that is refused does not count.
    pub(crate) async fn acquire(
        store: &'a Store,
        email: Option<&Email>,
        address: Option<IpAddr>,
    ) -> Result<Self, ApiError> {
        let permit = Self {
            store,
            email: email.map(|email| Guarded::Email(email.folded())),
            address: address.map(Guarded::address),
            taken_at: store.clock().now(),
        };
        permit.take_places().await?;
        Ok(permit)
    }

    /// A permit for one login by single sign-on, from the provider or with a one-time code.
    pub(crate) async fn for_single_sign_on(store: &'a Store, address: Option<IpAddr>) -> Result<Self, ApiError> {
        let permit = Self {
            store,
            email: None,
            address: address.map(Guarded::single_sign_on),
            taken_at: store.clock().now(),
        };
        permit.take_places().await?;
        Ok(permit)
    }

    async fn take_places(&self) -> Result<(), ApiError> {
        if let Some(address) = &self.address {
            refuse_if_full(take(self.store, address, PER_ADDRESS).await?)?;
        }
        let Some(email) = &self.email else { return Ok(()) };
        let attempt = take(self.store, email, PER_EMAIL).await?;
        if attempt != LoginAttempt::Taken {
            self.free_address().await?;
        }
        refuse_if_full(attempt)
    }

    /// The attempt led to a session: those of the account are forgotten, and this one does not count for the address.
    pub(crate) async fn succeeded(self) -> Result<(), ApiError> {
        if let Some(email) = &self.email {
            self.store.clear_places(email).await?;
        }
        self.free_address().await
    }

    /// The password was not checked, so the attempt does not count.
    pub(crate) async fn release(self) -> Result<(), ApiError> {
        if let Some(email) = &self.email {
            self.store.give_place_back(email, PER_EMAIL, self.taken_at).await?;
        }
        self.free_address().await
    }

    async fn free_address(&self) -> Result<(), ApiError> {
        let Some(address) = &self.address else { return Ok(()) };
        Ok(self.store.give_place_back(address, PER_ADDRESS, self.taken_at).await?)
    }
}

/// Counts a registration, which takes a place whatever becomes of it.
pub(crate) async fn count_registration(store: &Store, address: Option<IpAddr>) -> Result<(), ApiError> {
    match address.map(Guarded::registration) {
        Some(address) => refuse_if_full(take(store, &address, REGISTRATIONS).await?),
        None => Ok(()),
    }
}

/// Counts a device code that a program asks for, which takes a place whatever becomes of it.
pub(crate) async fn count_device_code(store: &Store, address: Option<IpAddr>) -> Result<(), ApiError> {
    if let Some(address) = address.map(Guarded::device_codes) {
        refuse_if_full(take(store, &address, DEVICE_CODES).await?)?;
    }
    refuse_if_full(take(store, &Guarded::OpenDeviceCodes, OPEN_DEVICE_CODES).await?)
}

/// A try to type a code, which counts unless the code is one.
pub(crate) struct CodePermit<'a> {
    store: &'a Store,
    address: Option<Guarded>,
    taken_at: Timestamp,
}

impl<'a> CodePermit<'a> {
    pub(crate) async fn acquire(store: &'a Store, address: Option<IpAddr>) -> Result<Self, ApiError> {
        let permit = Self {
            store,
            address: address.map(Guarded::user_codes),
            taken_at: store.clock().now(),
        };
        if let Some(address) = &permit.address {
            refuse_if_full(take(store, address, USER_CODES).await?)?;
        }
        Ok(permit)
    }

    pub(crate) async fn succeeded(self) -> Result<(), ApiError> {
        let Some(address) = &self.address else { return Ok(()) };
        Ok(self.store.give_place_back(address, USER_CODES, self.taken_at).await?)
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
            Err(ApiError::new(Code::TooManyAttempts, "too many attempts; try again later").retry_after(seconds))
        }
    }
}
