//! The documents in step with the tree: words of the glossary, decision records, links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use harness::routes::tables;
use harness::workspace;

fn read(path: impl AsRef<Path>) -> String {
    let path = workspace().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The Markdown files of a folder, relative to the workspace.
fn pages(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join(folder)).unwrap();
    let paths = entries.map(|entry| Path::new(folder).join(entry.unwrap().file_name()));
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect()
}

#[test]
fn every_word_of_the_glossary_is_in_its_file() {
    let glossary = read("docs/glossary.md");
    let rows = glossary.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let [words, _, place] = cells.as_slice() else {
            return None;
        };
        Some((
            *words,
            place.trim_end_matches(" |").strip_prefix('`')?.strip_suffix('`')?,
        ))
    });
    let mut checked = 0;
    for (words, place) in rows {
        let text = read(place).to_lowercase();
        for word in words.split(", ") {
            assert!(text.contains(word), "`{word}` of the glossary is not in {place}");
            checked += 1;
        }
    }
    assert!(checked > 20, "the glossary has {checked} words");
}

#[test]
fn every_decision_has_a_status_and_a_date_and_is_listed() {
    let list = read("docs/decisions/README.md");
    for page in pages("docs/decisions") {
        let name = page.file_name().unwrap().to_str().unwrap();
        if name == "README.md" {
            continue;
        }
        let text = read(&page);
        let status = text.lines().find_map(|line| line.strip_prefix("Status: "));
        let (status, date) = status.and_then(|status| status.rsplit_once(", ")).unwrap_or_default();
        assert!(
            date.parse::<jiff::civil::Date>().is_ok(),
            "{name} has no status with a date: {status:?}"
        );
        let superseded = status.strip_prefix("superseded by [decision ");
        assert!(status == "accepted" || superseded.is_some(), "{name} is {status:?}");
        let row = list.lines().find(|line| line.contains(&format!("({name})")));
        let row = row.unwrap_or_else(|| panic!("{name} is not in the list of decisions"));
        assert_eq!(row.contains("superseded"), superseded.is_some(), "the list on {name}");
    }
}

#[test]
fn links_of_the_documents_lead_to_files() {
    let pages = [
        vec!["README.md".into(), "README.zh.md".into(), "functions/README.md".into()],
        pages("docs"),
        pages("docs/decisions"),
        pages("docs/openapi"),
        pages("docs/zh"),
    ];
    for page in pages.concat() {
        let text = read(&page);
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let target = workspace()
                .join(page.parent().unwrap())
                .join(link.split('#').next().unwrap());
            assert!(
                target.exists(),
                "{} links to {link}, which is not there",
                page.display()
            );
        }
    }
}

#[test]
fn every_error_is_in_the_table_of_errors() {
    let page = read("docs/api.md");
    let table = page.split("## 8. Errors").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    let source = read("shared/translators/src/error/code.rs");
    let codes = source.split("\ncodes! {").nth(1).unwrap();
    let codes = codes.split("\n}").next().unwrap();
    let mut checked = 0;
    // In quotes are the code of management, OpenAI's type and code, and Anthropic's type.
    for name in codes.split('"').skip(1).step_by(2) {
        assert!(table.contains(&format!("`{name}`")), "docs/api.md, §8, has no {name}");
        checked += 1;
    }
    assert!(checked > 100, "{checked} names");
}

/// The pages for users and operators, in both languages.
fn guides() -> Vec<PathBuf> {
    let readmes = ["README.md", "README.zh.md", "infra/README.md"];
    [readmes.map(PathBuf::from).to_vec(), pages("docs"), pages("docs/zh")].concat()
}

#[test]
fn requests_that_the_documents_name_have_routes() {
    let rows = tables().into_iter().flat_map(|(_, rows)| rows);
    let routes: BTreeSet<String> = rows
        .map(|row| format!("{} {}", row.method, row.path.replace("{*", "{")))
        .collect();
    let is_request = |text: &&str| {
        ["GET /", "POST /", "PUT /", "DELETE /"]
            .iter()
            .any(|start| text.starts_with(start))
    };
    for page in guides() {
        let text = read(&page);
        for request in text.split('`').filter(is_request) {
            let request = request.split('?').next().unwrap();
            assert!(
                routes.contains(request),
                "{} names {request}, which is no route",
                page.display()
            );
        }
    }
}

/// Options of cargo, curl, docker, sha256sum, wsl and the servers of models.
const OPTIONS_OF_OTHERS: [&str; 15] = [
    "--release",
    "--locked",
    "--workspace",
    "--port",
    "--model",
    "--data-binary",
    "--install",
    "--add-host",
    "--cap-drop",
    "--ignore-missing",
    "--name",
    "--profile",
    "--read-only",
    "--rm",
    "--stop-timeout",
];

#[test]
fn options_that_the_documents_name_are_those_of_the_local_gateway() {
    let table = read("README.md");
    let known = |option: &str| table.contains(&format!("| `{option}`")) || table.contains(&format!("| `{option} "));
    let pages = [
        "docs/operate.md",
        "docs/config.md",
        "docs/zh/operate.md",
        "README.zh.md",
    ];
    let mut checked = 0;
    for page in pages {
        let text = read(page);
        let lines = text
            .lines()
            .filter(|line| line.contains("tidegate --") || line.contains("local --") || !line.starts_with(' '));
        let in_code = lines.flat_map(|line| line.split(['`', ' ']));
        let options = in_code.filter(|word| word.starts_with("--") && word.len() > 2 && !word.starts_with("---"));
        for option in options.filter(|option| !OPTIONS_OF_OTHERS.contains(option)) {
            assert!(known(option), "{page} names {option}, which the README does not have");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} options");
}

#[test]
fn both_languages_have_the_same_commands() {
    let blocks = |page: &str| -> Vec<String> {
        let text = read(page);
        let inside = text.split("```").skip(1).step_by(2);
        let commands = inside.filter(|block| ["sh\n", "nginx\n"].iter().any(|kind| block.starts_with(kind)));
        commands.map(ToOwned::to_owned).collect()
    };
    for (english, chinese) in [
        ("README.md", "README.zh.md"),
        ("docs/operate.md", "docs/zh/operate.md"),
        ("docs/policies.md", "docs/zh/policies.md"),
    ] {
        assert_eq!(blocks(chinese), blocks(english), "{chinese}");
    }
}
