//! Claude Code: `apiKeyHelper` runs `tidegate token`, and keeps what it prints for five minutes.

use std::path::Path;

use super::draft::{Draft, read};
use super::members::Members;
use crate::error::HelperError;
use crate::gateway::GatewayUrl;

const FILE: &str = "settings.json";

/// The settings below `folder`, with the gateway and the helper, which is called by `program`.
pub(super) fn draft(folder: &Path, gateway: &GatewayUrl, program: &str) -> Result<Draft, HelperError> {
    let path = folder.join(FILE);
    let before = read(&path)?;
    let wrong = |error: serde_json::Error| HelperError::Content {
        path: path.clone(),
        reason: format!("line {}", error.line()),
    };
    let mut settings = Members::parse(&before).map_err(wrong)?;
    let mut shown = Members::default();
    change(&mut settings, gateway, program).map_err(wrong)?;
    change(&mut shown, gateway, program).map_err(wrong)?;
    Ok(Draft {
        shown: shown.text(0),
        content: format!("{}\n", settings.text(0)),
        path,
    })
}

fn change(settings: &mut Members, gateway: &GatewayUrl, program: &str) -> Result<(), serde_json::Error> {
    settings.set_text("apiKeyHelper", &format!("{program} token --gateway {gateway}"))?;
    let mut variables = Members::parse(settings.get("env").unwrap_or_default())?;
    variables.set_text("ANTHROPIC_BASE_URL", gateway.as_str())?;
    settings.set("env", variables.text(1))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn settings_of_ones_own_stay_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let gateway: GatewayUrl = "https://gateway.example".parse().unwrap();
        let written = |program: &str| draft(folder.path(), &gateway, program).unwrap().content;
        let new = written("tidegate");
        assert_eq!(
            new,
            "{\n  \"apiKeyHelper\": \"tidegate token --gateway https://gateway.example\",\n  \"env\": {\n    \
             \"ANTHROPIC_BASE_URL\": \"https://gateway.example\"\n  }\n}\n"
        );
        let own = "{\n  \"zeta\": [1,  2],\n  \"env\": {\"A\": \"b\"},\n  \"alpha\": 1e3\n}\n";
        fs::write(folder.path().join(FILE), own).unwrap();
        let changed = written("tidegate");
        assert!(
            changed.starts_with("{\n  \"zeta\": [1,  2],\n  \"env\": {\n    \"A\": \"b\",\n"),
            "{changed}"
        );
        assert!(changed.contains("\"alpha\": 1e3,\n  \"apiKeyHelper\""), "{changed}");
        fs::write(folder.path().join(FILE), &changed).unwrap();
        assert_eq!(written("tidegate"), changed, "a second time changes nothing");
        for wrong in ["[]", "{", "{\"env\": []}"] {
            fs::write(folder.path().join(FILE), wrong).unwrap();
            assert!(draft(folder.path(), &gateway, "tidegate").is_err(), "{wrong}");
        }
    }
}
