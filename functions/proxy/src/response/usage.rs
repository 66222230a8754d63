//! How much an answer has used, as far as its backend told. Pure.

use service::http::Dialect;
use translators::usage::{Usage, update_from_event};

use crate::response::scan::ChunkInfo;

/// What is known of an answer's tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Metered {
    /// The backend's own numbers. Reported zero is zero (promise 44).
    Reported(Usage),
    /// A guess that was made with the request at hand.
    Estimated(Usage),
    /// The backend told nothing, or was cut off before it told all.
    Unreported {
        /// What it did tell.
        partly: Option<Usage>,
        /// The text that it said, in bytes.
        said: usize,
    },
}

impl Metered {
    /// For what used nothing.
    pub(crate) fn nothing() -> Self {
        Self::Reported(Usage::default())
    }

    /// The tokens, of which the prompt has about `input_estimate`.
    pub(crate) fn usage(self, input_estimate: u64) -> Usage {
        match self {
            Self::Reported(usage) | Self::Estimated(usage) => usage,
            Self::Unreported { partly: None, said } => Usage::estimate(input_estimate, said),
            Self::Unreported {
                partly: Some(told),
                said,
            } => Usage {
                output: told.output.max(Usage::estimate(0, said).output),
                ..told
            },
        }
    }

    pub(crate) fn is_estimated(self) -> bool {
        !matches!(self, Self::Reported(_))
    }
}

/// What a stream has told of its usage until now.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    told: Option<Usage>,
    /// Whether that is the usage of the whole answer.
    is_all: bool,
    /// The text that was said, in bytes.
    said: usize,
}

impl Tally {
    /// Adds an event of a stream in `dialect`.
    pub(crate) fn add(&mut self, dialect: Dialect, finding: ChunkInfo, data: &[u8]) {
        self.said += finding.said;
        match dialect {
            Dialect::Anthropic => {
                update_from_event(&mut self.told, data);
                self.is_all |= finding.is_final_usage;
            }
            Dialect::OpenAi | Dialect::Management => {
                self.told = finding.usage.or(self.told);
                self.is_all = self.told.is_some();
            }
        }
    }

    pub(crate) fn metered(self) -> Metered {
        match self.told {
            Some(usage) if self.is_all => Metered::Reported(usage),
            partly => Metered::Unreported {
                partly,
                said: self.said,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p44_an_estimate_only_where_nothing_was_reported() {
        let zero = Metered::Reported(Usage::default());
        assert_eq!((zero.usage(100), zero.is_estimated()), (Usage::default(), false));
        let silent = Metered::Unreported { partly: None, said: 9 };
        assert_eq!(
            (silent.usage(100).input, silent.usage(100).output, silent.is_estimated()),
            (100, 3, true)
        );
        let started = Usage {
            input: 7,
            output: 1,
            ..Usage::default()
        };
        let cut = Metered::Unreported {
            partly: Some(started),
            said: 40,
        };
        assert_eq!(
            (cut.usage(100).input, cut.usage(100).output, cut.is_estimated()),
            (7, 10, true)
        );
    }
}
