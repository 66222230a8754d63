//! Tools that the vendor has defined and the client runs: they come without a schema, so here it is (TO4).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::json::{Json, json_string};

use crate::error::RequestError;

pub(super) struct Builtin {
    type_prefix: &'static str,
    description: &'static str,
    parameters: &'static str,
}

const BUILTINS: [Builtin; 3] = [
    Builtin {
        type_prefix: "bash_",
        description: "Runs a command in a bash session that lasts over calls. `restart` starts a new session.",
        parameters: r#"{"type":"object","properties":{"command":{"type":"string","description":"The command to run. Required unless the session is restarted."},"restart":{"type":"boolean","description":"True to start a new session instead."}}}"#,
    },
    Builtin {
        type_prefix: "text_editor_",
        description: "Views, creates and edits text files. `view` shows a file (or `view_range` of it) or lists a directory; `create` writes a file; `str_replace` replaces text that occurs exactly once; `insert` adds text after a line.",
        parameters: r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert"],"description":"What to do."},"path":{"type":"string","description":"The file or directory."},"file_text":{"type":"string","description":"For `create`: the content of the new file."},"old_str":{"type":"string","description":"For `str_replace`: the text to replace, which must occur exactly once."},"new_str":{"type":"string","description":"For `str_replace`: the text in its place."},"insert_line":{"type":"integer","description":"For `insert`: the line after which to insert, 0 for the beginning."},"insert_text":{"type":"string","description":"For `insert`: the text to insert."},"view_range":{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":2,"description":"For `view`: first and last line, -1 for the end."}},"required":["command","path"]}"#,
    },
    Builtin {
        type_prefix: "memory_",
        description: "Keeps notes over conversations as files under /memories: `view`, `create`, `str_replace`, `insert`, `delete`, `rename`.",
        parameters: r#"{"type":"object","properties":{"command":{"type":"string","enum":["view","create","str_replace","insert","delete","rename"],"description":"What to do."},"path":{"type":"string","description":"The file or directory, for all commands but `rename`."},"view_range":{"type":"array","items":{"type":"integer"},"minItems":2,"maxItems":2,"description":"For `view`: first and last line."},"file_text":{"type":"string","description":"For `create`: the content of the new file."},"old_str":{"type":"string","description":"For `str_replace`: the text to replace."},"new_str":{"type":"string","description":"For `str_replace`: the text in its place."},"insert_line":{"type":"integer","description":"For `insert`: the line after which to insert."},"insert_text":{"type":"string","description":"For `insert`: the text to insert."},"old_path":{"type":"string","description":"For `rename`: the present path."},"new_path":{"type":"string","description":"For `rename`: the new path."}},"required":["command"]}"#,
    },
];

/// The tool of a dated type such as `bash_20250124`.
pub(super) fn find(kind: &str) -> Option<&'static Builtin> {
    const { &BUILTINS }.iter().find(|builtin| {
        let date = kind.strip_prefix(builtin.type_prefix);
        date.is_some_and(|date| !date.is_empty() && date.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

impl Builtin {
    pub(super) fn description<'a>(&self) -> Result<Json<'a>, RequestError> {
        json_string(self.description)
    }

    pub(super) fn parameters<'a>(&'static self) -> Result<Json<'a>, RequestError> {
        Ok(Cow::Borrowed(serde_json::from_str::<&RawValue>(self.parameters)?))
    }
}
