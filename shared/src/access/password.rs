//! Passwords.

use std::str::FromStr;

/// How strong a password has to be (promise 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordPolicy {
    /// At least 8 characters.
    Basic,
    /// At least 12, and none of the common ones.
    Strict,
}

impl FromStr for PasswordPolicy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "basic" => Ok(Self::Basic),
            "strict" => Ok(Self::Strict),
            _ => Err("must be basic or strict"),
        }
    }
}
