//! Passwords: what is accepted, how they are hashed, how a hash is checked (promises 1 to 3).
//!
//! Hashing takes a processor's whole attention for some tens of milliseconds; `service::hasher` keeps it off the
//! threads that serve.

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use crate::models::user::PasswordHash;
use crate::models::{DisplayName, Email};
use crate::random;

pub use crate::models::settings::PasswordPolicy;

/// Longer texts are refused before any hashing.
pub const MAX_LENGTH: usize = 128;

/// 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash of a password that nobody has: verified where there is no account, so that both cases take as long.
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dGlkZWdhdGUtZHVtbXktMQ$4jfDOSsXnBkyzCH2OoHs4Z9o4hWgvW3wEh0aO1Qcnv0";

/// Why a password is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("the password must have at least {0} characters")]
    TooShort(usize),
    #[error("the password may have at most {MAX_LENGTH} characters")]
    TooLong,
    #[error("the password must not be the e-mail address or the name")]
    OwnName,
    #[error("the password is one of the most common ones")]
    Common,
}

/// How a password compares with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordMatch {
    Wrong,
    Right,
    /// Right, but hashed with weaker parameters than today's: to be hashed anew.
    RightButOutdated,
}

/// The hash function would not do it; never because of the password.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct HashError(String);

impl PasswordPolicy {
    const fn min_length(self) -> usize {
        match self {
            Self::Basic => 8,
            Self::Strict => 12,
        }
    }

    /// True if the owner of `email` and `name` may use `password`.
    pub fn check(self, password: &str, email: &Email, name: &DisplayName) -> Result<(), WeakPassword> {
        let length = password.chars().count();
        if length > MAX_LENGTH {
            return Err(WeakPassword::TooLong);
        }
        if length < self.min_length() {
            return Err(WeakPassword::TooShort(self.min_length()));
        }
        let folded = password.to_lowercase();
        if folded == email.folded() || folded == name.as_str().to_lowercase() {
            return Err(WeakPassword::OwnName);
        }
        if self == Self::Strict && is_common(&folded) {
            Err(WeakPassword::Common)
        } else {
            Ok(())
        }
    }
}

/// True if guessers try it first: a listed word, alone or with digits and signs behind it, or again and again.
fn is_common(folded: &str) -> bool {
    let word = folded.trim_end_matches(|character: char| !character.is_alphabetic());
    let period = |length: usize| {
        folded
            .as_bytes()
            .iter()
            .zip(folded.as_bytes()[length..].iter())
            .all(|(a, b)| a == b)
    };
    let listed = |text: &str| COMMON.contains(&text);
    listed(folded) || listed(word) || (1..=4).any(|length| length < folded.len() && period(length))
}

/// Words and sequences at the top of every published list, as far as twelve characters can hold them.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "passwort",
    "passwordpassword",
    "mypassword",
    "tidegate",
    "admin",
    "administrator",
    "root",
    "letmein",
    "welcome",
    "changeme",
    "changemenow",
    "default",
    "iloveyou",
    "iloveyouforever",
    "princess",
    "football",
    "baseball",
    "superman",
    "batman",
    "trustno",
    "sunshine",
    "monkey",
    "dragon",
    "master",
    "shadow",
    "michael",
    "starwars",
    "whatever",
    "computer",
    "internet",
    "qwerty",
    "qwertyuiop",
    "qwertyuiopasdfghjkl",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "qazwsxedc",
    "qazwsxedcrfv",
    "q1w2e3r4t5y6",
    "1q2w3e4r5t6y",
    "1qaz2wsx3edc",
    "123qweasdzxc",
    "abcdefghijkl",
    "abcdefghijklm",
    "woaini",
    "woaini1314",
    "123456789012",
    "1234567890123",
    "0123456789ab",
    "123456789abc",
    "987654321098",
    "correcthorsebatterystaple",
];

/// The hash to store for `password`, with a salt of its own.
pub fn hash(password: &str) -> Result<PasswordHash, HashError> {
    let salt = random::bytes::<16>();
    let hashed: phc::PasswordHash = current()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(refused)?;
    Ok(PasswordHash::new(hashed.to_string()))
}

