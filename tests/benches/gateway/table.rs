//! What is measured, and how it is shown.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::Effort;
use crate::backend::{BURST, PACED};
use crate::dialect::Dialect::{self, Chat, Messages, Responses};
use crate::gateway::Setup;
use crate::load::{Load, Sample};

pub(crate) const HEADING: &str = "\
| what | pass-through | gateway | × | requests a second |
| --- | ---: | ---: | ---: | ---: |";

/// A gateway writes once a second what it has to.
const REST: Duration = Duration::from_millis(1500);

/// What one line tells.
#[derive(Clone, Copy, Debug)]
enum Measure {
    /// CPU time of the proxy for each of so many things in a request.
    Cpu { each: usize },
    /// The median time of a request.
    Latency,
}

/// A client's dialect and a backend's, wherever they differ.
const TRANSLATED: [(Dialect, Dialect); 6] = [
    (Messages, Chat),
    (Responses, Chat),
    (Chat, Messages),
    (Responses, Messages),
    (Chat, Responses),
    (Messages, Responses),
];

/// CPU time of the proxy for each request.
const CPU: Measure = Measure::Cpu { each: 1 };

#[derive(Clone)]
pub(crate) struct Row {
    what: String,
    measure: Measure,
    pub(crate) limit: Load,
    pub(crate) gateway: Load,
}

impl Row {
    /// Every row of a setup; `Shown` ones are short.
    pub(crate) fn all(setup: Setup, effort: Effort) -> Vec<Self> {
        let further = match setup {
            Setup::Unlogged => [Self::latency(effort), Self::streams(effort), Self::bodies(effort)].concat(),
            Setup::Limited => Self::limited(effort),
            Setup::Default | Setup::LevelInfo | Setup::LimitedUsers => Vec::new(),
        };
        [vec![Self::requests(setup, effort)], further].concat()
    }

    fn requests(setup: Setup, effort: Effort) -> Self {
        // Admissions of one user wait for one another: more than a few at once are refused by a busy machine.
        let (connections, requests) = match setup {
            Setup::Limited | Setup::LimitedUsers => (16, 100),
            Setup::Unlogged | Setup::Default | Setup::LevelInfo => (64, 1000),
        };
        let mut row = Self::same(setup.name(), CPU, effort.times(connections, requests), Self::chat());
        if effort == Effort::Measured {
            row.limit.rest = REST;
            row.gateway.rest = REST;
        }
        row
    }

    fn chat() -> (&'static str, Value) {
        Self::body(Chat, BURST.0, false, 0)
    }

    fn latency(effort: Effort) -> Vec<Self> {
        let (what, times) = ("median time of a request", effort.times(1, 2000));
        vec![Self::same(what, Measure::Latency, times, Self::chat())]
    }

    fn streams(effort: Effort) -> Vec<Self> {
        let (paced, burst) = (Measure::Cpu { each: PACED.1 }, Measure::Cpu { each: BURST.1 });
        let (many, few) = (effort.times(100, 1), effort.times(16, 20));
        let stream = |model| Self::body(Chat, model, true, 0);
        let mut rows = vec![
            Self::same("CPU a fragment, 100 streams, 10 ms apart", paced, many, stream(PACED.0)),
            Self::same("CPU a fragment, 16 streams, no gap", burst, few, stream(BURST.0)),
        ];
        for (client, backend) in TRANSLATED {
            for (model, measure, times, pace) in
                [(PACED.0, paced, many, "10 ms apart"), (BURST.0, burst, few, "no gap")]
            {
                let what = format!("the same, {pace}, {client:?} of {backend:?}");
                let limit = Self::body(backend, model, true, 0);
                let gateway = Self::body(client, &backend.model(model), true, 0);
                rows.push(Self::of(&what, measure, times, limit, gateway));
            }
        }
        rows
    }

    fn bodies(effort: Effort) -> Vec<Self> {
        let body = |bytes| Self::body(Chat, BURST.0, false, bytes);
        vec![
            Self::same("CPU a request of 1 MB", CPU, effort.times(1, 400), body(1 << 20)),
            Self::same("CPU a request of 8 MB", CPU, effort.times(1, 50), body(8 << 20)),
        ]
    }

    /// Further rows of a caller with limits.
    fn limited(effort: Effort) -> Vec<Self> {
        let (stream, burst) = (Self::body(Chat, BURST.0, true, 0), Measure::Cpu { each: BURST.1 });
        vec![
            Self::same(
                "median time of a request under limits",
                Measure::Latency,
                effort.times(1, 500),
                Self::chat(),
            ),
            Self::same(
                "CPU a fragment, 16 streams under limits, no gap",
                burst,
                effort.times(16, 20),
                stream,
            ),
        ]
    }

    fn same(what: &str, measure: Measure, times: (usize, usize), asked: (&'static str, Value)) -> Self {
        Self::of(what, measure, times, asked.clone(), asked)
    }

    fn of(
        what: &str,
        measure: Measure,
        times: (usize, usize),
        limit: (&'static str, Value),
        gateway: (&'static str, Value),
    ) -> Self {
        let (connections, requests) = times;
        let load = |(path, body): (&'static str, Value)| Load {
            path,
            body: Bytes::from(body.to_string()),
            connections,
            requests,
            rest: Duration::ZERO,
        };
        Self {
            what: what.to_owned(),
            measure,
            limit: load(limit),
            gateway: load(gateway),
        }
    }

    /// A request, with an image of so many bytes in it.
    fn body(dialect: Dialect, model: &str, stream: bool, image: usize) -> (&'static str, Value) {
        let content = match image {
            0 => json!("Hello"),
            bytes => {
                json!([{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{}", "A".repeat(bytes))}}])
            }
        };
        (dialect.path(), dialect.request(model, stream, &content))
    }

    /// The medians of both, and their ratio.
    pub(crate) fn line(&self, limits: &[Sample], gateways: &[Sample]) -> String {
        let (limit, gateway) = (self.median(&self.limit, limits), self.median(&self.gateway, gateways));
        // A short run may take less than a step of the clock.
        let ratio = if limit.is_zero() {
            "–".to_owned()
        } else {
            format!("{:.2}", gateway.div_duration_f64(limit))
        };
        let rate = match self.measure {
            Measure::Cpu { each: 1 } => format!("{:.0}", self.rate(gateways)),
            _ => "–".to_owned(),
        };
        format!("| {} | {limit:.1?} | {gateway:.1?} | {ratio} | {rate} |", self.what)
    }

    /// The median of the requests a second.
    fn rate(&self, samples: &[Sample]) -> f64 {
        let mut whole: Vec<_> = samples.iter().map(|sample| sample.whole).collect();
        whole.sort_unstable();
        let requests = u32::try_from(self.gateway.connections * self.gateway.requests).unwrap();
        f64::from(requests) / whole[whole.len() / 2].as_secs_f64()
    }

    fn median(&self, load: &Load, samples: &[Sample]) -> Duration {
        let times = |each| u32::try_from(load.connections * load.requests * each).unwrap();
        let value = |sample: &Sample| match self.measure {
            Measure::Cpu { each } => sample.cpu / times(each),
            Measure::Latency => sample.median,
        };
        let mut values: Vec<_> = samples.iter().map(value).collect();
        values.sort_unstable();
        values[values.len() / 2]
    }
}
