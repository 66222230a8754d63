//! Makes what the function serves of `web/`: two scripts of all modules, since a first visit that asked for forty files
//! would start forty environments in Lambda; every file gzipped; and a version, which is the checksum of them all. The
//! second script has what only the pages of administrators import, and is loaded with the first of these.
//!
//! A module is left as it is but for `import` and `export`: they can go, because nothing is renamed and each name is
//! declared once. `Bundle::add` holds the modules to that.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

const MAX_LINES: usize = 300;
const DECLARATIONS: [&str; 7] = [
    "async function* ",
    "async function ",
    "function ",
    "function* ",
    "class ",
    "const ",
    "let ",
];
/// In the order in which a browser loads them: a script imports what an earlier one has declared.
const SCRIPTS: [&str; 2] = ["main.js", "admin.js"];
const OTHER_FILES: [&str; 3] = ["app.css", "vendor/preact.js", "vendor/marked.js"];

fn main() -> Result<(), Box<dyn Error>> {
    let (web, out) = (
        Path::new("web"),
        PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?),
    );
    println!("cargo::rerun-if-changed={}", web.display());
    let mut files = Bundle::of(web)?.scripts()?;
    for name in OTHER_FILES {
        files.push((name, fs::read(web.join(name))?));
    }
    let mut checksum = flate2::Crc::new();
    for (_, content) in &files {
        checksum.update(content);
    }
    let version = format!("{:08x}", checksum.sum());
    let index = fs::read_to_string(web.join("index.html"))?.replace("{version}", &version);
    files.push((
        "demo.html",
        index.replacen("<html ", "<html data-demo ", 1).into_bytes(),
    ));
    files.push(("index.html", index.into_bytes()));
    let mut table =
        format!("pub(crate) const VERSION: &str = \"{version}\";\npub(crate) const FILES: &[(&str, &[u8])] = &[\n");
    for (number, (name, content)) in files.iter().enumerate() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(content)?;
        fs::write(out.join(format!("{number}.gz")), gzip.finish()?)?;
        writeln!(
            table,
            "(\"{name}\", include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.gz\"))),"
        )?;
    }
    Ok(fs::write(out.join("files.rs"), table + "];\n")?)
}

#[derive(Default)]
struct Script {
    /// The names that are imported of each file beside it: libraries, and scripts before it.
    imports: BTreeMap<String, BTreeSet<String>>,
    /// The names that are imported of it.
    exports: BTreeSet<String>,
    text: String,
}

/// A name and the content.
type File = (&'static str, Vec<u8>);

#[derive(Default)]
struct Bundle {
    scripts: [Script; SCRIPTS.len()],
    /// The place in `scripts` of each module.
    places: BTreeMap<PathBuf, usize>,
    /// Every name at the top of a module, and where it is declared.
    names: BTreeMap<String, PathBuf>,
}

impl Bundle {
    fn of(web: &Path) -> Result<Self, Box<dyn Error>> {
        let mut bundle = Self::default();
        for (at, script) in SCRIPTS.iter().enumerate() {
            bundle.add(at, &web.join(script).canonicalize()?)?;
        }
        Ok(bundle)
    }

    /// Adds `module` to the script `at`, after all that it imports.
    fn add(&mut self, at: usize, module: &Path) -> Result<(), Box<dyn Error>> {
        if self.places.contains_key(module) {
            return Ok(());
        }
        self.places.insert(module.to_owned(), at);
        let text = fs::read_to_string(module)?;
        if !text.starts_with("// ") || text.lines().count() > MAX_LINES {
            let rule = "a module begins with a comment that says what it is for, and has at most 300 lines";
            return Err(format!("{}: {rule}", module.display()).into());
        }
        let (imports, rest): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("import "));
        for import in imports {
            self.import(at, module, import)?;
        }
        for line in rest {
            self.line(at, module, line)?;
        }
        Ok(())
    }

    fn import(&mut self, at: usize, module: &Path, line: &str) -> Result<(), Box<dyn Error>> {
        let parts: Vec<_> = line.split('"').collect();
        let names = parts[0]
            .strip_prefix("import { ")
            .and_then(|names| names.strip_suffix(" } from "));
        let (Some(names), [_, from, ";"]) = (names.filter(|names| !names.contains(" as ")), &parts[..]) else {
            let rule = "an import stands on one line, is by name, and renames nothing";
            return Err(format!("{}: {rule}: {line}", module.display()).into());
        };
        let names = names.split(", ").map(str::to_owned);
        let file = if let Some((_, library)) = from.split_once("vendor/") {
            format!("vendor/{library}")
        } else {
            let imported = module.with_file_name(from).canonicalize()?;
            self.add(at, &imported)?;
            let place = self.places[&imported];
            if place == at {
                return Ok(());
            }
            self.scripts[place].exports.extend(names.clone());
            SCRIPTS[place].to_owned()
        };
        self.scripts[at].imports.entry(file).or_default().extend(names);
        Ok(())
    }

    fn line(&mut self, at: usize, module: &Path, line: &str) -> Result<(), Box<dyn Error>> {
        let code = line.strip_prefix("export ").unwrap_or(line);
        if let Some(name) = DECLARATIONS.iter().find_map(|keyword| code.strip_prefix(keyword)) {
            let end = name.find(|next: char| !next.is_alphanumeric() && next != '_');
            let name = &name[..end.unwrap_or(name.len())];
            if name.is_empty() || self.names.insert(name.to_owned(), module.to_owned()).is_some() {
                return Err(format!("{}: `{name}` is declared twice, or has no name", module.display()).into());
            }
            if code != line && module.ends_with(SCRIPTS[at]) {
                self.scripts[at].exports.insert(name.to_owned());
            }
        } else if code != line {
            return Err(format!("{}: what is exported is a declaration: {line}", module.display()).into());
        }
        self.scripts[at].text.push_str(code);
        self.scripts[at].text.push('\n');
        Ok(())
    }

    fn scripts(&self) -> Result<Vec<File>, Box<dyn Error>> {
        let named = SCRIPTS.into_iter().zip(&self.scripts);
        named
            .map(|(name, script)| Ok((name, script.made()?.into_bytes())))
            .collect()
    }
}

impl Script {
    fn made(&self) -> Result<String, Box<dyn Error>> {
        let list = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let import = |(file, names)| format!("import {{{}}} from \"./{file}\";\n", list(names));
        let imports: String = self.imports.iter().map(import).collect();
        let code = minifier::js::minify(&self.text)?.to_string();
        Ok(format!("{imports}{code}\nexport{{{}}};", list(&self.exports)))
    }
}
