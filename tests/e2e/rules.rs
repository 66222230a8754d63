//! The rules of `docs/translation.md` and what shows them: each id is in the name of a test or of a fixture.

use std::fs;
use std::path::Path;

use harness::workspace;

/// Where the translation is tested. Elsewhere `p1` is a promise of docs/promises.md.
const FOLDERS: [&str; 14] = [
    "shared/domain/src/access",
    "shared/translators/src",
    "shared/translators/tests",
    "functions/proxy/src",
    "tests/clients",
    "tests/e2e/chat",
    "tests/e2e/direct",
    "tests/e2e/health",
    "tests/e2e/messages",
    "tests/e2e/models",
    "tests/e2e/odd_backends",
    "tests/e2e/responses",
    "tests/e2e/usage",
    "tests/sdk",
];

/// The ids of the page: of each section those of its rules, or its own number where none of its rules has one.
fn rules() -> Vec<String> {
    let page = fs::read_to_string(workspace().join("docs/translation.md")).unwrap();
    let mut rules = Vec::new();
    for section in page.split("\n#").skip(1) {
        let (heading, text) = section.split_once('\n').unwrap_or((section, ""));
        let number = heading
            .trim_start_matches(['#', ' '])
            .split(' ')
            .next()
            .unwrap_or_default();
        let ids: Vec<&str> = text
            .lines()
            .filter_map(|line| Some(line.strip_prefix("- **")?.split_once("**")?.0))
            .collect();
        let of_section = if ids.is_empty() && !text.trim().is_empty() {
            vec![number]
        } else {
            ids
        };
        rules.extend(of_section.into_iter().map(str::to_owned));
    }
    rules
}

#[test]
#[expect(
    clippy::print_stdout,
    reason = "the list of a run with --nocapture is the point of it"
)]
fn every_rule_of_the_translation_is_in_the_name_of_a_test_or_a_fixture() {
    let mut names = Vec::new();
    for folder in FOLDERS {
        collect_names(&workspace().join(folder), &mut names);
    }
    let mut missing = Vec::new();
    for rule in rules() {
        let count = names.iter().filter(|name| tells(name, &rule)).count();
        println!("{rule}: {count}");
        if count == 0 {
            missing.push(rule);
        }
    }
    assert!(
        missing.is_empty(),
        "no test and no fixture is named after {}",
        missing.join(", ")
    );
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
    let heads = source.lines().filter_map(|line| {
        line.trim_start()
            .trim_start_matches("async ")
            .split_once("fn ")
            .or(line.split_once("def "))
    });
    let named = heads.filter(|(before, _)| before.is_empty()).map(|(_, head)| head);
    named
        .map(|head| head.split(['(', '<']).next().unwrap_or_default().to_owned())
        .collect()
}

/// True if the id of `rule` is one of the words of `name`.
fn tells(name: &str, rule: &str) -> bool {
    let name = format!("_{name}_");
    let rule = rule.to_lowercase().replace('.', "_");
    if rule.starts_with(|first: char| first.is_ascii_digit()) {
        return name.contains(&format!("_s{rule}_")) || name.contains(&format!("_section_{rule}_"));
    }
    name.contains(&format!("_{rule}_"))
}
