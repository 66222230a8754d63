//! Tokens of an application of Entra
//! (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).

use domain::models::auth::{AzureEntra, EntraScope};
use domain::secret::Secret;

use super::exchange::{ExchangeError, TokenRequest};

/// The audience of another cloud's tokens that an application of Entra trusts.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The proof of who asks for the application's token.
pub(super) enum Shown<'a> {
    Secret(&'a Secret),
    /// A token of AWS for [`AUDIENCE`].
    Assertion(&'a Secret),
}

pub(super) fn request(
    authority: &str,
    application: &AzureEntra,
    shown: &Shown<'_>,
) -> Result<TokenRequest, ExchangeError> {
    let url = format!(
        "{}/{}/oauth2/v2.0/token",
        authority.trim_end_matches('/'),
        application.tenant_id.as_str()
    );
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", application.client_id.as_str()),
        (
            "scope",
            application
                .scope
                .as_ref()
                .map_or(EntraScope::MODELS, EntraScope::as_str),
        ),
    ];
    match shown {
        Shown::Secret(secret) => form.push(("client_secret", secret.expose())),
        Shown::Assertion(token) => form.extend([
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", token.expose()),
        ]),
    }
    TokenRequest::form(&url, &form)
}

#[cfg(test)]
mod tests {
    use domain::models::auth::Auth;

    use super::*;

    fn application(scope: &str) -> AzureEntra {
        let entry = format!(
            r#"{{"type":"azure_entra","tenant_id":"contoso","client_id":"app","credential":"client_secret"{scope}}}"#
        );
        match serde_json::from_str(&entry).unwrap() {
            Auth::AzureEntra(application) => application,
            other => panic!("{other:?}"),
        }
    }

    fn asked(scope: &str, shown: &Shown<'_>) -> (String, String) {
        let request = request("https://login.example/", &application(scope), shown).unwrap();
        (
            request.url.to_string(),
            String::from_utf8(request.body.to_vec()).unwrap(),
        )
    }

    #[test]
    fn the_request_is_that_of_the_client_credentials_flow() {
        let secret = Secret::from("s&t");
        assert_eq!(
            asked("", &Shown::Secret(&secret)),
            (
                "https://login.example/contoso/oauth2/v2.0/token".to_owned(),
                "grant_type=client_credentials&client_id=app&scope=https%3A%2F%2Fai.azure.com%2F.default\
                 &client_secret=s%26t"
                    .to_owned()
            )
        );
        let token = Secret::from("a.b.c");
        let (_, body) = asked(r#","scope":"api://mine/.default""#, &Shown::Assertion(&token));
        assert_eq!(
            body,
            "grant_type=client_credentials&client_id=app&scope=api%3A%2F%2Fmine%2F.default\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer\
             &client_assertion=a.b.c"
        );
    }
}
