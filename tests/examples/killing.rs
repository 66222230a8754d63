//! Two backends, one of which is killed and restarted every two seconds, under fifty requests a second for a minute:
//! prints how many requests failed. `cargo run --release -p e2e --example killing`

#![expect(clippy::print_stdout, reason = "a program that measures and tells")]

use std::time::Duration;

use harness::Gateway;
use harness::client::Client;
use harness::killing::{Answers, Outcome, request};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

const REQUESTS: usize = 50 * 60;
const PAUSE: Duration = Duration::from_millis(20);
/// Requests between two beats of the answers: each takes a tenth of a second at most.
const BEAT: usize = 5;
/// Requests between a kill and the restart, and between the restart and the next kill.
const HALF_CYCLE: usize = 50;

#[tokio::main]
async fn main() {
    let answers = Answers::new();
    let (mut mortal, steady) = (answers.provider(), answers.provider());
    let gateway = Gateway::start().await.with_model("m", &mortal).await;
    gateway.admin().create_backend("m", &steady).await;
    let program = gateway.program().await;
    let (began, mut kills) = (Instant::now(), 0);
    let (mut requests, mut ticks) = (JoinSet::new(), interval(PAUSE));
    for number in 0..REQUESTS {
        ticks.tick().await;
        requests.spawn(ask(program.clone(), number));
        if number.is_multiple_of(BEAT) {
            answers.let_go();
            answers.hold();
        }
        match number % (2 * HALF_CYCLE) {
            HALF_CYCLE => {
                mortal.kill();
                kills += 1;
            }
            0 if number > 0 => mortal.restart(),
            _ => {}
        }
    }
    let lasted = began.elapsed();
    answers.let_go();
    let outcomes = requests.join_all().await;
    println!("{REQUESTS} requests in {lasted:.1?}, {kills} kills");
    print_outcomes(&outcomes);
    println!(
        "asked: {} of the one that was killed, {} of the other",
        mortal.received().len(),
        steady.received().len()
    );
    gateway.shutdown().await;
}

fn print_outcomes(outcomes: &[Outcome]) {
    let count = |wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| wanted(outcome)).count();
    println!("whole: {}", count(|outcome| *outcome == Outcome::Whole));
    println!("broken in mid-stream: {}", count(|outcome| *outcome == Outcome::Broken));
    println!("failed: {}", count(|outcome| matches!(outcome, Outcome::Failed(_))));
    for failed in outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Failed(_))) {
        println!("{failed:?}");
    }
}

async fn ask(program: Client, number: usize) -> Outcome {
    request(&program, number).await
}
