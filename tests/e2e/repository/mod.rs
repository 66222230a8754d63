//! Rules of the source tree that the compiler and clippy cannot hold: what only one place may name, no circle among
//! modules, sizes, and what every file has. Which crate may use which, `Cargo.toml` says.

mod circles;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use harness::workspace;

use circles::Package;
use sources::{code, texts, without_tests};

/// `names` may not be named in the files below `places`, save in `except`.
struct Rule {
    places: &'static [&'static str],
    except: &'static [&'static str],
    names: &'static [&'static str],
    reason: &'static str,
}

const PRODUCT: &[&str] = &["functions", "helper", "local", "shared"];

const RULES: &[Rule] = &[
    Rule {
        places: &[
            "functions/proxy/src/request",
            "functions/proxy/src/response",
            "shared/domain/src",
            "shared/translators/src",
        ],
        except: &["shared/domain/src/clock.rs"],
        names: &[
            "async ",
            "tokio",
            "tracing::",
            "std::env",
            "std::fs",
            "std::io",
            "Instant",
            "SystemTime",
            "std::thread",
            "Clock",
            "Timestamp::now",
        ],
        reason: "rules and translation are pure: time and everything that was read are arguments",
    },
    Rule {
        places: &["shared/domain/src/models"],
        except: &[],
        names: &["crate::access"],
        reason: "models know no rule of access",
    },
    Rule {
        places: &["shared/service"],
        except: &["shared/service/src/http"],
        names: &["axum::", "translators::"],
        reason: "only the HTTP edge of shared/service knows requests and their dialects",
    },
    Rule {
        places: &["shared/service"],
        except: &[
            "shared/service/benches",
            "shared/service/src/aws",
            "shared/service/src/secrets",
            "shared/service/src/store",
        ],
        names: &["aws_sdk_", "aws_smithy_"],
        reason: "the AWS SDK ends in store and secrets",
    },
    Rule {
        places: PRODUCT,
        except: &[
            "functions/auth/src/identity_provider/http_client.rs",
            "functions/health",
            "functions/notify",
            "functions/proxy",
            "helper/src/http.rs",
            "shared/service/src/outbound",
        ],
        names: &["legacy::Client", ".outbound.http", "reqwest"],
        reason: "only the proxy, the health checks, alerts, single sign-on and the helper call out, with the client of shared/service/src/outbound",
    },
    Rule {
        places: PRODUCT,
        except: &["functions/console/build.rs", "shared/service/src/config.rs"],
        names: &["std::env", "env::var"],
        reason: "shared/service/src/config.rs alone reads the environment; cargo tells build scripts by it where to write",
    },
    Rule {
        places: &["tests"],
        except: &[],
        names: &["sleep(", "#[ignore"],
        reason: "tests wait by notification, and all of them run",
    },
];

