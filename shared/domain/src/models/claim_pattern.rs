//! Patterns of claims in a workload's identity token: texts in which `*` is anything within one segment.

use serde::{Deserialize, Serialize};

/// Characters of a pattern.
const MAX_CHARS: usize = 512;

/// Segments end at `:` and `/`, which issuers put between names. So a `*` for a branch matches no other repository,
/// and no branch with a slash, which may be somebody else's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClaimPattern(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a text of 1 to 512 characters")]
pub struct ClaimPatternError;

impl ClaimPattern {
    pub fn parse(text: impl Into<String>) -> Result<Self, ClaimPatternError> {
        let text = text.into();
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return Err(ClaimPatternError);
        }
        Ok(Self(text))
    }

    /// True if `value` has the same segments, each as the pattern has it.
    pub fn fits(&self, value: &str) -> bool {
        let mut wanted = self.0.split_inclusive(is_end);
        let mut found = value.split_inclusive(is_end);
        loop {
            match (wanted.next(), found.next()) {
                (Some(wanted), Some(found)) if segment_fits(wanted.as_bytes(), found.as_bytes()) => {}
                // A star at the end stands for nothing too.
                (Some(wanted), None) if is_stars(wanted) => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    /// True if it is one value and no other.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// True if it names something: it is not made of stars and ends of segments alone.
    pub fn names_something(&self) -> bool {
        !self.0.chars().all(|character| character == '*' || is_end(character))
    }
}

fn is_end(character: char) -> bool {
    matches!(character, ':' | '/')
}

fn is_stars(segment: &str) -> bool {
    segment.bytes().all(|byte| byte == b'*')
}

/// A glob within one segment, whose end, if it has one, is a part of both. Linear but for the last star, to which it
/// goes back.
fn segment_fits(wanted: &[u8], found: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while seen < found.len() {
        let ends = is_end(char::from(found[seen]));
        if wanted.get(at) == Some(&b'*') {
            last_star = Some((at, seen));
            at += 1;
        } else if wanted.get(at) == Some(&found[seen]) {
            at += 1;
            seen += 1;
        } else if let Some((star, begun)) = last_star.filter(|_| !ends) {
            last_star = Some((star, begun + 1));
            at = star + 1;
            seen = begun + 1;
        } else {
            return false;
        }
    }
    wanted[at..].iter().all(|byte| *byte == b'*')
}

impl TryFrom<String> for ClaimPattern {
    type Error = ClaimPatternError;

    fn try_from(text: String) -> Result<Self, ClaimPatternError> {
        Self::parse(text)
    }
}

impl From<ClaimPattern> for String {
    fn from(pattern: ClaimPattern) -> Self {
        pattern.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fits(pattern: &str, value: &str) -> bool {
        ClaimPattern::parse(pattern).unwrap().fits(value)
    }

    #[test]
    fn p106_w4_w5_a_star_stays_within_its_segment() {
        for (pattern, value) in [
            ("repo:acme/app:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main"),
            ("repo:acme/*:ref:refs/heads/main", "repo:acme/app:ref:refs/heads/main"),
            (
                "repo:acme/app:ref:refs/heads/release-*",
                "repo:acme/app:ref:refs/heads/release-1.2",
            ),
            ("*-prod-*", "eu-prod-prod-1"),
            ("system:serviceaccount:ci:*", "system:serviceaccount:ci:runner"),
            ("a/*", "a/"),
        ] {
            assert!(fits(pattern, value), "{pattern} {value}");
        }
        for (pattern, value) in [
            (
                "repo:acme/*:ref:refs/heads/main",
                "repo:acme/app:ref:refs/heads/x:ref:refs/heads/main",
            ),
            ("repo:acme/*", "repo:acme/app:ref:refs/heads/main"),
            ("repo:acme/*", "repo:acme/app/x"),
            ("repo:acme/app*", "repo:acme-evil/app"),
            ("repo:acme*/app", "repo:acme/evil/app"),
            ("repo:acme/app", "repo:acme/app2"),
            ("repo:acme/app", "repo:Acme/app"),
            ("repo:acme/app", "xrepo:acme/app"),
            ("repo:acme/app", "repo:acme:app"),
            ("*", "a:b"),
            ("a/*", "a"),
        ] {
            assert!(!fits(pattern, value), "{pattern} {value}");
        }
    }

    #[test]
    fn p106_w16_stars_alone_name_nothing() {
        for nothing in ["*", "**", "*:*", "*/*:*"] {
            assert!(!ClaimPattern::parse(nothing).unwrap().names_something(), "{nothing}");
        }
        assert!(ClaimPattern::parse("repo:*").unwrap().names_something());
        assert!(ClaimPattern::parse("").is_err());
    }

    proptest! {
        #[test]
        fn p106_a_text_without_stars_fits_itself_alone(text in "[a-c:/é]{1,12}", other in "[a-c:/é]{1,12}") {
            prop_assert!(fits(&text, &text));
            prop_assert_eq!(fits(&text, &other), text == other);
        }

        #[test]
        fn p106_what_a_star_stands_for_has_no_end_of_a_segment(
            before in "[ab:/]{0,6}", after in "[ab:/]{0,6}", middle in "[a-c:/]{0,6}",
        ) {
            let found = format!("{before}{middle}{after}");
            let stays = !middle.contains([':', '/']);
            // With ends in the middle the value has more of them than the pattern.
            prop_assert_eq!(fits(&format!("{before}*{after}"), &found), stays);
        }
    }
}
