//! A login in the browser of this computer (RFC 8252, RFC 7636).

use std::time::Duration;

use domain::access::digest::sha256_base64url;
use domain::access::sign_in::ClientId;
use domain::random::base62;
use tokio::time::timeout;
use url::Url;

use crate::browser::Browser;
use crate::callback::{Callback, Returned};
use crate::error::HelperError;
use crate::grants::{Answer, Tokens, redeem};
use crate::http::Http;
use crate::metadata::Metadata;
use crate::terminal;

/// As long as the gateway waits for a decision.
const PATIENCE: Duration = Duration::from_mins(10);

pub(crate) async fn run(
    http: &Http,
    metadata: &Metadata,
    client: ClientId,
    browser: &Browser,
) -> Result<Tokens, HelperError> {
    let callback = Callback::listen().await?;
    // 256 bits; a verifier has 43 to 128 characters.
    let (state, verifier) = (base62(43), base62(64));
    let redirect_uri = callback.redirect_uri();
    let url = address(metadata, client, &redirect_uri, &state, &verifier)?;
    let opened = browser.open(&url);
    terminal::tell_address(&url, opened);
    let returned = timeout(PATIENCE, callback.returned(&state, &metadata.issuer)).await;
    let code = match returned.map_err(|_| HelperError::TooLate)?? {
        Returned::Code(code) => code,
        Returned::Error(error) => return Err(refused(metadata, &error)),
    };
    let grant = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &redirect_uri),
        ("code_verifier", &verifier),
    ];
    match redeem(http, &metadata.token_endpoint, client, &grant).await? {
        Answer::Tokens(tokens) => Ok(tokens),
        Answer::Refused(error) => Err(refused(metadata, &error)),
    }
}

/// The address that the browser is sent to.
fn address(
    metadata: &Metadata,
    client: ClientId,
    redirect_uri: &str,
    state: &str,
    verifier: &str,
) -> Result<String, HelperError> {
    let parameters = [
        ("response_type", "code"),
        ("client_id", client.as_str()),
        ("redirect_uri", redirect_uri),
        ("state", state),
        ("code_challenge", &sha256_base64url(verifier)),
        ("code_challenge_method", "S256"),
    ];
    Url::parse_with_params(&metadata.authorization_endpoint, parameters)
        .map(String::from)
        .map_err(|_| HelperError::Mistaken {
            gateway: metadata.issuer.clone(),
            reason: "its authorization endpoint is no address",
        })
}

fn refused(metadata: &Metadata, error: &str) -> HelperError {
    match error {
        "access_denied" => HelperError::Denied,
        other => HelperError::Refused {
            gateway: metadata.issuer.clone(),
            status: 400,
            reason: other.to_owned(),
        },
    }
}
