//! Makes what the function serves of `web/`: one script of all modules, since a first visit that asked for forty files
//! would start forty environments in Lambda; every file gzipped; and a version, which is the checksum of them all.
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
const OTHER_FILES: [&str; 3] = ["app.css", "vendor/preact.js", "vendor/marked.js"];

fn main() -> Result<(), Box<dyn Error>> {
    let (web, out) = (
        Path::new("web"),
        PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?),
    );
    println!("cargo::rerun-if-changed={}", web.display());
    let mut bundle = Bundle::default();
    bundle.add(&web.join("main.js"))?;
    let script = bundle.library_imports() + &minifier::js::minify(&bundle.text)?.to_string();
    let mut files = vec![("main.js", script.into_bytes())];
    for name in OTHER_FILES {
        files.push((name, fs::read(web.join(name))?));
    }
    let mut checksum = flate2::Crc::new();
    for (_, content) in &files {
        checksum.update(content);
    }
    let version = format!("{:08x}", checksum.sum());
    let index = fs::read_to_string(web.join("index.html"))?.replace("{version}", &version);
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
struct Bundle {
    done: BTreeSet<PathBuf>,
    /// The names that are imported of each library; libraries stay files of their own.
    libraries: BTreeMap<String, BTreeSet<String>>,
    /// Every name at the top of a module, and where it is declared.
    names: BTreeMap<String, PathBuf>,
    text: String,
}

impl Bundle {
    /// Adds `module` after all that it imports.
    fn add(&mut self, module: &Path) -> Result<(), Box<dyn Error>> {
        let module = module.canonicalize()?;
        if !self.done.insert(module.clone()) {
            return Ok(());
        }
        let text = fs::read_to_string(&module)?;
        if !text.starts_with("// ") || text.lines().count() > MAX_LINES {
            let rule = "a module begins with a comment that says what it is for, and has at most 300 lines";
            return Err(format!("{}: {rule}", module.display()).into());
        }
        let (imports, rest): (Vec<_>, Vec<_>) = text.lines().partition(|line| line.starts_with("import "));
        for import in imports {
            self.import(&module, import)?;
        }
        for line in rest {
            self.line(&module, line)?;
        }
        Ok(())
    }

    fn import(&mut self, module: &Path, line: &str) -> Result<(), Box<dyn Error>> {
        let parts: Vec<_> = line.split('"').collect();
        let names = parts[0]
            .strip_prefix("import { ")
            .and_then(|names| names.strip_suffix(" } from "));
        let (Some(names), [_, from, ";"]) = (names.filter(|names| !names.contains(" as ")), &parts[..]) else {
            let rule = "an import stands on one line, is by name, and renames nothing";
            return Err(format!("{}: {rule}: {line}", module.display()).into());
        };
        if let Some((_, library)) = from.split_once("vendor/") {
            let used = self.libraries.entry(library.to_owned()).or_default();
            used.extend(names.split(", ").map(str::to_owned));
            return Ok(());
        }
        self.add(&module.with_file_name(from))
    }

    fn line(&mut self, module: &Path, line: &str) -> Result<(), Box<dyn Error>> {
        let code = line.strip_prefix("export ").unwrap_or(line);
        if let Some(name) = DECLARATIONS.iter().find_map(|keyword| code.strip_prefix(keyword)) {
            let end = name.find(|next: char| !next.is_alphanumeric() && next != '_');
            let name = &name[..end.unwrap_or(name.len())];
            if name.is_empty() || self.names.insert(name.to_owned(), module.to_owned()).is_some() {
                return Err(format!("{}: `{name}` is declared twice, or has no name", module.display()).into());
            }
        } else if code != line {
            return Err(format!("{}: what is exported is a declaration: {line}", module.display()).into());
        }
        self.text.push_str(code);
        self.text.push('\n');
        Ok(())
    }

    fn library_imports(&self) -> String {
        let names = |names: &BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(",");
        let import = |(library, used)| format!("import {{{}}} from \"./vendor/{library}\";\n", names(used));
        self.libraries.iter().map(import).collect()
    }
}
