//! opencode: `opencode auth login URL` reads `/.well-known/opencode` and keeps the token that the helper prints.

use std::process::Command;

use crate::error::HelperError;
use crate::gateway::GatewayUrl;
use crate::terminal;

const PROGRAM: &str = "opencode";

/// Runs opencode's own login, which takes the token of `tidegate login --client opencode`.
pub(super) fn run(gateway: &GatewayUrl, yes: bool) -> Result<(), HelperError> {
    let arguments = ["auth", "login", gateway.as_str()];
    terminal::show("This is run:", &format!("{PROGRAM} {}", arguments.join(" ")));
    if !(yes || terminal::confirms()) {
        return Err(HelperError::NotConfirmed);
    }
    let failed = |reason: String| HelperError::Program {
        program: PROGRAM,
        reason,
    };
    let status = Command::new(PROGRAM).args(arguments).status();
    let status = status.map_err(|error| failed(error.to_string()))?;
    if status.success() {
        Ok(())
    } else {
        Err(failed(status.to_string()))
    }
}
