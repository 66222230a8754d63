//! Circles among the modules of a package: who imports whom, folder by folder.
//!
//! A folder is one module at its parent's level; inside it, its files are looked at. `mod.rs` (or `lib.rs`) is one of
//! these files: it may use the others, or they may use it. What it only passes on (`pub use`) counts for the file that
//! defines it; what a macro names by `$crate` counts where the macro is used.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::path::PathBuf;

/// The path of a module inside its package, such as `["relay", "pump"]`; the root's is empty.
type Path = Vec<String>;

/// Modules of one package.
pub(super) struct Package {
    modules: BTreeMap<Path, Module>,
}

struct Module {
    file: PathBuf,
    /// Paths that are named in the code, from the root: modules, and items in them.
    named: BTreeSet<Path>,
    /// Where a name of this module comes from, if a `use` brings it.
    aliases: BTreeMap<String, Path>,
}

impl Package {
    /// The package of these files, given relative to its `src`, with their code.
    pub(super) fn new(files: impl IntoIterator<Item = (PathBuf, String)>) -> Self {
        let mut codes = BTreeMap::new();
        for (file, code) in files {
            codes.insert(module_path(&file), (file, code));
        }
        let tests: Vec<Path> = codes
            .iter()
            .flat_map(|(path, (_, code))| test_modules(code).into_iter().map(move |name| child(path, name)))
            .collect();
        codes.retain(|path, _| !tests.iter().any(|test| path.starts_with(test)));
        let paths: BTreeSet<Path> = codes.keys().cloned().collect();
        let modules = codes
            .into_iter()
            .map(|(path, (file, code))| (path.clone(), Module::new(&path, file, &code, &paths)));
        Self {
            modules: modules.collect(),
        }
    }

    /// Every circle, as lines of `file -> file`.
    pub(super) fn circles(&self) -> Vec<String> {
        let mut folders: BTreeMap<Path, Imports> = BTreeMap::new();
        for (from, module) in &self.modules {
            for named in &module.named {
                let Some(to) = self.defining_module(named, 0) else {
                    continue;
                };
                let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
                let room = |path: &Path| path.get(common).cloned().unwrap_or_else(|| "mod".into());
                if room(from) != room(&to) {
                    let folder = folders.entry(from[..common].to_vec()).or_default();
                    let witness = (module.file.clone(), self.modules[&to].file.clone());
                    folder
                        .entry(room(from))
                        .or_default()
                        .entry(room(&to))
                        .or_insert(witness);
                }
            }
        }
        folders.values().flat_map(circles_of).collect()
    }

    /// The module that defines what `path` names, behind what others pass on.
    fn defining_module(&self, path: &[String], depth: usize) -> Option<Path> {
        let length = (0..=path.len())
            .rev()
            .find(|length| self.modules.contains_key(&path[..*length]))?;
        let module = &self.modules[&path[..length]];
        match path.get(length).and_then(|name| module.aliases.get(name)) {
            Some(alias) if depth < 8 => {
                let rest = [alias.as_slice(), &path[length + 1..]].concat();
                self.defining_module(&rest, depth + 1)
            }
            _ => Some(path[..length].to_vec()),
        }
    }
}

/// Who imports whom in a folder, with two files that show it.
type Imports = BTreeMap<String, BTreeMap<String, (PathBuf, PathBuf)>>;

impl Module {
    fn new(path: &Path, file: PathBuf, code: &str, paths: &BTreeSet<Path>) -> Self {
        let (imports, rest) = split_uses(code);
        let mut module = Self {
            file,
            named: BTreeSet::new(),
            aliases: BTreeMap::new(),
        };
        let words: BTreeSet<&str> = rest
            .split(|next: char| !next.is_alphanumeric() && next != '_')
            .collect();
        for (is_public, tree) in imports {
            for (leaf, alias) in leaves(&tree) {
                let Some(named) = absolute(path, &leaf, paths) else {
                    continue;
                };
                if !is_public || words.contains(alias.as_str()) {
                    module.named.insert(named.clone());
                }
                module.aliases.insert(alias, named);
            }
        }
        let inline = paths_in(&rest)
            .into_iter()
            .filter_map(|named| absolute(path, &named, paths));
        module.named.extend(inline);
        module
    }
}

/// `src/a/mod.rs` and `src/a.rs` are `["a"]`; `lib.rs` is the root.
fn module_path(file: &std::path::Path) -> Path {
    let mut path: Path = file
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .collect();
    if path.last().is_some_and(|name| name == "mod") || path == ["lib"] {
        path.pop();
    }
    path
}

fn child(path: &Path, name: String) -> Path {
    [path.as_slice(), &[name]].concat()
}

