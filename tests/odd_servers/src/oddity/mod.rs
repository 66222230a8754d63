//! The ways in which real servers are odd, each with the rule that says what a client gets all the same.

mod calls;
mod cuts;
mod ends;
mod errors;
mod events;
mod members;
mod saying;
mod table;
mod thinking;
mod transport;
mod usage;

pub use table::Oddity;

use crate::draft::Draft;
use crate::protocol::Forms;

/// Where an oddity lies, which tells what part of a gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// In the JSON of events and bodies.
    Content,
    /// In the coding of an event stream, and where its bytes end.
    Bytes,
    /// In statuses, labels, the form of the whole response.
    Exchange,
    /// In silences and connections that stay open.
    Time,
}

/// What an oddity changes. Two that change the same are not combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    /// All of the content: combined with no other oddity of content.
    Everything,
    Arguments,
    Blocks,
    Bom,
    Colon,
    Comments,
    DataLines,
    Done,
    EventNames,
    Finish,
    FinishWord,
    Form,
    Gzip,
    Ids,
    Indices,
    Label,
    LastEvent,
    LineEnds,
    Members,
    Names,
    Noise,
    /// Where the body ends, and how.
    Outcome,
    Shape,
    /// Silences.
    Pace,
    Split,
    Text,
    Thinking,
    Usage,
    Values,
}

struct Entry {
    name: &'static str,
    rule: &'static str,
    level: Level,
    aspects: &'static [Aspect],
    forms: Forms,
    apply: fn(&mut Draft) -> bool,
    about: &'static str,
}

impl Oddity {
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The rule of the specification that it tries.
    pub fn rule(self) -> &'static str {
        self.entry().rule
    }

    pub fn about(self) -> &'static str {
        self.entry().about
    }

    pub fn level(self) -> Level {
        self.entry().level
    }

    /// The responses that can have it.
    pub fn forms(self) -> Forms {
        self.entry().forms
    }

    pub(crate) fn excludes(self, other: Self) -> bool {
        let (this, other) = (self.entry(), other.entry());
        let alone =
            |one: &Entry, another: &Entry| one.aspects.contains(&Aspect::Everything) && another.level == Level::Content;
        alone(this, other) || alone(other, this) || this.aspects.iter().any(|aspect| other.aspects.contains(aspect))
    }

    /// Changes `draft`; false if its truth leaves no room for it, and nothing was changed then.
    pub(crate) fn apply(self, draft: &mut Draft) -> bool {
        (self.entry().apply)(draft)
    }
}
