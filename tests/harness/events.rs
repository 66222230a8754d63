//! The events of `events/`: what API Gateway and the scheduler send to the functions, one file a case.

use std::fs;

use serde_json::Value;

use crate::workspace;

/// One file of `events/`.
#[derive(Clone, Debug)]
pub struct Event {
    /// The folder: the function that gets it.
    pub function: String,
    /// The file's name without its extension.
    pub name: String,
    text: String,
}

impl Event {
    /// The event called `function/name`.
    pub fn named(path: &str) -> Self {
        let (function, name) = path.split_once('/').expect("an event's name is function/name");
        let file = workspace().join("events").join(format!("{path}.json"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self { function: function.to_owned(), name: name.to_owned(), text }
    }

    /// All events, in the order of their names.
    pub fn all() -> Vec<Self> {
        let mut names = Vec::new();
        for folder in fs::read_dir(workspace().join("events")).unwrap().map(|folder| folder.unwrap().path()) {
            for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
                let name = |path: &std::path::Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
                names.push(format!("{}/{}", name(&folder), name(&file)));
            }
        }
        names.sort();
        names.iter().map(|name| Self::named(name)).collect()
    }

    /// The event as it stands in its file.
    pub fn unfilled(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The event with each `{{NAME}}` replaced by its value.
    pub fn filled(&self, values: &[(&str, &str)]) -> Value {
        let text = values.iter().fold(self.text.clone(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value));
        assert!(!text.contains("{{"), "{}/{} needs a value that is not there: {text}", self.function, self.name);
        serde_json::from_str(&text).unwrap()
    }
}
