//! Rules of the source tree that the compiler and clippy cannot hold: who may know whom, and what every file has.

use std::fs;
use std::path::{Path, PathBuf};

use harness::workspace;

/// `names` may not be named in the files below `places`, save in `except`.
struct Rule {
    places: &'static [&'static str],
    except: &'static [&'static str],
    names: &'static [&'static str],
    reason: &'static str,
}

const PRODUCT: &[&str] = &["functions", "local", "shared"];
const PURE: &[&str] = &[
    "functions/proxy/src/request",
    "functions/proxy/src/response",
    "shared/domain/src/access",
    "shared/domain/src/models",
    "shared/translators/src",
];

const RULES: &[Rule] = &[
    Rule {
        places: PURE,
        except: &[],
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
        reason: "rules are pure: time and everything that was read are arguments",
    },
    Rule {
        places: &["shared/domain/src/models"],
        except: &[],
        names: &["crate::access"],
        reason: "models are known by all and know nobody",
    },
    Rule {
        places: &[
            "shared/service/src/store",
            "shared/service/src/secrets",
            "shared/service/src/cache.rs",
        ],
        except: &[],
        names: &["crate::http", "translators::"],
        reason: "storage does not know who asks",
    },
    Rule {
        places: PRODUCT,
        except: &[
            "shared/service/src/aws",
            "shared/service/src/secrets",
            "shared/service/src/store",
            "local",
        ],
        names: &["aws_sdk_", "aws_smithy_"],
        reason: "the AWS SDK ends in store and secrets; the local gateway gives it another way to its database",
    },
    Rule {
        places: &["shared"],
        except: &["shared/lambda", "shared/service/src/http"],
        names: &["axum::"],
        reason: "shared/service/src/http is the only axum in shared",
    },
    Rule {
        places: PRODUCT,
        except: &["shared/lambda"],
        names: &["lambda_http", "lambda_runtime"],
        reason: "routers do not know whether they run in a Lambda; shared/lambda is the only rim",
    },
    Rule {
        places: PRODUCT,
        except: &[
            "functions/auth/src/identity_provider/http_client.rs",
            "functions/health",
            "functions/proxy",
            "shared/service/src/outbound",
        ],
        names: &["legacy::Client", ".outbound.http", "reqwest"],
        reason: "only the proxy, the health checks and single sign-on call out, with the client of shared/service/src/outbound",
    },
    Rule {
        places: PRODUCT,
        except: &["shared/service/src/config.rs"],
        names: &["std::env", "env::var"],
        reason: "shared/service/src/config.rs alone reads the environment",
    },
    Rule {
        places: &["tests"],
        except: &["tests/e2e/repository.rs"],
        names: &["sleep(", "#[ignore"],
        reason: "tests wait by notification, and all of them run",
    },
];

#[test]
fn layers_know_only_those_below_them() {
    let mut found = Vec::new();
    for rule in RULES {
        for (path, code) in sources(rule.places) {
            if rule.except.iter().any(|except| path.starts_with(except)) {
                continue;
            }
            let named = rule.names.iter().filter(|name| code.contains(**name));
            found.extend(named.map(|name| format!("{} names `{name}`: {}", path.display(), rule.reason)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_place_of_a_rule_exists() {
    for place in RULES.iter().flat_map(|rule| rule.places.iter().chain(rule.except)) {
        assert!(
            workspace().join(place).exists(),
            "the rules name {place}, which is not there"
        );
    }
}

#[test]
fn functions_do_not_know_one_another() {
    let functions: Vec<_> = fs::read_dir(workspace().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .collect();
    let names: Vec<_> = functions
        .iter()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    for function in functions.iter().filter(|entry| entry.path().is_dir()) {
        let manifest: toml::Table = fs::read_to_string(function.path().join("Cargo.toml"))
            .unwrap()
            .parse()
            .unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        let known = names.iter().find(|name| dependencies.contains_key(*name));
        assert!(
            known.is_none(),
            "{} depends on the function {known:?}",
            function.path().display()
        );
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for (path, _) in sources(&["functions", "local", "shared", "tests"]) {
        let text = fs::read_to_string(workspace().join(&path)).unwrap();
        let begins_well = text.starts_with("//!") || text.starts_with("#![doc = include_str!");
        assert!(begins_well, "{} does not begin with `//!`", path.display());
    }
}

#[test]
fn no_file_is_longer_than_400_lines_without_its_tests() {
    for (path, code) in sources(&["functions", "local", "shared", "tests"]) {
        let lines = code.lines().count();
        assert!(lines <= 400, "{} has {lines} lines", path.display());
    }
}

/// The Rust files below `places`, relative to the workspace, each without its comments and its tests.
fn sources(places: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for place in places {
        collect(&workspace().join(place), &mut files);
    }
    assert!(!files.is_empty(), "there is no Rust file in {places:?}");
    files
        .iter()
        .map(|path| {
            (
                path.strip_prefix(workspace()).unwrap().to_owned(),
                code(&fs::read_to_string(path).unwrap()),
            )
        })
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

fn code(text: &str) -> String {
    let before_tests = text.split("\nmod tests {").next().unwrap_or_default();
    before_tests
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}
