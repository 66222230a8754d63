//! What is made of a backend's answer: passed on as it is, or translated. Pure, but for the ids of new messages.

use bytes::Bytes;
use domain::random;
use translators::context::AnswerContext;
use translators::error::BackendError;
use translators::messages::from_chat;
use translators::messages::stream::ToAnthropic;
use translators::usage::{Usage, update_from_event};

use super::model_name::Naming;
use super::passthrough::Watch;
use super::scan::{ChunkInfo, Kind};
use super::stream::{Translation, Voice};
use crate::response::usage::Metered;

/// Characters of a made-up id behind its prefix.
const ID_LENGTH: usize = 24;

/// Who reads a backend's answer.
#[derive(Debug)]
pub(crate) enum Reader {
    /// A chat answer for a chat client.
    Chat {
        /// Whether usage at the end of a stream is ours alone: the client has not asked for it.
        hides_usage: bool,
        naming: Naming,
    },
    /// An Anthropic answer for an Anthropic client.
    Messages { naming: Naming },
    /// A chat answer for an Anthropic client.
    Translated(Box<AnswerContext>),
}

/// An answer that is not streamed, as the client gets it.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) body: Bytes,
    pub(crate) metered: Metered,
    pub(crate) notes: Notes,
}

/// What the log keeps of a translated answer. One that is passed on as it is tells the client by itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// The backend's id of the answer (translation.md §4.1).
    pub(crate) upstream_id: Option<String>,
    /// Tool calls that had to be left out (translation.md §5.6).
    pub(crate) nameless_calls: usize,
}

impl Reader {
    /// Reads an answer that is not streamed.
    pub(crate) fn whole(self, body: Bytes) -> Result<Whole, BackendError> {
        let finding = ChunkInfo::of(&body);
        match finding.kind {
            Kind::Garbage => return Err(BackendError::unreadable()),
            Kind::Error => return Err(BackendError::from_error_object(&body)),
            Kind::Answer | Kind::End => {}
        }
        let reported = |usage: Option<Usage>| {
            usage.map_or(
                Metered::Unreported {
                    partly: None,
                    said: finding.said,
                },
                Metered::Reported,
            )
        };
        match self {
            Self::Chat { naming, .. } => {
                let metered = reported(finding.usage);
                Ok(Whole {
                    metered,
                    body: naming.whole(body, &finding),
                    notes: Notes::default(),
                })
            }
            Self::Messages { naming } => {
                let mut usage = None;
                update_from_event(&mut usage, &body);
                Ok(Whole {
                    metered: reported(usage),
                    body: naming.whole(body, &finding),
                    notes: Notes::default(),
                })
            }
            Self::Translated(context) => {
                let answer = from_chat::to_message(&body, &context, &mut new_id)?;
                let notes = Notes {
                    upstream_id: answer.upstream_id,
                    nameless_calls: answer.nameless_calls,
                };
                let metered = if answer.usage_is_estimated {
                    Metered::Estimated(answer.usage)
                } else {
                    Metered::Reported(answer.usage)
                };
                Ok(Whole {
                    body: answer.body.into(),
                    metered,
                    notes,
                })
            }
        }
    }

    /// Reads a stream.
    pub(crate) fn stream(self) -> Voice {
        match self {
            Self::Chat { hides_usage, naming } => Voice::Same(Box::new(Watch::chat(naming, hides_usage))),
            Self::Messages { naming } => Voice::Same(Box::new(Watch::messages(naming))),
            Self::Translated(context) => {
                Voice::Translated(Box::new(Translation::new(ToAnthropic::new(*context, Box::new(new_id)))))
            }
        }
    }
}

fn new_id() -> String {
    random::base62(ID_LENGTH)
}
