//! What the gateway costs beside the least that a proxy can do: `cargo bench -p e2e --bench gateway`.
//!
//! This binary plays every part, each in a process of its own: a scripted backend, a pass-through of a few lines, the
//! local gateway in each of its setups, and here the clients. Ratios are what to look at: the parts share the machine.
//! `cargo test -p e2e --bench gateway` only shows that everything runs.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that cannot go on says so and stops"
)]
#![expect(clippy::disallowed_methods, reason = "nothing here runs in a Lambda")]

mod backend;
mod dialect;
mod gateway;
mod load;
mod part;
mod pass_through;
mod script;
mod table;

use crate::gateway::Setup;
use crate::load::Sample;
use crate::part::Part;
use crate::table::Row;

/// That of the local gateway; the pass-through has it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments
        .iter()
        .map(String::as_str)
        .skip(1)
        .collect::<Vec<_>>()
        .as_slice()
    {
        ["backend"] => part::play(backend::start()),
        ["pass-through", backend] => part::play(pass_through::start(backend)),
        ["gateway", backend, setup] => part::play(gateway::start(backend, Setup::named(setup))),
        // `cargo bench` says so; `cargo test` does not.
        options => compare(if options.contains(&"--bench") {
            Effort::Measured
        } else {
            Effort::Shown
        }),
    }
}

/// How much is done in each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// Enough for figures.
    Measured,
    /// Enough to see that it works.
    Shown,
}

impl Effort {
    /// Connections, and requests of each: as given for figures, and few where it is only shown.
    fn times(self, connections: usize, requests: usize) -> (usize, usize) {
        match self {
            Self::Measured => (connections, requests),
            Self::Shown => (2, 1),
        }
    }
}

/// Plays each row against both, in turns, and prints what came out.
fn compare(effort: Effort) {
    let backend = Part::start(&["backend"]);
    let limit = Part::start(&["pass-through", backend.address()]);
    let rounds = if effort == Effort::Measured { 3 } else { 1 };
    println!("{}", table::HEADING);
    for setup in Setup::ALL {
        let gateway = Part::start(&["gateway", backend.address(), setup.name()]);
        for row in Row::all(setup, effort) {
            // Once to fill caches and pools, then in turns.
            load::run(&limit, &row.limit);
            load::run(&gateway, &row.gateway);
            let samples: Vec<(Sample, Sample)> = (0..rounds)
                .map(|_| (load::run(&limit, &row.limit), load::run(&gateway, &row.gateway)))
                .collect();
            let (limits, gateways): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
            println!("{}", row.line(&limits, &gateways));
        }
    }
}