/// How `password` compares with `hash`; without one, with a hash of the same cost that no password has.
pub fn verify(password: &str, hash: Option<&PasswordHash>) -> PasswordMatch {
    let known = hash.map_or(DUMMY, PasswordHash::as_str);
    let Ok(parsed) = phc::PasswordHash::new(known) else {
        return PasswordMatch::Wrong;
    };
    match Argon2::default().verify_password(password.as_bytes(), &parsed) {
        Ok(()) if hash.is_none() => PasswordMatch::Wrong,
        Ok(()) if is_current(&parsed) => PasswordMatch::Right,
        Ok(()) => PasswordMatch::RightButOutdated,
        Err(_) => PasswordMatch::Wrong,
    }
}

fn current() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(refused)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn is_current(hash: &phc::PasswordHash) -> bool {
    let params = Params::try_from(hash);
    params.is_ok_and(|params| (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES))
}

fn refused(error: impl std::fmt::Display) -> HashError {
    HashError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(policy: PasswordPolicy, password: &str) -> Result<(), WeakPassword> {
        policy.check(
            password,
            &Email::parse("someone@example.com").unwrap(),
            &DisplayName::parse("Someone Special").unwrap(),
        )
    }

    #[test]
    fn p1_basic_asks_for_eight_characters_that_are_not_the_owners_name() {
        assert_eq!(check(PasswordPolicy::Basic, "password123"), Ok(()));
        assert_eq!(check(PasswordPolicy::Basic, "密码密码密码密码"), Ok(()));
        assert_eq!(check(PasswordPolicy::Basic, "1234567"), Err(WeakPassword::TooShort(8)));
        assert_eq!(
            check(PasswordPolicy::Basic, "Someone@Example.com"),
            Err(WeakPassword::OwnName)
        );
        assert_eq!(
            check(PasswordPolicy::Basic, "someone special"),
            Err(WeakPassword::OwnName)
        );
        assert_eq!(
            check(PasswordPolicy::Basic, &"a".repeat(129)),
            Err(WeakPassword::TooLong)
        );
    }

    #[test]
    fn p1_strict_asks_for_twelve_that_nobody_guesses_first() {
        assert_eq!(check(PasswordPolicy::Strict, "correct-pony-battery"), Ok(()));
        assert_eq!(
            check(PasswordPolicy::Strict, "password123"),
            Err(WeakPassword::TooShort(12))
        );
        for common in [
            "Password1234",
            "TIDEGATE2026!",
            "tidegate12345",
            "123123123123",
            "aaaaaaaaaaaa",
            "1234567890123",
        ] {
            assert_eq!(
                check(PasswordPolicy::Strict, common),
                Err(WeakPassword::Common),
                "{common}"
            );
        }
    }

    #[test]
    fn p2_hashes_are_argon2id_with_a_salt_of_their_own_and_their_parameters() {
        let hashed = hash("密码 with ünïcode").unwrap();
        assert!(
            hashed.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hashed.as_str()
        );
        assert_ne!(hashed, hash("密码 with ünïcode").unwrap());
        assert_eq!(verify("密码 with ünïcode", Some(&hashed)), PasswordMatch::Right);
        assert_eq!(verify("密码 with ünïcodf", Some(&hashed)), PasswordMatch::Wrong);
        assert_eq!(format!("{hashed:?}"), "***");
    }

    #[test]
    fn p2_a_weaker_hash_is_right_but_outdated() {
        let weak = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            Params::new(1024, 1, 1, None).unwrap(),
        );
        let hashed: phc::PasswordHash = weak.hash_password_with_salt(b"password123", &[7; 16]).unwrap();
        assert_eq!(
            verify("password123", Some(&PasswordHash::new(hashed.to_string()))),
            PasswordMatch::RightButOutdated
        );
    }

    #[test]
    fn p3_without_an_account_a_hash_of_the_same_cost_is_checked_and_never_fits() {
        assert!(is_current(&phc::PasswordHash::new(DUMMY).unwrap()));
        assert_eq!(verify("password123", None), PasswordMatch::Wrong);
    }
}
