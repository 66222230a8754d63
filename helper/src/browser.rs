//! The browser of the person at this computer, if there is one.

use std::path::Path;
use std::process::{Command, Stdio};

use service::config::{Environment, Process};

/// A program that shows an address to the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Browser(String);

impl Browser {
    pub(crate) fn find() -> Option<Self> {
        Self::of(&Process, cfg!(target_os = "macos"))
    }

    /// The browser of this environment. A session from another computer has its browser there.
    fn of(environment: &impl Environment, is_mac: bool) -> Option<Self> {
        let set = |name| environment.get(name).filter(|value| !value.is_empty());
        if let Some(chosen) = set("BROWSER") {
            return Some(Self(chosen));
        }
        if set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some() {
            return None;
        }
        if is_mac {
            return Some(Self("open".to_owned()));
        }
        let has_screen = set("DISPLAY").is_some() || set("WAYLAND_DISPLAY").is_some();
        let opener = "xdg-open";
        (has_screen && is_on_path(&set("PATH")?, opener)).then(|| Self(opener.to_owned()))
    }

    /// Shows `url`; false if the program cannot be started, and the person has to open it.
    pub(crate) fn open(&self, url: &str) -> bool {
        Command::new(&self.0)
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .is_ok()
    }
}

/// True if one of the folders of `path` has the program.
pub(crate) fn is_on_path(path: &str, program: &str) -> bool {
    path.split(':').any(|folder| Path::new(folder).join(program).is_file())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Variables(HashMap<&'static str, String>);

    impl Environment for Variables {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).cloned()
        }
    }

    #[test]
    fn a_browser_is_where_a_screen_is() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("xdg-open"), "").unwrap();
        let path = format!("/no/such/folder:{}", folder.path().display());
        let found = |variables: &[(&'static str, &str)], is_mac| {
            let variables = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
            let variables = Variables(variables.collect());
            Browser::of(&variables, is_mac).map(|browser| browser.0)
        };
        let opener = Some("xdg-open".to_owned());
        assert_eq!(found(&[("PATH", &path), ("DISPLAY", ":0")], false), opener);
        assert_eq!(
            found(&[("PATH", &path), ("WAYLAND_DISPLAY", "wayland-0")], false),
            opener
        );
        assert_eq!(found(&[("PATH", &path)], false), None);
        assert_eq!(found(&[("PATH", "/no"), ("DISPLAY", ":0")], false), None);
        assert_eq!(
            found(&[("PATH", &path), ("DISPLAY", ":0"), ("SSH_TTY", "/dev/pts/1")], false),
            None
        );
        assert_eq!(found(&[], true), Some("open".to_owned()));
        assert_eq!(found(&[("SSH_CONNECTION", "x")], true), None);
        assert_eq!(
            found(&[("BROWSER", "firefox"), ("SSH_TTY", "x")], false),
            Some("firefox".to_owned())
        );
    }
}
