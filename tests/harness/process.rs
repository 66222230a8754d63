//! The real `tidegate` binary, as a person at a terminal runs it.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::task::JoinHandle;

use crate::binaries;
use crate::client::Client;

/// What the first line says before the address.
const LISTENS: &str = "tidegate listens on ";

/// A running process. Dropping it kills it.
#[derive(Debug)]
pub struct LocalProcess {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    /// All that it logs, read as it comes: a process whose pipe is full waits.
    log: JoinHandle<String>,
    base_url: String,
}

/// How a process ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// How long it took after the signal.
    pub after: Duration,
    /// What it had said on the terminal since its start, without the first line.
    pub output: String,
    /// What it had logged.
    pub log: String,
}

impl LocalProcess {
    /// Starts the gateway on a free port with its data in `folder`, and waits until it listens.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[]).await
    }

    /// Like [`start`](Self::start), with these variables in its environment.
    pub async fn start_with(folder: &Path, environment: &[(&str, &str)]) -> Self {
        started(Self::try_start(folder, environment).await)
    }

    /// Like [`start`](Self::start), listening at `listen`, with no more than so many file descriptors.
    pub async fn start_limited(folder: &Path, listen: &str, descriptors: u32) -> Self {
        let mut command = Command::new("/bin/sh");
        let limited = format!("ulimit -n {descriptors}; exec \"$0\" \"$@\"");
        command.args(["-c", &limited]).arg(binaries::binary("tidegate"));
        started(Self::spawn(command.env_clear(), listen, folder).await)
    }

    /// Like [`start_with`](Self::start_with); a process that ends instead of listening is the error.
    pub async fn try_start(folder: &Path, environment: &[(&str, &str)]) -> Result<Self, Ended> {
        let mut command = Command::new(binaries::binary("tidegate"));
        command.env_clear().envs(environment.iter().copied());
        Self::spawn(&mut command, "127.0.0.1:0", folder).await
    }

    /// Starts a demo with its data in `folder`.
    pub async fn start_demo(folder: &Path) -> Result<Self, Ended> {
        let mut command = Command::new(binaries::binary("tidegate"));
        command.env_clear().arg("--demo");
        Self::spawn(&mut command, "127.0.0.1:0", folder).await
    }

    async fn spawn(command: &mut Command, listen: &str, folder: &Path) -> Result<Self, Ended> {
        command
            .args(["--listen", listen, "--log", "info", "--data"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut errors = process.stderr.take().unwrap();
        #[expect(
            clippy::disallowed_methods,
            reason = "a pipe that nobody reads stops the process when it is full"
        )]
        let log = tokio::spawn(async move {
            let mut log = String::new();
            errors.read_to_string(&mut log).await.unwrap();
            log
        });
        let mut local = Self {
            process,
            output,
            log,
            base_url: String::new(),
        };
        let Some(line) = local.line().await else {
            return Err(local.ended(Instant::now()).await);
        };
        let base_url = line
            .strip_prefix(LISTENS)
            .expect("the first line says where it listens");
        Ok(Self {
            base_url: base_url.to_owned(),
            ..local
        })
    }

    /// Runs the gateway with these arguments besides the folder, and waits for its end.
    pub async fn run(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        let began = Instant::now();
        let mut command = Command::new(binaries::binary("tidegate"));
        command.env_clear().envs(environment.iter().copied());
        command.args(arguments).arg("--data").arg(folder).stdin(Stdio::null());
        let output = command.kill_on_drop(true).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended {
            status: output.status,
            after: began.elapsed(),
            output: text(output.stdout),
            log: text(output.stderr),
        }
    }

    /// The next line on the terminal; `None` when the process has ended.
    pub async fn line(&mut self) -> Option<String> {
        self.output.next_line().await.unwrap()
    }

    /// Somebody without a credential.
    pub fn anybody(&self) -> Client {
        Client::new(&self.base_url)
    }

    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Ends the process at once, without a chance to write anything (SIGKILL).
    pub async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }

    /// Asks the process to end (SIGTERM), and waits for it.
    pub async fn terminate(self) -> Ended {
        let id = self.process.id().expect("the process runs").to_string();
        let asked = Instant::now();
        assert!(
            Command::new("kill")
                .args(["-TERM", &id])
                .status()
                .await
                .unwrap()
                .success()
        );
        self.ended(asked).await
    }

    async fn ended(mut self, since: Instant) -> Ended {
        let mut output = String::new();
        while let Some(line) = self.output.next_line().await.unwrap() {
            output.push_str(&line);
            output.push('\n');
        }
        let log = self.log.await.unwrap();
        let status = self.process.wait().await.unwrap();
        Ended {
            status,
            after: since.elapsed(),
            output,
            log,
        }
    }
}

fn started(process: Result<LocalProcess, Ended>) -> LocalProcess {
    process.unwrap_or_else(|ended| panic!("the gateway did not start: {ended:?}"))
}
