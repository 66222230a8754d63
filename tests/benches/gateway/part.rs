//! The processes: each plays one part until the one that started it is gone. What they log goes nowhere; what makes
//! one of them fail is in the answers of its requests.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A part that is being played. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct Part {
    process: Child,
    /// Closed at the end, which the process waits for.
    _stdin: Option<ChildStdin>,
    address: String,
    keys: Vec<String>,
}

/// Plays a part that listens at an address and takes keys with commas between them, until standard input ends.
pub(crate) fn play((runtime, address, keys): (Runtime, String, String)) {
    println!("{address} {keys}");
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
        let _ = ended.send(());
    });
    let _ = runtime.block_on(end);
    runtime.shutdown_background();
}

impl Part {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let mut process = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let (address, keys) = line
            .trim_end()
            .split_once(' ')
            .unwrap_or_else(|| panic!("{arguments:?} did not start: {line}"));
        Self {
            address: address.to_owned(),
            keys: keys.split(',').map(str::to_owned).collect(),
            _stdin: process.stdin.take(),
            process,
        }
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What it wants to see as `Authorization: Bearer`, one of them with each request.
    pub(crate) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// CPU time that the process has used so far, in the kernel's steps of 10 ms (proc(5)).
    pub(crate) fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let behind_name = stat.rsplit(')').next().unwrap();
        let ticks = behind_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(|ticks| ticks.parse::<u64>().unwrap());
        Duration::from_millis(10 * ticks.sum::<u64>())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
