//! The promises of `docs/promises.md` and the tests that show them, Rust's and Python's: each number in a test's name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use harness::workspace;

/// The numbers of the page.
fn promises() -> BTreeSet<u32> {
    let page = fs::read_to_string(workspace().join("docs/promises.md")).unwrap();
    page.lines()
        .filter_map(|line| line.split_once(". ")?.0.parse().ok())
        .collect()
}

#[test]
fn every_promise_has_a_test() {
    let tested = tested_promises();
    let missing: Vec<u32> = promises()
        .into_iter()
        .filter(|number| !tested.contains_key(number))
        .collect();
    assert!(missing.is_empty(), "no test is named after the promises {missing:?}");
}

#[test]
fn no_test_is_named_after_a_promise_that_does_not_exist() {
    let promises = promises();
    let unknown: BTreeMap<u32, BTreeSet<String>> = tested_promises()
        .into_iter()
        .filter(|(number, _)| !promises.contains(number))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The names of tests by the promise whose number they carry.
fn tested_promises() -> BTreeMap<u32, BTreeSet<String>> {
    let mut tested: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for folder in ["shared", "functions", "local", "tests"] {
        visit(&workspace().join(folder), &mut |source| {
            let tests = ["fn p", "def test_p"]
                .into_iter()
                .flat_map(|begin| source.split(begin).skip(1));
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
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "py")
        {
            see(&fs::read_to_string(&path).unwrap());
        }
    }
}