/// Modules that exist only in tests.
fn test_modules(code: &str) -> Vec<String> {
    let parts = code.split("#[cfg(").skip(1);
    let of_tests = parts.filter(|part| part.split(']').next().unwrap_or_default().contains("test"));
    let declared = of_tests.filter_map(|part| {
        let item = part.split_once(']')?.1.trim_start();
        let item = item
            .strip_prefix("pub(crate) ")
            .or(item.strip_prefix("pub "))
            .unwrap_or(item);
        Some(item.strip_prefix("mod ")?.split_once(';')?.0.to_owned())
    });
    declared.collect()
}

/// The trees of all `use` declarations, each with whether it is public, and the code without them.
fn split_uses(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut uses, mut rest) = (Vec::new(), String::new());
    let mut left = code;
    while let Some(at) = find_word(left, "use") {
        let before = &left[..at];
        let line = before.rsplit('\n').next().unwrap_or_default().trim();
        let Some(end) = left[at..]
            .find(';')
            .filter(|_| line.is_empty() || line.starts_with("pub"))
        else {
            rest.push_str(&left[..at + 3]);
            left = &left[at + 3..];
            continue;
        };
        rest.push_str(before);
        uses.push((
            line.starts_with("pub"),
            left[at + 3..at + end].split_whitespace().collect::<Vec<_>>().join(" "),
        ));
        left = &left[at + end + 1..];
    }
    rest.push_str(left);
    (uses, rest)
}

fn find_word(code: &str, word: &str) -> Option<usize> {
    let is_part = |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || next == '_');
    code.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| !is_part(code[..*at].chars().next_back()) && !is_part(code[at + word.len()..].chars().next()))
}

/// The paths of a `use` tree, each with the name that it brings.
fn leaves(tree: &str) -> Vec<(Path, String)> {
    let tree = tree.trim();
    let Some((before, group)) = tree.split_once('{') else {
        let (path, alias) = tree.split_once(" as ").unwrap_or((tree, ""));
        let mut path: Path = path.split("::").map(|part| part.trim().to_owned()).collect();
        if path.last().is_some_and(|name| name == "self" || name == "*") && path.len() > 1 {
            path.pop();
        }
        let alias = if alias.is_empty() {
            path.last().cloned().unwrap_or_default()
        } else {
            alias.to_owned()
        };
        return vec![(path, alias)];
    };
    let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, next) in group.char_indices() {
        match next {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&group[from..]);
    let filled = parts.into_iter().filter(|part| !part.trim().is_empty());
    filled
        .flat_map(|part| leaves(&format!("{before}{}", part.trim())))
        .collect()
}

/// Paths of two parts and more in code, such as `super::pump::start`.
fn paths_in(code: &str) -> Vec<Path> {
    let words = code.split(|next: char| !next.is_alphanumeric() && !"_:$".contains(next));
    words
        .filter(|word| word.contains("::") && !word.starts_with('$'))
        .map(|word| {
            word.split("::")
                .filter(|part| !part.is_empty())
                .map(ToOwned::to_owned)
                .collect()
        })
        .collect()
}

/// `named` in the module `path`, from the package's root; nothing for what is not of the package.
fn absolute(path: &Path, named: &[String], paths: &BTreeSet<Path>) -> Option<Path> {
    let first = named.first()?;
    let rest = &named[1..];
    match first.as_str() {
        "crate" => Some(rest.to_vec()),
        "self" => Some([path.as_slice(), rest].concat()),
        "super" => {
            let ups = named.iter().take_while(|part| *part == "super").count();
            let parent = &path[..path.len().checked_sub(ups)?];
            Some([parent, &named[ups..]].concat())
        }
        name => paths
            .contains(&child(path, name.to_owned()))
            .then(|| [path.as_slice(), named].concat()),
    }
}

/// The circles of a folder: of each module that reaches itself the shortest way back, each circle once.
fn circles_of(imports: &Imports) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for start in imports.keys() {
        let Some(way) = way_back(imports, start) else {
            continue;
        };
        let members: BTreeSet<String> = way.iter().cloned().collect();
        if !told.insert(members) {
            continue;
        }
        let mut text = String::new();
        for (from, to) in way.iter().zip(way.iter().cycle().skip(1)) {
            let (from_file, to_file) = &imports[from][to];
            write!(text, "\n  {} -> {}", from_file.display(), to_file.display()).unwrap();
        }
        circles.push(text);
    }
    circles
}

/// The shortest way from a module over its imports back to it.
fn way_back(imports: &Imports, start: &String) -> Option<Vec<String>> {
    let mut ways = VecDeque::from([vec![start.clone()]]);
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for to in imports.get(way.last()?)?.keys() {
            if to == start {
                return Some(way);
            }
            if imports.contains_key(to) && seen.insert(to.clone()) {
                ways.push_back([way.clone(), vec![to.clone()]].concat());
            }
        }
    }
    None
}
