//! The tool calls of a response: the call that a piece belongs to (§5.6, B2), and what is known of each call.

use serde_json::Value;
use serde_json::value::RawValue;

use super::arguments::Arguments;
use super::call_piece::CallPiece;
use crate::json::EscapedText;

#[derive(Debug, Default)]
pub struct PendingCall {
    index: Option<u64>,
    /// The backend's id, empty while it is unknown.
    pub id: String,
    pub name: String,
    pub arguments: Arguments,
    pub extra_content: Option<Box<RawValue>>,
    /// Its block was opened: id and name are final (I3).
    pub started: bool,
    /// The place of a complete call of the same id and name, as long as this may be the same one said again (B2.4).
    repeats: Option<usize>,
}

#[derive(Debug, Default)]
pub struct PendingCalls {
    pub list: Vec<PendingCall>,
}

/// The call that a piece belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    Known(usize),
    New,
    /// A new one, unless it turns out to be this one said again.
    NewUnlessAgain(usize),
}

/// The tool calls of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallsState {
    None,
    /// Each has all its arguments.
    Complete,
    /// At least one breaks off.
    Cut,
}

/// If a call is another one said again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    No,
    /// Its arguments are not there yet.
    Open,
    Yes,
}

impl PendingCalls {
    /// The index in `list` of the call that the piece belongs to, or that it `is_whole`; id and name are noted.
    pub fn index_of(&mut self, piece: &CallPiece<'_>, is_whole: bool) -> usize {
        if is_whole {
            return self.index_of_whole(piece);
        }
        let (index, repeats) = match self.owner(piece) {
            Owner::Known(index) => (index, None),
            Owner::New => (self.list.len(), None),
            Owner::NewUnlessAgain(first) => (self.list.len(), Some(first)),
        };
        if index == self.list.len() {
            self.list.push(PendingCall {
                index: piece.index,
                repeats,
                ..PendingCall::default()
            });
        }
        self.list[index].identify(piece);
        index
    }

    /// The same for a call of a message that came whole: each is one of its own, unless it is said again.
    fn index_of_whole(&mut self, call: &CallPiece<'_>) -> usize {
        let (id, name) = (call.id.as_deref(), call.name.as_deref());
        let same = |known: &PendingCall| Some(known.id.as_str()) == id && Some(known.name.as_str()) == name;
        let mut pending = PendingCall {
            repeats: self.rposition(same),
            ..PendingCall::default()
        };
        pending.identify(call);
        self.list.push(pending);
        self.list.len() - 1
    }

    /// Takes a call of a message that came whole.
    pub fn add_whole(&mut self, call: &CallPiece<'_>) {
        let index = self.index_of(call, true);
        self.push_arguments(index, call);
    }

    /// Takes a piece of a call.
    pub fn add(&mut self, piece: &CallPiece<'_>) {
        let index = self.index_of(piece, false);
        self.push_arguments(index, piece);
    }

    fn push_arguments(&mut self, index: usize, piece: &CallPiece<'_>) {
        let arguments = EscapedText::from_escaped(&piece.arguments);
        self.list[index].arguments.push(arguments, false);
    }

    /// If the call at `index` is another one said again; `is_last` if no more of it comes.
    pub fn repetition(&self, index: usize, is_last: bool) -> Repetition {
        let call = &self.list[index];
        match call.repeats {
            None => Repetition::No,
            Some(first) if is_last || call.arguments.is_complete() => {
                let (again, first) = (call.arguments.escaped(), self.list[first].arguments.escaped());
                if again.is_empty() || same_json(again, first) {
                    Repetition::Yes
                } else {
                    Repetition::No
                }
            }
            Some(_) => Repetition::Open,
        }
    }

    fn owner(&self, piece: &CallPiece<'_>) -> Owner {
        let by_id = piece.id.as_deref().and_then(|id| self.of_id(id, piece.index));
        let by_index = piece
            .index
            .and_then(|index| self.rposition(|call| call.index == Some(index)));
        let last = self.list.len().checked_sub(1);
        let last_open = || self.rposition(|call| !call.arguments.is_complete());
        let Some(name) = piece.name.as_deref() else {
            // A piece without a name never begins a call (B2.1), but for the first of all, whose name may follow.
            let owner = by_id.or(by_index).or_else(last_open).or(last);
            return owner.map_or(Owner::New, Owner::Known);
        };
        let owner = match (&piece.id, by_id) {
            (Some(_), Some(known)) => return self.of_named(known, name, Owner::NewUnlessAgain(known)),
            // An id that comes later than its name (B2.3).
            (Some(_), None) => by_index.filter(|known| self.list[*known].may_get_id(name)),
            (None, _) if piece.index.is_some() => by_index,
            (None, _) => last,
        };
        owner.map_or(Owner::New, |known| self.of_named(known, name, Owner::New))
    }

    /// A named piece that may continue the call at `known`: it does unless that call is whole, or has another name
    /// (B2.3).
    fn of_named(&self, known: usize, name: &str, if_whole: Owner) -> Owner {
        let call = &self.list[known];
        let is_renamed = name != call.name && !call.name.is_empty() && !call.arguments.is_empty();
        match call.arguments.is_complete() {
            _ if is_renamed => Owner::New,
            true => if_whole,
            false => Owner::Known(known),
        }
    }

    /// The call with this id; of several the one at the piece's index, else the latest.
    fn of_id(&self, id: &str, index: Option<u64>) -> Option<usize> {
        self.rposition(|call| call.id == id && index.is_some() && call.index == index)
            .or_else(|| self.rposition(|call| call.id == id))
    }

