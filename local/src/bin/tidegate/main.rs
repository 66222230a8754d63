//! `tidegate`: the whole gateway in one process.

mod arguments;
mod health;
mod terminal;

use std::process::ExitCode;

use arguments::Arguments;
use clap::{Parser, Subcommand};
use health::HealthCheck;
use local::{Gateway, StartError};
use service::telemetry;
use tokio::signal::unix::{SignalKind, signal};

/// Measured beside the system's (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An LLM gateway for `OpenAI` and Anthropic clients: with its database inside, or over `DynamoDB`.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, args_conflicts_with_subcommands = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    arguments: Arguments,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the gateway: the same as no command.
    Serve(Box<Arguments>),
    /// Asks the gateway that listens on this machine if it lives; ends with 1 if it does not.
    Health(HealthCheck),
    /// Signs you in at a gateway, in your browser.
    Login(helper::Login),
    /// Prints an access token of your sign-in, and nothing else.
    Token(helper::Token),
    /// Ends your sign-in, here and at the gateway.
    Logout(helper::Logout),
    /// Has a program use the gateway, after showing what will be written.
    Setup(helper::Setup),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let CommandLine { command, arguments } = CommandLine::parse();
    match command {
        None => serve(arguments).await,
        Some(Command::Serve(arguments)) => serve(*arguments).await,
        Some(Command::Health(check)) => match check.ask() {
            Ok(()) => ExitCode::SUCCESS,
            Err(reason) => {
                terminal::tell_sickness(&reason);
                ExitCode::FAILURE
            }
        },
        Some(Command::Login(login)) => login.run().await,
        Some(Command::Token(token)) => token.run().await,
        Some(Command::Logout(logout)) => logout.run().await,
        Some(Command::Setup(setup)) => setup.run().await,
    }
}

async fn serve(arguments: Arguments) -> ExitCode {
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::tell_error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), StartError> {
    let (log, resets_admin, options) = (arguments.log(), arguments.resets_admin(), arguments.options()?);
    match &options.metrics {
        None => telemetry::init(&log),
        Some(port) => telemetry::init_beside(&log, port.metrics.layer()),
    }
    if resets_admin {
        let reset = local::reset_admin(&options).await?;
        terminal::tell_reset(&reset);
        return Ok(());
    }
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let gateway = Gateway::start(options).await?;
    terminal::greet(&gateway);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    gateway.shutdown().await;
    Ok(())
}
