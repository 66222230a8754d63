//! AWS's token service, which knows [`AWS_KEY`].

use std::collections::HashMap;

use crate::bedrock::{AWS_KEY, ROLE_KEY, check};
use crate::provider::{Provider, Received, Reply};

/// The role that may be assumed, and the external id that must be said.
pub const ROLE: (&str, &str) = ("arn:aws:iam::123456789012:role/models", "tidegate/1");

/// The members of a form.
pub fn form(request: &Received) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

/// The token that shows the role to `audience`.
pub fn token_for(audience: &str) -> String {
    let plain = |character: char| {
        if character.is_ascii_alphanumeric() {
            character
        } else {
            '-'
        }
    };
    format!("head.{}.signature", audience.chars().map(plain).collect::<String>())
}

/// A token service.
pub fn start() -> Provider {
    Provider::answering(|request| {
        let asked = form(request);
        let said = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
        let role = (said("RoleArn"), said("ExternalId"));
        match (check(request, &AWS_KEY), said("Action")) {
            (Ok(()), "GetWebIdentityToken") => {
                let token = token_for(said("Audience.member.1"));
                xml(200, &format!("<WebIdentityToken>{token}</WebIdentityToken>"))
            }
            (Ok(()), "AssumeRole") if role == ROLE => xml(
                200,
                &format!(
                    "<Credentials><AccessKeyId>{}</AccessKeyId><SecretAccessKey>{}</SecretAccessKey>\
                     <SessionToken>{}</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>",
                    ROLE_KEY.id, ROLE_KEY.secret, ROLE_KEY.session
                ),
            ),
            _ => xml(403, "<Code>AccessDenied</Code>"),
        }
    })
}

fn xml(status: u16, inner: &str) -> Reply {
    Reply::new(status, "text/xml", format!("<Response>{inner}</Response>"))
}
