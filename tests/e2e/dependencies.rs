//! What comes into a build, held against `deny.toml`.
//!
//! The licences and bans are those of the crates that are really built, with the features that are really on, so
//! they are asked of `cargo tree`. `cargo deny` reads the same file, but takes longer to build than we do.

use std::collections::BTreeMap;
use std::process::Command;

use semver::{Version, VersionReq};
use spdx::{Expression, LicenseReq, ParseMode};
use toml::{Table, Value};

/// Name and version of a crate, and its licence.
type Crates = BTreeMap<(String, Version), String>;

#[test]
fn p59_every_licence_is_allowed() {
    let rules = rules();
    let everywhere = texts(&rules["licenses"]["allow"]);
    let exceptions = rules["licenses"]["exceptions"].as_array().unwrap();
    for ((name, version), licence) in built(&rules) {
        let here = exceptions
            .iter()
            .filter(|exception| exception["crate"].as_str() == Some(&name));
        let here: Vec<_> = here.flat_map(|exception| texts(&exception["allow"])).collect();
        let is_allowed = |licence: &LicenseReq| {
            everywhere
                .iter()
                .chain(&here)
                .any(|allowed| *allowed == licence.to_string())
        };
        let expression = Expression::parse_mode(&licence, ParseMode::LAX).unwrap();
        assert!(
            expression.evaluate(is_allowed),
            "{name} {version} is under {licence}, which deny.toml does not allow"
        );
    }
}

#[test]
fn p59_no_banned_crate_is_built() {
    let rules = rules();
    let built = built(&rules);
    assert!(
        built.keys().any(|(name, _)| name == "rustls"),
        "the list of crates is not what it should be"
    );
    for ban in rules["bans"]["deny"].as_array().unwrap() {
        let (name, versions) = ban["crate"]
            .as_str()
            .unwrap()
            .split_once(':')
            .unwrap_or((ban["crate"].as_str().unwrap(), "*"));
        let versions = VersionReq::parse(versions).unwrap();
        let found = built
            .keys()
            .find(|(built, version)| built == name && versions.matches(version));
        assert!(found.is_none(), "{found:?} is built: {}", ban["reason"]);
    }
}

fn rules() -> Table {
    std::fs::read_to_string(harness::workspace().join("deny.toml"))
        .unwrap()
        .parse()
        .unwrap()
}

/// The crates that the product's packages are built of, on each target that `rules` names.
fn built(rules: &Table) -> Crates {
    texts(&rules["graph"]["targets"])
        .iter()
        .flat_map(|target| built_on(target))
        .collect()
}

fn built_on(target: &str) -> Crates {
    let mut tree = Command::new(env!("CARGO"));
    tree.args([
        "tree",
        "--workspace",
        "--exclude",
        "e2e",
        "--locked",
        "--edges",
        "normal,build",
        "--target",
        target,
    ]);
    let output = tree
        .args(["--prefix", "none", "--format", "{p}\t{l}"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A line is `name v1.2.3 (where from)`, a tab, the licence, and ` (*)` where the crate was named before.
    let text = String::from_utf8(output.stdout).unwrap();
    let crates = text.lines().filter_map(|line| {
        let (package, licence) = line.trim_end_matches(" (*)").split_once('\t')?;
        let mut words = package.split(' ');
        let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
        Some(((name.to_owned(), version.parse().unwrap()), licence.to_owned()))
    });
    crates.collect()
}

fn texts(values: &Value) -> Vec<String> {
    values
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_str().unwrap().to_owned())
        .collect()
}
