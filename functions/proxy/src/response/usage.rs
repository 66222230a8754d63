//! The tokens of a response, as far as its backend reported them. Pure.

use translators::directions::ApiDialect;
use translators::usage::{ServedTier, Usage, update_from_event, update_from_response_event};

use super::scan::ChunkInfo;

/// What is known of a response's tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UsageReport {
    /// The backend's own numbers. A reported zero is zero (promise 44).
    Reported(Usage),
    /// An estimate that a translation made.
    Estimated(Usage),
    /// The backend reported nothing, or its stream ended before it reported all.
    Incomplete {
        /// The part that it did report.
        reported: Option<Usage>,
        /// Bytes of text that it generated.
        text_bytes: usize,
    },
}

impl UsageReport {
    /// What a backend has reported of a whole response, as far as it can be believed (B7).
    pub(crate) fn of(reported: Option<Usage>, text_bytes: usize, context_window: Option<u64>) -> Self {
        let estimate = Usage::estimate(0, text_bytes);
        match Usage::believed(reported, estimate, context_window) {
            (usage, false) => Self::Reported(usage),
            (_, true) => Self::Incomplete {
                reported: None,
                text_bytes,
            },
        }
    }

    /// The usage of a request that got no response.
    pub(crate) fn zero() -> Self {
        Self::Reported(Usage::default())
    }

    /// The tokens, estimated where they were not reported. `input_estimate` is in tokens.
    pub(crate) fn usage(self, input_estimate: u64) -> Usage {
        match self {
            Self::Reported(usage) | Self::Estimated(usage) => usage,
            Self::Incomplete {
                reported: None,
                text_bytes,
            } => Usage::estimate(input_estimate, text_bytes),
            Self::Incomplete {
                reported: Some(reported),
                text_bytes,
            } => Usage {
                input: if reported.input == 0 {
                    input_estimate
                } else {
                    reported.input
                },
                output: reported.output.max(Usage::estimate(0, text_bytes).output),
                ..reported
            },
        }
    }

    pub(crate) fn is_estimated(self) -> bool {
        !matches!(self, Self::Reported(_))
    }
}

/// What a stream has reported of its usage so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamUsage {
    reported: Option<Usage>,
    /// True if `reported` is the usage of the whole response.
    is_complete: bool,
    /// The tier that chunks of chat tell, with or without usage.
    tier: Option<ServedTier>,
    text_bytes: usize,
    context_window: Option<u64>,
}

impl StreamUsage {
    pub(super) fn new(context_window: Option<u64>) -> Self {
        Self {
            context_window,
            ..Self::default()
        }
    }

    /// Adds an event of a stream in `dialect`.
    pub(super) fn add(&mut self, dialect: ApiDialect, info: ChunkInfo, data: &[u8]) {
        self.text_bytes += info.text_bytes;
        match dialect {
            ApiDialect::Responses => {
                update_from_response_event(&mut self.reported, data);
                self.is_complete = self.reported.is_some();
            }
            ApiDialect::Messages => {
                update_from_event(&mut self.reported, data);
                self.is_complete |= info.is_final_usage;
            }
            ApiDialect::Chat => {
                self.tier = info.tier.or(self.tier);
                if let Some(usage) = info.usage {
                    self.reported.get_or_insert_default().update(usage);
                    self.is_complete = true;
                }
            }
        }
    }

    /// Adds an event of a Responses stream: text, or what the last one reports.
    pub(super) fn add_event(&mut self, text_bytes: usize, reported: Option<Usage>) {
        self.text_bytes += text_bytes;
        if let Some(usage) = reported {
            self.reported.get_or_insert_default().update(usage);
            self.is_complete = true;
        }
    }

    /// Adds a whole response.
    pub(super) fn add_body(&mut self, dialect: ApiDialect, info: ChunkInfo, body: &[u8]) {
        self.add(dialect, info, body);
        self.is_complete = self.reported.is_some();
    }

    pub(super) fn report(self) -> UsageReport {
        match self.reported.map(|usage| usage.served_in(self.tier)) {
            Some(usage) if self.is_complete => UsageReport::of(Some(usage), self.text_bytes, self.context_window),
            reported => UsageReport::Incomplete {
                reported: reported.filter(|usage| !usage.is_absurd(self.context_window)),
                text_bytes: self.text_bytes,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p44_an_estimate_only_where_nothing_was_reported() {
        let zero = UsageReport::Reported(Usage::default());
        assert_eq!((zero.usage(100), zero.is_estimated()), (Usage::default(), false));
        let silent = UsageReport::Incomplete {
            reported: None,
            text_bytes: 9,
        };
        assert_eq!(
            (silent.usage(100).input, silent.usage(100).output, silent.is_estimated()),
            (100, 3, true)
        );
        let started = Usage {
            input: 7,
            output: 1,
            ..Usage::default()
        };
        let cut = UsageReport::Incomplete {
            reported: Some(started),
            text_bytes: 40,
        };
        assert_eq!(
            (cut.usage(100).input, cut.usage(100).output, cut.is_estimated()),
            (7, 10, true)
        );
    }
}
