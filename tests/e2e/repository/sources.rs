//! The Rust files of the workspace, and their code: a text without comments, strings and tests.

use std::fs;
use std::path::{Path, PathBuf};

use harness::workspace;

/// The Rust files below `places`, relative to the workspace, each with its whole text.
pub(super) fn texts(places: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for place in places {
        collect(&workspace().join(place), &mut files);
    }
    assert!(!files.is_empty(), "there is no Rust file in {places:?}");
    let relative = |path: &PathBuf| path.strip_prefix(workspace()).unwrap().to_owned();
    files
        .iter()
        .map(|path| (relative(path), fs::read_to_string(path).unwrap()))
        .collect()
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() && !path.ends_with("target") {
        for entry in fs::read_dir(path).unwrap() {
            collect(&entry.unwrap().path(), files);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        files.push(path.to_owned());
    }
}

/// A file's text without the tests at its end.
pub(super) fn without_tests(text: &str) -> &str {
    let tests = text.find("\nmod tests {").and_then(|end| text[..end].rfind("#[cfg("));
    &text[..tests.unwrap_or(text.len())]
}

/// A file's code: no comment, no content of a string, no test.
pub(super) fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = without_tests(text);
    while let Some(next) = rest.chars().next() {
        let passed = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(string) = string_length(rest) {
            code.push_str("\"\"");
            string
        } else {
            code.push(next);
            next.len_utf8()
        };
        rest = &rest[passed..];
    }
    code
}

/// The length of the string or character literal that `text` begins with.
fn string_length(text: &str) -> Option<usize> {
    if let Some(raw) = text.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = 1 + hashes + 1;
            return text[body..].find(&end).map(|length| body + length + end.len());
        }
    }
    if let Some(body) = text.strip_prefix('"') {
        let mut escaped = false;
        let end = body.find(|next| {
            let is_end = next == '"' && !escaped;
            escaped = next == '\\' && !escaped;
            is_end
        });
        return end.map(|length| length + 2);
    }
    ["'\"'", "'\\''", "'\\\\'", "'/'"]
        .iter()
        .find(|literal| text.starts_with(**literal))
        .map(|literal| literal.len())
}
