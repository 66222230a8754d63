//! The accounts above users, whose limits hold for many of them together.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::models::DisplayName;
use crate::models::budget::Budget;

/// An account above users. As text it is the partition of its meter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Owner {
    Organisation,
    Department(DisplayName),
}

const ORGANISATION: &str = "org";
const DEPARTMENT: &str = "dept#";

impl Owner {
    /// The account that `budget` is of.
    pub fn of(budget: &Budget) -> Self {
        budget.name.clone().map_or(Self::Organisation, Self::Department)
    }

    pub fn kind(&self) -> AccountKind {
        match self {
            Self::Organisation => AccountKind::Organisation,
            Self::Department(_) => AccountKind::Department,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation => f.write_str(ORGANISATION),
            Self::Department(name) => write!(f, "{DEPARTMENT}{name}"),
        }
    }
}

impl From<Owner> for String {
    fn from(owner: Owner) -> Self {
        owner.to_string()
    }
}

impl TryFrom<String> for Owner {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text == ORGANISATION {
            return Ok(Self::Organisation);
        }
        let name = text.strip_prefix(DEPARTMENT).map(DisplayName::parse);
        match name {
            Some(Ok(name)) => Ok(Self::Department(name)),
            Some(Err(_)) | None => Err("must be an account above users"),
        }
    }
}

/// The kinds of accounts whose use is counted, from the top down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    Organisation,
    Department,
    User,
    Key,
}

impl AccountKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Department => "department",
            Self::User => "user",
            Self::Key => "key",
        }
    }
}
