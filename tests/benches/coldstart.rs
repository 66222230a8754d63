//! Cold starts, beside an empty function's: from exec to the first poll of the Runtime API, and to the first answer.
//!
//! ```text
//! cargo lambda build --profile deploy
//! cargo build --profile deploy -p lambda --example empty
//! cargo bench --profile dev -p e2e --bench coldstart
//! ```
//!
//! What is measured are the programs that the first two lines make; how the bench itself is built is of no account. The
//! functions take turns, so that a busy machine is busy for all of them. Ratios are what counts: Lambda's own machines
//! differ, and it loads the program first.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at what it cannot do"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::events::Event;
use harness::lambda::Function;
use harness::workspace;
use serde_json::json;

const FUNCTIONS: [&str; 8] = [
    "auth", "keys", "admin", "console", "proxy", "health", "janitor", "notify",
];
const ROUNDS: usize = 25;

/// What the starts of one function took.
struct Starts {
    name: &'static str,
    program: PathBuf,
    first_poll: Vec<Duration>,
    first_answer: Vec<Duration>,
    peak_memory_kib: u64,
}

impl Starts {
    fn of(name: &'static str) -> Self {
        let program = if name == "empty" {
            "deploy/examples/empty".to_owned()
        } else {
            format!("lambda/{name}/bootstrap")
        };
        let program = workspace().join("target").join(program);
        assert!(
            program.exists(),
            "{} is not there: the module says how it is built",
            program.display()
        );
        Self {
            name,
            program,
            first_poll: Vec::new(),
            first_answer: Vec::new(),
            peak_memory_kib: 0,
        }
    }

    async fn measure(&mut self) {
        // What is answered without asking anything outside; schedules ask the database first.
        let event = match self.name {
            "empty" => Some(json!({})),
            "health" | "janitor" | "notify" => None,
            _ => Some(unknown_route()),
        };
        let began = Instant::now();
        let function = Function::boot(&self.program, &environment()).await;
        self.first_poll.push(began.elapsed());
        let Some(event) = event else {
            self.peak_memory_kib = self.peak_memory_kib.max(function.peak_memory_kib());
            return;
        };
        let invocation = function.invoke(event);
        if self.name == "empty" {
            invocation.output().await;
        } else {
            invocation.answer().await.end().await;
        }
        self.first_answer.push(began.elapsed());
        self.peak_memory_kib = self.peak_memory_kib.max(function.peak_memory_kib());
    }
}

/// A request that no function has a route for.
fn unknown_route() -> serde_json::Value {
    let mut event = Event::named("proxy/health").unfilled();
    event["path"] = json!("/nothing");
    event["requestContext"]["path"] = json!("/prod/nothing");
    event
}

fn environment() -> [(&'static str, String); 2] {
    [
        ("METRICS_NAMESPACE", "tidegate".to_owned()),
        ("RUST_LOG", "info".to_owned()),
    ]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut all: Vec<Starts> = std::iter::once("empty").chain(FUNCTIONS).map(Starts::of).collect();
    for _ in 0..ROUNDS {
        for starts in &mut all {
            starts.measure().await;
        }
    }
    print(&all);
}

fn print(all: &[Starts]) {
    let empty = &all[0];
    println!("| function | first poll, ms (least) | × empty | first answer, ms (least) | × empty | MiB | file, MiB |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for starts in all {
        let poll = shown(&starts.first_poll, &empty.first_poll);
        let answer = shown(&starts.first_answer, &empty.first_answer);
        let size = megabytes(starts.program.metadata().unwrap().len());
        println!(
            "| {} | {poll} | {answer} | {:.1} | {size:.1} |",
            starts.name,
            megabytes(starts.peak_memory_kib * 1024)
        );
    }
}

/// Median and least in milliseconds, and the median as a ratio.
fn shown(times: &[Duration], empty: &[Duration]) -> String {
    if times.is_empty() {
        return "– | –".to_owned();
    }
    let (median, least) = (median(times), times.iter().min().unwrap());
    let ratio = median.as_secs_f64() / self::median(empty).as_secs_f64();
    format!(
        "{:.2} ({:.2}) | {ratio:.2}",
        median.as_secs_f64() * 1e3,
        least.as_secs_f64() * 1e3
    )
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "megabytes with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}
