//! The part of the usage that an administrator asks for. People are named by their ids or addresses, keys by their ids
//! or beginnings (OP6).

use domain::access::accounts::{Reach, reach};
use domain::models::rollup::Rollup;
use domain::models::usage::UsageRecord;
use domain::models::user::User;
use domain::models::{BackendId, DisplayName, Email, KeyId, ModelId, UserId};
use service::http::ApiError;
use service::store::{Store, Whose};

pub(crate) struct Filter {
    pub(crate) user: Option<Person>,
    pub(crate) department: Option<DisplayName>,
    pub(crate) model: Option<ModelId>,
    pub(crate) backend: Option<BackendId>,
    /// An id, or the beginning of a key.
    pub(crate) key: Option<String>,
}

/// A person who is asked for.
pub(crate) struct Person {
    /// Absent if no account has the address now.
    id: Option<UserId>,
    email: Option<Email>,
}

/// The person that a text names, by an id or an address.
pub(crate) async fn person(store: &Store, text: Option<&str>) -> Result<Option<Person>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    if !text.contains('@') {
        let id = UserId::parse(text).map_err(|error| ApiError::invalid("user", error.to_string()))?;
        return Ok(Some(Person {
            id: Some(id),
            email: None,
        }));
    }
    let email = Email::parse(text).map_err(|error| ApiError::invalid("user", error.to_string()))?;
    let user = store.user_by_email(&email).await?;
    Ok(Some(Person {
        id: user.map(|user| user.id),
        email: Some(email),
    }))
}

impl Person {
    fn is(&self, user: &UserId, email: Option<&Email>) -> bool {
        let has_address = || self.email.as_ref().map(Email::folded) == email.map(Email::folded);
        match &self.id {
            Some(id) => id == user,
            None => email.is_some() && has_address(),
        }
    }
}

impl Filter {
    /// The smallest part of the usage that has all that fits, and that `actor` may see.
    pub(crate) fn whose<'a>(&'a self, actor: &'a User) -> Result<Whose<'a>, ApiError> {
        let user = self.user.as_ref().and_then(|person| person.id.as_ref());
        match (reach(actor), user, &self.department) {
            (Reach::Everybody, Some(user), _) => Ok(Whose::User(user)),
            (Reach::Everybody, None, Some(department)) => Ok(Whose::Department(department)),
            (Reach::Everybody, None, None) => Ok(Whose::Everybody),
            (Reach::Department(own), ..) => Ok(Whose::Department(own)),
            (Reach::Nobody, ..) => Err(ApiError::forbidden()),
        }
    }

    /// Sums do not know addresses: those of nobody have none.
    pub(crate) fn fits_row(&self, row: &Rollup) -> bool {
        let of = &row.of;
        self.user.as_ref().is_none_or(|person| person.is(&of.user, None))
            && is(self.department.as_ref(), of.department.as_ref())
            && is(self.model.as_ref(), of.model.as_ref())
            && is(self.backend.as_ref(), of.backend.as_ref())
            && self.is_key(&of.key, row.key_prefix.as_deref())
    }

    pub(crate) fn fits_record(&self, record: &UsageRecord) -> bool {
        let (request, known) = (&record.request, &record.circumstances);
        let is_person = |person: &Person| person.is(&request.user, known.user_email.as_ref());
        self.user.as_ref().is_none_or(is_person)
            && is(self.department.as_ref(), request.department.as_ref())
            && is(self.model.as_ref(), Some(&request.model))
            && is(self.backend.as_ref(), record.backend.as_ref())
            && self.is_key(&request.key, known.key_prefix.as_deref())
    }

    fn is_key(&self, id: &KeyId, prefix: Option<&str>) -> bool {
        self.key.as_deref().is_none_or(|wanted| {
            let begins = |prefix: &str| wanted.starts_with("sk-") && prefix.starts_with(wanted);
            wanted == id.as_str() || prefix.is_some_and(begins)
        })
    }
}

fn is<T: PartialEq>(wanted: Option<&T>, value: Option<&T>) -> bool {
    wanted.is_none() || wanted == value
}
