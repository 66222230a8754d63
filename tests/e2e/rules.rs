//! Every rule of the translation's specification stands in the name of a test or of a fixture.

use std::fs;
use std::path::Path;

use harness::workspace;

/// The rules of translation.md §2 to §7: those with an id, and the sections of those without.
const RULES: &str = "
    P1 P2 P3 P4 P5 P6 P7 P8 P9
    3.1 3.2 SY1 SY2 SY3 SY4 SY5 OR1 OR2 OR3 OR4 OR5 OR6 OR7 OR8 3.5 TO1 TO2 TO3 TO4 TO5 TO6 TO7 TO8 TO9 TO10
    NA1 NA2 NA3 ID1 ID2 ID3 TH1 TH2 TH3 TH4 3.8 3.9 3.10
    4.1 4.2 4.3
    5.1 I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 W1 W2 W3 W4 W5 5.5 5.6 5.7
    6.1 6.2 6.3 7
";

/// Where the translation is tested. Elsewhere `p1` is a promise of docs/promises.md.
const FOLDERS: [&str; 5] = ["shared/src/translators", "shared/tests", "functions/proxy/src", "tests/e2e/messages", "tests/sdk"];

#[test]
#[expect(clippy::print_stdout, reason = "the list of a run with --nocapture is the point of it")]
fn every_rule_of_the_translation_is_in_the_name_of_a_test_or_a_fixture() {
    let mut names = Vec::new();
    for folder in FOLDERS {
        collect_names(&workspace().join(folder), &mut names);
    }
    let mut missing = Vec::new();
    for rule in RULES.split_whitespace() {
        let count = names.iter().filter(|name| tells(name, rule)).count();
        println!("{rule}: {count}");
        if count == 0 {
            missing.push(rule);
        }
    }
    assert!(missing.is_empty(), "no test and no fixture is named after {}", missing.join(", "));
}

/// The names of fixtures and of functions below `folder`.
fn collect_names(folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.extension().and_then(|extension| extension.to_str()) {
            _ if entry.is_dir() => collect_names(&entry, names),
            Some("json" | "sse") => names.push(entry.file_stem().unwrap().to_str().unwrap().to_owned()),
            Some("rs" | "py") => names.extend(functions(&fs::read_to_string(&entry).unwrap())),
            _ => {}
        }
    }
}

fn functions(source: &str) -> Vec<String> {
    let heads =
        source.lines().filter_map(|line| line.trim_start().trim_start_matches("async ").split_once("fn ").or(line.split_once("def ")));
    let named = heads.filter(|(before, _)| before.is_empty()).map(|(_, head)| head);
    named.map(|head| head.split(['(', '<']).next().unwrap_or_default().to_owned()).collect()
}

/// Whether the id of `rule` is one of the words of `name`.
fn tells(name: &str, rule: &str) -> bool {
    let name = format!("_{name}_");
    let rule = rule.to_lowercase().replace('.', "_");
    if rule.starts_with(|first: char| first.is_ascii_digit()) {
        return name.contains(&format!("_s{rule}_")) || name.contains(&format!("_section_{rule}_"));
    }
    name.contains(&format!("_{rule}_"))
}
