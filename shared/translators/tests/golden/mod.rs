//! What golden tests share: the fixtures of a folder, each with its snapshot beside it, and JSON in lines.

use std::fs;
use std::path::{Path, PathBuf};

/// Compares what `outcome` makes of each fixture's text with its snapshot.
pub(crate) fn for_each(folder: &str, outcome: impl Fn(&str) -> String) {
    let fixtures = fixtures(folder);
    assert!(!fixtures.is_empty(), "the fixtures were not found");
    snapshots(folder).bind(|| {
        for path in fixtures {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            insta::assert_snapshot!(name, outcome(&fs::read_to_string(&path).unwrap()));
        }
    });
}

/// Each snapshot beside its fixture, under the same name.
pub(crate) fn snapshots(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

fn path(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(folder)
}

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut fixtures: Vec<_> = entries
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    fixtures.sort();
    fixtures
}

/// The JSON as it is, only with lines: no member changes its place and no number its form.
pub(crate) fn pretty(json: &str) -> String {
    let mut text = String::new();
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    for (i, c) in json.char_indices() {
        let opens_empty = matches!(json.as_bytes().get(i + 1), Some(b'}' | b']'));
        let closes_empty = i > 0 && matches!(json.as_bytes()[i - 1], b'{' | b'[');
        match c {
            _ if in_string => text.push(c),
            '{' | '[' if !opens_empty => {
                depth += 1;
                text.push(c);
                new_line(&mut text, depth);
            }
            '}' | ']' if !closes_empty => {
                depth -= 1;
                new_line(&mut text, depth);
                text.push(c);
            }
            ',' => {
                text.push(c);
                new_line(&mut text, depth);
            }
            ':' => text.push_str(": "),
            _ => text.push(c),
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    text
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}
