//! The real binaries of this workspace, as `cargo build` makes them.
//!
//! `cargo test` builds a package's binaries for that package's own tests only, so the functions' are not there
//! when ours run. They are built here, once per run, with the settings of the run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The path of the binary called `name`, up to date.
pub fn binary(name: &str) -> PathBuf {
    executable(&built().join(name))
}

/// The path of the example called `name` of the tests' package, up to date.
pub fn example(name: &str) -> PathBuf {
    executable(&built().join("examples").join(name))
}

fn executable(path: &Path) -> PathBuf {
    assert!(
        path.is_file(),
        "{} was not built: is it a binary of this workspace?",
        path.display()
    );
    path.to_owned()
}

/// The folder `target/<profile>`, after everything in it was built.
fn built() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        // This test runs from target/<profile>/deps.
        let folder = std::env::current_exe()
            .unwrap()
            .parent()
            .unwrap()
            .parent()
            .unwrap()
            .to_owned();
        let profile = folder.file_name().unwrap().to_str().unwrap();
        let profile = if profile == "debug" { "dev" } else { profile };
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(crate::workspace());
        cargo.args([
            "build",
            "--quiet",
            "--workspace",
            "--bins",
            "--examples",
            "--locked",
            "--profile",
            profile,
        ]);
        assert!(
            cargo.status().unwrap().success(),
            "the workspace's binaries cannot be built"
        );
        folder
    })
}
