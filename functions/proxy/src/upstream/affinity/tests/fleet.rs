//! Conversations over several processes and backends, in simulated time: the proxy's own pool, health and choice, and
//! backends that are a cache.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::clock::Clock;
use domain::models::UserId;
use domain::models::catalog::Backend;
use domain::models::health::{CallerMark, FailureClass};
use jiff::Timestamp;

use super::super::super::balance::{Balancer, pick};
use super::super::super::pool::{CallResult, InFlight, Pool};
use super::backend;
use super::prefix_cache::{PrefixCache, TOKENS_PER_BLOCK};
use crate::request::ConversationKey;

const PROCESSES: u64 = 3;
const CONVERSATIONS: u64 = 200;
const TURNS: u64 = 30;
/// The backend that fails, if one does.
const FAILING: usize = 1;
/// Tokens of the system's prompt, which all conversations have in common.
const SYSTEM: u64 = 320;
/// Blocks that all backends keep together: what all conversations have at their ends, and half as much again.
const CAPACITY: usize = 60_000;

#[derive(Clone, Copy, Debug)]
pub(super) enum Routing {
    Affinity,
    LeastLoaded,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Experiment {
    pub(super) seed: u64,
    pub(super) backends: usize,
    /// Requests in flight.
    pub(super) at_once: usize,
    pub(super) routing: Routing,
    /// True if one backend fails during the middle fifth of all requests.
    pub(super) fails: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Figures {
    /// The share of all prompts' tokens that were read from a cache.
    pub(super) cached: f64,
    /// The requests of a backend over its share of those in which it took part, where that is the most.
    pub(super) heaviest: f64,
}

struct Conversation {
    key: ConversationKey,
    caller: CallerMark,
    turns: u64,
    tokens: u64,
}

/// A part of a prompt: a block of all conversations, or of one.
type Block = (Option<usize>, u64);

struct Fleet {
    experiment: Experiment,
    clock: Clock,
    backends: Vec<Backend>,
    caches: Vec<PrefixCache<Block>>,
    processes: Vec<Balancer>,
    conversations: Vec<Conversation>,
    /// The load of each backend, and the part that would have been fair.
    requests: Vec<(f64, f64)>,
    sent: u64,
    prompt_tokens: usize,
    cached_tokens: usize,
    dice: u64,
}

impl Experiment {
    pub(super) fn run(self) -> Figures {
        Fleet::new(self).run()
    }
}

impl Fleet {
    fn new(experiment: Experiment) -> Self {
        let clock = Clock::fixed(Timestamp::UNIX_EPOCH + Duration::from_hours(24));
        let names = (0..experiment.backends).map(|number| format!("backend-{number}"));
        let balancer = |_| Balancer {
            pool: Pool::default(),
            clock: clock.clone(),
            region: None,
        };
        let conversation = |number| Conversation {
            key: ConversationKey::named(format!("{}/{number}", experiment.seed).as_bytes()),
            caller: CallerMark::from(&UserId::generate()),
            turns: 0,
            tokens: SYSTEM,
        };
        let capacity = CAPACITY / experiment.backends;
        Self {
            experiment,
            backends: names.map(|name| backend(&name, 1)).collect(),
            caches: (0..experiment.backends).map(|_| PrefixCache::new(capacity)).collect(),
            processes: (0..PROCESSES).map(balancer).collect(),
            conversations: (0..CONVERSATIONS).map(conversation).collect(),
            requests: vec![(0.0, 0.0); experiment.backends],
            clock,
            sent: 0,
            prompt_tokens: 0,
            cached_tokens: 0,
            dice: experiment.seed,
        }
    }

    fn run(mut self) -> Figures {
        let mut waiting: Vec<usize> = (0..self.conversations.len()).collect();
        let mut running: BTreeMap<(u64, u64), (usize, InFlight)> = BTreeMap::new();
        let mut now = 0;
        loop {
            while running.len() < self.experiment.at_once && !waiting.is_empty() {
                let place = self.roll(waiting.len() as u64);
                let conversation = waiting.swap_remove(usize::try_from(place).unwrap());
                let in_flight = self.send(conversation);
                let end = now + 2000 + self.roll(4000);
                running.insert((end, self.sent), (conversation, in_flight));
            }
            let Some(((end, _), (conversation, mut in_flight))) = running.pop_first() else {
                return self.figures();
            };
            self.clock.advance(Duration::from_millis(end - now));
            now = end;
            in_flight.report(&CallResult::Responded, self.clock.now());
            if self.conversations[conversation].turns < TURNS {
                waiting.push(conversation);
            }
        }
    }

    /// Sends the next turn of a conversation, by any of the processes.
    fn send(&mut self, conversation: usize) -> InFlight {
        self.sent += 1;
        let process = usize::try_from(self.roll(PROCESSES)).unwrap();
        let growth = 60 + self.roll(100);
        let Conversation {
            key,
            caller,
            turns,
            tokens,
        } = &mut self.conversations[conversation];
        (*turns, *tokens) = (*turns + 1, *tokens + growth);
        let turn = (*key, *caller);
        let mut tried = Vec::new();
        loop {
            let (place, mut in_flight) = self.attempt(process, turn, &tried);
            if place != FAILING || !self.is_failing() {
                self.read(conversation, place);
                return in_flight;
            }
            in_flight.report(&CallResult::failed(FailureClass::Connect), self.clock.now());
            tried.push(place);
        }
    }

    /// The choice of a backend by one process, and its part in what the backends do.
    fn attempt(
        &mut self,
        process: usize,
        (key, caller): (ConversationKey, CallerMark),
        tried: &[usize],
    ) -> (usize, InFlight) {
        let chance = self.roll(u64::from(u32::MAX));
        let balancer = &self.processes[process];
        let left = (0..self.backends.len()).filter(|place| !tried.contains(place));
        let candidates = balancer.candidates(left.map(|place| &self.backends[place]));
        let conversation = match self.experiment.routing {
            Routing::Affinity => Some(key),
            Routing::LeastLoaded => None,
        };
        let chosen = pick(&candidates, None, || conversation, || chance).unwrap().backend;
        let in_flight = balancer.pool.begin(chosen, caller, self.clock.now());
        let usable = candidates.iter().filter(|each| each.usable);
        let usable: Vec<_> = usable.map(|each| self.place(each.backend)).collect();
        let place = self.place(chosen);
        for each in &usable {
            self.requests[*each].1 += 1.0 / f64::from(u32::try_from(usable.len()).unwrap());
        }
        self.requests[place].0 += 1.0;
        (place, in_flight)
    }

    fn read(&mut self, conversation: usize, place: usize) {
        let tokens = self.conversations[conversation].tokens;
        let of_all = SYSTEM / TOKENS_PER_BLOCK as u64;
        let blocks =
            (0..tokens / TOKENS_PER_BLOCK as u64).map(|block| ((block >= of_all).then_some(conversation), block));
        let cached = self.caches[place].read(&blocks.collect::<Vec<_>>());
        self.prompt_tokens += usize::try_from(tokens).unwrap();
        self.cached_tokens += cached * TOKENS_PER_BLOCK;
    }

    fn is_failing(&self) -> bool {
        let all = CONVERSATIONS * TURNS;
        self.experiment.fails && (all * 2 / 5..all * 3 / 5).contains(&self.sent)
    }

    fn place(&self, backend: &Backend) -> usize {
        let mut ids = self.backends.iter().map(|each| &each.id);
        ids.position(|id| *id == backend.id).unwrap()
    }

    fn figures(&self) -> Figures {
        let share = |(count, fair): &(f64, f64)| count / fair;
        let count = |tokens| f64::from(u32::try_from(tokens).unwrap());
        Figures {
            cached: count(self.cached_tokens) / count(self.prompt_tokens),
            heaviest: self.requests.iter().map(share).fold(0.0, f64::max),
        }
    }

    /// A number below `most`, the same ones in each run.
    fn roll(&mut self, most: u64) -> u64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % most
    }
}
