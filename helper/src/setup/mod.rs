//! `tidegate setup`: tells a program to use the gateway, and where its tokens come from. Shows first, then writes.

mod claude;
mod codex;
mod draft;
mod members;
mod opencode;

use std::fs;
use std::path::PathBuf;

use clap::ValueEnum;
use service::config::{Environment, Process};

use crate::browser::is_on_path;
use crate::error::HelperError;
use crate::gateway::GatewayUrl;
use crate::http::Http;
use crate::metadata::Metadata;
use crate::terminal;
use draft::{Draft, read};

/// The programs that can be set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Program {
    /// Claude Code: its helper for keys is `tidegate token`.
    Claude,
    /// Codex from 0.171 on: it signs in by itself.
    Codex,
    /// opencode: it reads the gateway's own description.
    Opencode,
}

pub(crate) async fn run(http: &Http, program: Program, gateway: &GatewayUrl, yes: bool) -> Result<(), HelperError> {
    match program {
        Program::Claude => write(
            &claude::draft(&home_of("CLAUDE_CONFIG_DIR", ".claude")?, gateway, &own_name())?,
            yes,
        ),
        Program::Codex => {
            let metadata = Metadata::of(http, gateway).await?;
            write(
                &codex::draft(&home_of("CODEX_HOME", ".codex")?, gateway, &metadata)?,
                yes,
            )
        }
        Program::Opencode => opencode::run(gateway, yes),
    }
}

fn write(draft: &Draft, yes: bool) -> Result<(), HelperError> {
    let Draft { path, shown, content } = draft;
    if read(path)? == *content {
        terminal::tell(&format!("{} has all of it already", path.display()));
        return Ok(());
    }
    terminal::show(&format!("This comes into {}:", path.display()), shown);
    if !(yes || terminal::confirms()) {
        return Err(HelperError::NotConfirmed);
    }
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, content));
    written.map_err(HelperError::file(path))?;
    terminal::tell(&format!("{} is written", path.display()));
    Ok(())
}

/// The folder that this variable names, or this one below the home.
fn home_of(variable: &str, below: &str) -> Result<PathBuf, HelperError> {
    match Process.get(variable).filter(|folder| !folder.is_empty()) {
        Some(folder) => Ok(folder.into()),
        None => Ok(etcetera::home_dir().map_err(|_| HelperError::NoFolder)?.join(below)),
    }
}

/// This program as a shell finds it: by name where it is on the path, else by its place.
fn own_name() -> String {
    let path = Process.get("PATH").unwrap_or_default();
    let place = service::config::own_program().filter(|_| !is_on_path(&path, "tidegate"));
    place.map_or_else(|| "tidegate".to_owned(), |place| quoted(&place.to_string_lossy()))
}

/// One word of a shell.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+".contains(letter);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_with_a_blank_is_one_word() {
        assert_eq!(quoted("/usr/bin/tidegate"), "/usr/bin/tidegate");
        assert_eq!(quoted("/Users/A B/it's"), r"'/Users/A B/it'\''s'");
    }
}