#[test]
fn only_its_place_names_a_thing() {
    let mut found = Vec::new();
    for rule in RULES {
        for (path, text) in texts(rule.places) {
            if rule.except.iter().any(|except| path.starts_with(except)) {
                continue;
            }
            let code = code(&text);
            let named = rule.names.iter().filter(|name| code.contains(**name));
            found.extend(named.map(|name| format!("{} names `{name}`: {}", path.display(), rule.reason)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_place_of_a_rule_exists() {
    for place in RULES.iter().flat_map(|rule| rule.places.iter().chain(rule.except)) {
        let exists = workspace().join(place).exists();
        assert!(exists, "the rules name {place}, which is not there");
    }
}

/// The packages below a folder.
fn packages(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join(folder)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.join("Cargo.toml").exists()).collect()
}

#[test]
fn functions_do_not_know_one_another() {
    let functions = packages("functions");
    let names: Vec<_> = functions
        .iter()
        .map(|path| path.file_name().unwrap().to_str().unwrap())
        .collect();
    for function in &functions {
        let manifest = fs::read_to_string(function.join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let known = names.iter().find(|name| dependencies.contains_key(**name));
        assert_eq!(known, None, "{} depends on another function", function.display());
    }
}

#[test]
fn modules_of_a_package_import_one_another_in_no_circle() {
    let mut circles = Vec::new();
    for package in [
        packages("functions"),
        packages("shared"),
        vec![workspace().join("helper"), workspace().join("local")],
    ]
    .concat()
    {
        let root = package.join("src");
        let root = root.strip_prefix(workspace()).unwrap();
        let files = texts(&[root.to_str().unwrap()]).into_iter();
        let modules = files.filter(|(path, _)| !path.ends_with("main.rs"));
        let modules = modules.map(|(path, text)| (path.strip_prefix(root).unwrap().to_owned(), code(&text)));
        let found = Package::new(modules).circles().into_iter();
        circles.extend(found.map(|circle| format!("{}:{circle}", root.display())));
    }
    assert!(circles.is_empty(), "{} circles\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn a_circle_is_found_behind_groups_names_that_are_passed_on_and_paths_in_code() {
    let package = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(path, text)| (PathBuf::from(path), code(text)));
        Package::new(files).circles()
    };
    let down = [
        ("lib.rs", "mod a;\nmod b;\npub use b::Thing;"),
        ("a/mod.rs", "mod c;\nuse crate::{b::{self, Thing}, Thing as _};"),
        (
            "a/c.rs",
            "// crate::a\nconst TEXT: &str = \"super::d\";\n#[cfg(test)]\nmod tests { use crate::a; }",
        ),
        ("b.rs", "pub struct Thing;"),
    ];
    assert_eq!(package(&down), Vec::<String>::new());
    let mut passed_on = down;
    passed_on[3].1 = "fn f() { super::a::g() }";
    assert_eq!(package(&passed_on), ["\n  a/mod.rs -> b.rs\n  b.rs -> a/mod.rs"]);
    let mut inside = down;
    inside[1].1 = "mod c;\nuse self::c::f;\npub const X: u8 = f();";
    inside[2].1 = "use super::X;";
    assert_eq!(package(&inside), ["\n  a/c.rs -> a/mod.rs\n  a/mod.rs -> a/c.rs"]);
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, text) in texts(&["functions", "helper", "local", "shared", "tests"]) {
        let begins_well = text.starts_with("//!") || text.starts_with("#![doc = include_str!");
        assert!(begins_well, "{} does not begin with `//!`", path.display());
    }
}

/// The limits of lines that `docs/architecture.md` gives: of a file, and of a function.
fn limits() -> (usize, usize) {
    let page = fs::read_to_string(workspace().join("docs/architecture.md")).unwrap();
    let words: Vec<&str> = page.split_whitespace().collect();
    let limit = |before: &[&str]| {
        let at = words.windows(before.len()).position(|window| window == before);
        words[at.unwrap() + before.len()].parse().unwrap()
    };
    (
        limit(&["A", "file", "has", "at", "most"]),
        limit(&["a", "function", "at", "most"]),
    )
}

#[test]
fn no_file_is_longer_than_the_documents_say() {
    let (limit, _) = limits();
    let texts = texts(&["functions", "helper", "local", "shared", "tests"]).into_iter();
    let lengths = texts.map(|(path, text)| (path, without_tests(&text).lines().count()));
    let long: Vec<(PathBuf, usize)> = lengths.filter(|(_, lines)| *lines > limit).collect();
    assert!(long.is_empty(), "more than {limit} lines without tests: {long:?}");
}

#[test]
fn clippy_holds_functions_to_what_the_documents_say() {
    let clippy = fs::read_to_string(workspace().join(Path::new("clippy.toml"))).unwrap();
    let clippy: toml::Table = clippy.parse().unwrap();
    let (_, limit) = limits();
    assert_eq!(
        clippy["too-many-lines-threshold"].as_integer(),
        i64::try_from(limit).ok()
    );
}
