//! The documents in step with the tree: words of the glossary, decision records, links.

use std::fs;
use std::path::{Path, PathBuf};

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
        vec!["README.md".into(), "functions/README.md".into()],
        pages("docs"),
        pages("docs/decisions"),
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
