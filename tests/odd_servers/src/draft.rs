//! A response in the making: what the oddities change before it becomes bytes.

use std::collections::BTreeMap;

use crate::expectation::{Expectation, Failure, UsageExpectation};
use crate::json::{Json, json};
use crate::protocol::Protocol;
use crate::rng::Rng;
use crate::speak::{Event, Part, Speech};
use crate::truth::{Block, Call, Truth};
use crate::wire::Wire;

pub(crate) struct Draft {
    pub(crate) protocol: Protocol,
    pub(crate) streamed: bool,
    pub(crate) rng: Rng,
    pub(crate) truth: Truth,
    /// Arguments that are sent otherwise than the truth has them, by the ordinal of their call.
    pub(crate) sent: BTreeMap<usize, String>,
    /// The word for the end, if it is not the usual one.
    pub(crate) finish: Option<&'static str>,
    /// The events of a stream.
    pub(crate) events: Vec<Event>,
    /// The whole response.
    pub(crate) body: Json,
    pub(crate) wire: Wire,
    pub(crate) expectation: Expectation,
    pub(crate) usage: UsageExpectation,
    pub(crate) history_ids: Vec<String>,
    pub(crate) think_tags: bool,
}

impl Draft {
    pub(crate) fn new(seed: u64, protocol: Protocol, streamed: bool) -> Self {
        let mut rng = Rng::new(seed);
        let truth = Truth::invent(&mut rng, protocol, streamed);
        let wire = Wire::new(streamed, &mut rng);
        Self {
            protocol,
            streamed,
            rng,
            truth,
            sent: BTreeMap::new(),
            finish: None,
            events: Vec::new(),
            body: Json::Null,
            wire,
            expectation: Expectation::Answer,
            usage: UsageExpectation::Exact,
            history_ids: Vec::new(),
            think_tags: false,
        }
    }

    /// Says the truth; the oddities that come later change the events or the body.
    pub(crate) fn speak(&mut self) {
        let said = self.said();
        let texts = said.calls().enumerate();
        let sent: Vec<String> = texts
            .map(|(ordinal, call)| {
                self.sent
                    .get(&ordinal)
                    .map_or(call.arguments.text(), String::as_str)
                    .to_owned()
            })
            .collect();
        let speech = Speech {
            truth: &said,
            sent: &sent,
            finish: self.finish,
        };
        if self.streamed {
            self.events = speech.events(self.protocol, &mut self.rng);
        } else {
            self.body = speech.body(self.protocol, &mut self.rng);
        }
    }

    /// Says the truth as one body, for a request that asked for a stream.
    pub(crate) fn speak_whole(&mut self) {
        if self.protocol == Protocol::Chat {
            self.truth.group();
        }
        self.streamed = false;
        self.speak();
        self.streamed = true;
    }

    /// Says the truth as events, for a request that asked for a whole answer.
    pub(crate) fn speak_streamed(&mut self) {
        self.streamed = true;
        self.speak();
        self.streamed = false;
    }

    /// The truth, with its thinking in the text if only `</think>` tells them apart.
    fn said(&self) -> Truth {
        let mut said = self.truth.clone();
        if let (true, [Block::Thinking(thinking), Block::Text(text), ..]) = (self.think_tags, &said.blocks[..]) {
            let text = format!("{thinking}</think>\n\n{text}");
            said.blocks.splice(0..2, [Block::Text(text)]);
        }
        said
    }

    /// The ordinal of a call by chance; a truth without calls gets one.
    pub(crate) fn some_call(&mut self) -> usize {
        if self.truth.calls().next().is_none() {
            self.truth.add_call(&mut self.rng);
        }
        let count = self.truth.calls().count();
        self.rng.below(count)
    }

    pub(crate) fn call_mut(&mut self, ordinal: usize) -> Option<&mut Call> {
        self.truth.calls_mut().nth(ordinal)
    }

    /// The client must get an error; with `message` its words.
    pub(crate) fn must_fail(&mut self, message: Option<&str>) {
        self.expectation = Expectation::Failure(Failure {
            message: message.map(str::to_owned),
            overflow: false,
        });
    }

    pub(crate) fn place_of(&self, part: Part) -> Option<usize> {
        self.events.iter().position(|event| event.part == part)
    }

