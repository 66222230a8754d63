//! The lines that the commands write. Standard output has what was asked for; all else goes to standard error.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use crate::error::HelperError;
use crate::gateway::GatewayUrl;

/// The token alone: programs read it.
#[expect(clippy::print_stdout, reason = "the program that asked reads it")]
pub(crate) fn print_token(token: &str) {
    println!("{token}");
}

#[expect(clippy::print_stderr, reason = "the person at the terminal waits for it")]
pub(crate) fn tell_address(url: &str, opened: bool) {
    if opened {
        eprintln!("Your browser opens. If it does not, open this address on this computer:\n\n  {url}\n");
    } else {
        eprintln!("Open this address in a browser of this computer:\n\n  {url}\n");
    }
}

#[expect(clippy::print_stderr, reason = "the person at the terminal waits for it")]
pub(crate) fn tell_code(notice: Option<&str>, complete: &str, address: &str, code: &str) {
    if let Some(notice) = notice {
        eprintln!("{notice}\n");
    }
    eprintln!("Open this address on any device:\n\n  {complete}\n");
    eprintln!("or {address} and type the code {code}");
}

#[expect(clippy::print_stderr, reason = "the person at the terminal waits for it")]
pub(crate) fn tell_signed_in(gateway: &GatewayUrl) {
    eprintln!("You are signed in at {gateway}");
}

#[expect(clippy::print_stderr, reason = "the person at the terminal waits for it")]
pub(crate) fn tell_signed_out(gateway: &GatewayUrl) {
    eprintln!("You are signed out of {gateway}");
}

#[expect(clippy::print_stderr, reason = "the reason has to be seen")]
pub(crate) fn tell_error(error: &HelperError) {
    eprintln!("tidegate: {error}");
}

/// Shows what would be written, or run.
#[expect(clippy::print_stdout, reason = "it is what the person asked for")]
pub(crate) fn show(what: &str, content: &str) {
    println!("{what}\n");
    for line in content.lines() {
        println!("    {line}");
    }
    println!();
}

#[expect(clippy::print_stdout, reason = "it is what the person asked for")]
pub(crate) fn tell(line: &str) {
    println!("{line}");
}

/// True if the person at the terminal says yes; nobody there is no.
#[expect(clippy::print_stderr, reason = "it is a question to the person at the terminal")]
pub(crate) fn confirms() -> bool {
    if !stdin().is_terminal() {
        return false;
    }
    eprint!("Write it? [y/N] ");
    // A question that is not seen gets no answer.
    let _ = stderr().flush();
    let mut answer = String::new();
    stdin().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}
