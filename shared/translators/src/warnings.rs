//! Names of fields of the client's request that the backend does not get, for `x-translation-warnings` (P2).

use crate::json::Members;

/// Limits of the warnings: their names may be the client's.
const MOST_NAMES: usize = 32;
const LONGEST_NAME: usize = 64;

/// The names of fields that were dropped (P2), each once.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    /// Names may be the client's own, and they end up in a header.
    pub(crate) fn dropped(&mut self, field: &str) {
        let safe = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        let name: String = field
            .chars()
            .take(LONGEST_NAME)
            .map(|c| if safe(c) { c } else { '_' })
            .collect();
        if self.0.len() < MOST_NAMES && !self.0.contains(&name) {
            self.0.push(name);
        }
    }

    /// Unknown members (P3), where they say anything (H3), of something that has no counterpart which could carry them.
    pub(crate) fn dropped_all(&mut self, members: &Members<'_>) {
        let present = members.0.iter().filter(|(_, value)| value.get() != "null");
        present.for_each(|(name, _)| self.dropped(name));
    }

    pub(crate) fn into_names(self) -> Vec<String> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p2_each_name_is_told_once_and_is_fit_for_a_header() {
        let mut warnings = Warnings::default();
        for field in ["top_k", "ev\r\nil: ü", "top_k"] {
            warnings.dropped(field);
        }
        assert_eq!(warnings.into_names(), ["top_k", "ev__il___"]);
    }
}
