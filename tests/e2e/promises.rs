//! The promises of `spec/security-reliability.md` and the tests that show them, Rust's and Python's: each number in a test's name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use harness::workspace;

const PROMISES: std::ops::RangeInclusive<u32> = 1..=60;

/// Prints what is still without a test. Those of accounts, keys, the audit trail, backends and streams must have one.
#[test]
#[expect(clippy::print_stdout, reason = "the list is what this test is for")]
fn promises_without_a_test_are_told() {
    let tested = tested_promises();
    let untested: Vec<u32> = PROMISES.filter(|number| !tested.contains_key(number)).collect();
    println!("promises without a test: {untested:?}");
    let accounts = (1..=57).chain([60]);
    let missing: Vec<u32> = accounts.filter(|number| untested.contains(number)).collect();
    assert!(missing.is_empty(), "no test is named after the promises {missing:?}");
}

#[test]
fn no_test_is_named_after_a_promise_that_does_not_exist() {
    let unknown: BTreeMap<u32, BTreeSet<String>> = tested_promises().into_iter().filter(|(number, _)| !PROMISES.contains(number)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The names of tests by the promise whose number they carry.
fn tested_promises() -> BTreeMap<u32, BTreeSet<String>> {
    let mut tested: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for folder in ["shared", "functions", "lambda", "local", "tests"] {
        visit(&workspace().join(folder), &mut |source| {
            let tests = ["fn p", "def test_p"].into_iter().flat_map(|begin| source.split(begin).skip(1));
            for name in tests.filter_map(|rest| rest.split('(').next()) {
                let digits = name.split('_').next().unwrap_or_default();
                if let (Ok(number), true) = (digits.parse(), name.contains('_')) {
                    tested.entry(number).or_default().insert(format!("p{name}"));
                }
            }
        });
    }
    tested
}

fn visit(folder: &Path, see: &mut impl FnMut(&str)) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "py") {
            see(&fs::read_to_string(&path).unwrap());
        }
    }
}