    fn rposition(&self, wanted: impl Fn(&PendingCall) -> bool) -> Option<usize> {
        self.list.iter().rposition(wanted)
    }
}

impl PendingCall {
    fn may_get_id(&self, name: &str) -> bool {
        self.id.is_empty() && !self.started && (self.name.is_empty() || self.name == name)
    }

    fn identify(&mut self, piece: &CallPiece<'_>) {
        if let Some(id) = piece.id.as_deref().filter(|_| self.id.is_empty()) {
            id.clone_into(&mut self.id);
        }
        if let Some(extra) = piece.extra_content.filter(|_| self.extra_content.is_none()) {
            self.extra_content = Some(extra.to_owned());
        }
        // Names may come in pieces until the first argument; a repeated name is no piece.
        if let Some(name) = piece.name.as_deref().filter(|name| *name != self.name)
            && !self.started
            && self.arguments.is_empty()
        {
            self.name.push_str(name);
        }
    }
}

/// True if two escaped texts are the same JSON, however it is written.
fn same_json(one: &str, other: &str) -> bool {
    let read = |escaped: &str| {
        let text = EscapedText::from_escaped(escaped).decode();
        serde_json::from_str::<Value>(&text).ok()
    };
    one == other || matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// A piece as `index id name arguments`, where `-` is absent.
    fn piece(text: &'static str) -> CallPiece<'static> {
        let words: Vec<Option<&str>> = text
            .split(' ')
            .map(|word| Some(word).filter(|word| *word != "-"))
            .collect();
        CallPiece {
            index: words[0].map(|index| index.parse().unwrap()),
            id: words[1].map(Cow::Borrowed),
            name: words[2].map(Cow::Borrowed),
            arguments: Cow::Borrowed(words[3].unwrap_or_default()),
            extra_content: None,
        }
    }

    /// The calls that pieces come to: id, name and arguments of each.
    fn calls(pieces: &[&'static str]) -> Vec<String> {
        let mut calls = PendingCalls::default();
        for text in pieces {
            calls.add(&piece(text));
        }
        let kept = (0..calls.list.len()).filter(|index| calls.repetition(*index, true) != Repetition::Yes);
        let told = |call: &PendingCall| format!("{} {} {}", call.id, call.name, call.arguments.escaped());
        kept.map(|index| told(&calls.list[index])).collect()
    }

    #[track_caller]
    fn check(pieces: &[&'static str], expected: &[&str]) {
        assert_eq!(calls(pieces), expected);
    }

    #[test]
    fn b2_1_a_piece_without_a_name_begins_no_call() {
        check(&["0 a f {1:", "0 - - 2}"], &["a f {1:2}"]);
        check(
            &["0 a f [1", "1 b g [3", "0 - - ,2]", "1 - - ]"],
            &["a f [1,2]", "b g [3]"],
        );
        check(&["0 a f [1", "- - - ,2]"], &["a f [1,2]"]);
        check(&["0 a f [1", "7 z - ,2]"], &["a f [1,2]"]);
        check(&["0 a - -", "0 - f {}"], &["a f {}"]);
    }

    #[test]
    fn b2_2_a_known_id_means_its_call_whatever_the_index() {
        check(
            &["0 a f [1", "1 b g [3", "5 a - ,2]", "- b - ]"],
            &["a f [1,2]", "b g [3]"],
        );
        check(&["0 a f [1", "0 b - ,2", "0 c - ]"], &["a f [1,2]"]);
        check(&["0 a f [1", "0 a f ]"], &["a f [1]"]);
    }

    #[test]
    fn b2_3_a_named_piece_begins_a_call_by_its_id_or_behind_a_whole_one() {
        check(&["0 a f {}", "0 b f {}"], &["a f {}", "b f {}"]);
        check(&["0 - f {}", "0 - f {}"], &[" f {}", " f {}"]);
        check(
            &["0 - f -", "0 - - {\\\"a\\\":1}", "0 - f -", "0 - - {}"],
            &[" f {\\\"a\\\":1}", " f {}"],
        );
        check(&["- - f {\\\"a\\\":", "- - f 1}"], &[" f {\\\"a\\\":1}"]);
        check(&["0 - f {\\\"a\\\":", "0 - g {}"], &[" f {\\\"a\\\":", " g {}"]);
        check(&["0 - get_ -", "0 - it -", "0 - - {}"], &[" get_it {}"]);
        check(&["0 - f -", "0 a f {}"], &["a f {}"]);
    }

    #[test]
    fn b2_4_a_call_that_is_said_again_whole_is_one_call() {
        check(
            &["0 a f -", "0 a - {\\\"a\\\":1}", "1 a f {\\\"a\\\":1}"],
            &["a f {\\\"a\\\":1}"],
        );
        check(
            &["0 a f {\\\"a\\\":1}", "1 a f {\\n\\\"a\\\":\\t1}"],
            &["a f {\\\"a\\\":1}"],
        );
        check(
            &["0 a f {\\\"a\\\":1}", "1 a f -", "1 a - {\\\"a\\\":1}"],
            &["a f {\\\"a\\\":1}"],
        );
        check(&["0 a f {\\\"a\\\":1}", "1 a f {}"], &["a f {\\\"a\\\":1}", "a f {}"]);
        check(
            &["0 a f {\\\"a\\\":1}", "1 a g {\\\"a\\\":1}"],
            &["a f {\\\"a\\\":1}", "a g {\\\"a\\\":1}"],
        );
    }
}