    /// Where noise may stand: before any event up to the end mark.
    pub(crate) fn any_place(&mut self) -> usize {
        let end = match self.protocol {
            Protocol::Responses => Part::Finish,
            Protocol::Chat | Protocol::Messages => Part::Done,
        };
        let last = self.place_of(end).unwrap_or(self.events.len());
        self.rng.below(last + 1)
    }

    /// A place before the event that tells the reason of the end.
    pub(crate) fn place_before_finish(&mut self) -> Option<usize> {
        let finish = self.place_of(Part::Finish)?;
        Some(self.rng.below(finish + 1))
    }

    /// The places of events with content.
    pub(crate) fn content_places(&self) -> Vec<usize> {
        (0..self.events.len())
            .filter(|place| self.events[*place].part.is_content())
            .collect()
    }

    pub(crate) fn content_place(&mut self) -> Option<usize> {
        let places = self.content_places();
        (!places.is_empty()).then(|| places[self.rng.below(places.len())])
    }

    /// An event of no content in the form of this protocol: a chunk without choices, a ping, an unknown event.
    pub(crate) fn empty_event(&self) -> Event {
        match self.protocol {
            Protocol::Chat => Event::new(Part::Noise, self.chunk(json!([]))),
            Protocol::Messages => Event::named(Part::Noise, json!({"type": "ping"})),
            Protocol::Responses => Event::named(Part::Noise, json!({"type": "response.keepalive"})),
        }
    }

    /// A chunk like those of this stream.
    pub(crate) fn chunk(&self, choices: Json) -> Json {
        let like = self.events.iter().find_map(Event::json).cloned();
        let mut chunk = like.unwrap_or(json!({"object": "chat.completion.chunk"}));
        chunk.set("choices", choices);
        chunk.remove("usage");
        chunk
    }

    /// The chat message, or the delta, of each response object: where members of content stand.
    pub(crate) fn content_object(&mut self) -> Option<&mut Json> {
        if !self.streamed {
            return match self.protocol {
                Protocol::Chat => self.body.at_mut(&["choices", "0", "message"]),
                _ => Some(&mut self.body),
            };
        }
        let place = self.content_place()?;
        let protocol = self.protocol;
        let json = self.events[place].json_mut()?;
        if protocol == Protocol::Chat {
            json.at_mut(&["choices", "0", "delta"])
        } else {
            Some(json)
        }
    }

    /// Every object with counts of tokens.
    pub(crate) fn usages_mut(&mut self) -> Vec<&mut Json> {
        let path: &[&str] = match (self.protocol, self.streamed) {
            (Protocol::Responses, true) => &["response", "usage"],
            _ => &["usage"],
        };
        let jsons = self
            .events
            .iter_mut()
            .filter_map(Event::json_mut)
            .chain(std::iter::once(&mut self.body));
        let usages = jsons.filter_map(|json| {
            let at = if json.at(path).is_some() {
                path
            } else {
                &["message", "usage"]
            };
            json.at_mut(at).filter(|usage| usage.is_object())
        });
        usages.collect()
    }

    /// Every piece of a call in a chat response, with the ordinal of its call and true for the first piece of it.
    pub(crate) fn each_call_piece(&mut self, mut change: impl FnMut(usize, bool, &mut Json, &mut Rng)) {
        let whole = !self.streamed;
        let jsons = self
            .events
            .iter_mut()
            .filter_map(Event::json_mut)
            .chain(std::iter::once(&mut self.body));
        let mut ordinals = Vec::new();
        for json in jsons {
            let path: &[&str] = if whole {
                &["choices", "0", "message", "tool_calls"]
            } else {
                &["choices", "0", "delta", "tool_calls"]
            };
            let Some(Json::Array(pieces)) = json.at_mut(path) else {
                continue;
            };
            for (place, piece) in pieces.iter_mut().enumerate() {
                let ordinal = piece
                    .count_at(&["index"])
                    .and_then(|index| usize::try_from(index).ok())
                    .unwrap_or(place);
                let first = !ordinals.contains(&ordinal);
                ordinals.push(ordinal);
                change(ordinal, first, piece, &mut self.rng);
            }
        }
    }

    pub(crate) fn has_calls(&self, least: usize) -> bool {
        self.truth.calls().count() >= least
    }
}
