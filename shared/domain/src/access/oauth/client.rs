//! The programs that people sign in with: fixed, without registration, and without a secret, which no program on a
//! laptop could keep (RFC 8252 §8.4, §8.5).

use crate::access::sign_in::ClientId;

/// The fate of a refresh token when it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshing {
    /// It stays: Claude Code redeems one token in several processes at once, and a running one redeems the copy that it
    /// had at its start.
    Same,
    /// Another one takes its place.
    Rotating,
    /// There is none: the program cannot refresh, and its access token lives as long as the sign-in.
    Never,
}

/// The longest access token of a program that cannot refresh.
const LONGEST_SECONDS: i64 = 12 * 60 * 60;

/// The client of this `client_id`; without one it is Claude Code, which sends none.
pub fn named(client_id: Option<&str>) -> Option<ClientId> {
    match client_id {
        None | Some("claude-code") => Some(ClientId::ClaudeCode),
        Some("codex") => Some(ClientId::Codex),
        Some("tidegate") => Some(ClientId::Tidegate),
        Some("opencode") => Some(ClientId::Opencode),
        Some(_) => None,
    }
}

/// The program's name, for the person who is asked.
pub const fn title(client: ClientId) -> &'static str {
    match client {
        ClientId::ClaudeCode => "Claude Code",
        ClientId::Codex => "Codex",
        ClientId::Tidegate => "tidegate",
        ClientId::Opencode => "opencode",
        ClientId::Workload => "workload",
    }
}

/// True if the client may be sent a code.
pub const fn has_code_flow(client: ClientId) -> bool {
    matches!(client, ClientId::Codex | ClientId::Tidegate | ClientId::Opencode)
}

pub const fn refreshing(client: ClientId) -> Refreshing {
    match client {
        ClientId::ClaudeCode => Refreshing::Same,
        ClientId::Codex | ClientId::Tidegate => Refreshing::Rotating,
        ClientId::Opencode | ClientId::Workload => Refreshing::Never,
    }
}

/// Seconds that an access token of the client lives, in a sign-in of so many seconds.
pub fn token_seconds(client: ClientId, access_token_seconds: u32, sign_in_seconds: i64) -> i64 {
    match refreshing(client) {
        Refreshing::Never => sign_in_seconds.min(LONGEST_SECONDS),
        Refreshing::Same | Refreshing::Rotating => i64::from(access_token_seconds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t18_clients_are_fixed_and_each_refreshes_as_it_can() {
        for (id, client, code, refreshes) in [
            (None, ClientId::ClaudeCode, false, Refreshing::Same),
            (Some("claude-code"), ClientId::ClaudeCode, false, Refreshing::Same),
            (Some("codex"), ClientId::Codex, true, Refreshing::Rotating),
            (Some("tidegate"), ClientId::Tidegate, true, Refreshing::Rotating),
            (Some("opencode"), ClientId::Opencode, true, Refreshing::Never),
        ] {
            assert_eq!(named(id), Some(client));
            assert_eq!((has_code_flow(client), refreshing(client)), (code, refreshes), "{id:?}");
        }
        for other in ["", "Codex", "workload", "my-app"] {
            assert_eq!(named(Some(other)), None, "{other}");
        }
    }

    #[test]
    fn t14_a_token_that_cannot_be_refreshed_lives_as_long_as_its_sign_in_and_12_hours_at_most() {
        assert_eq!(token_seconds(ClientId::Codex, 3600, 86_400), 3600);
        assert_eq!(token_seconds(ClientId::Opencode, 3600, 7200), 7200);
        assert_eq!(token_seconds(ClientId::Opencode, 3600, 86_400), 43_200);
    }
}
