//! Which account a person gets who comes from an identity provider (promise 10).

use serde_json::Value;
use url::Url;

use super::id_token::Claims;
use crate::models::sso::{Identity, ProviderKind, SsoConfig};
use crate::models::user::{Status, User, UserKind};
use crate::models::{DisplayName, Email};

/// Segments of Entra ID's issuers that stand for everybody's tenants; the last is the tenant of private accounts.
const SHARED_TENANTS: [&str; 4] = [
    "common",
    "organizations",
    "consumers",
    "9188040d-6c67-4c5b-b112-36a304b66dad",
];

/// A person as the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub identity: Identity,
    pub email: Email,
    pub name: DisplayName,
}

/// The account that a person gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// The one that is linked to the identity.
    Known(User),
    /// One without a password that has the same address: made for single sign-on, and linked now.
    Link(User),
    /// A new one, in this state.
    New(Status),
}

/// Why somebody is not let in. For the log, the audit trail and the preview of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the claim of the e-mail address is missing or holds none")]
    Email,
    #[error("the provider does not vouch for the e-mail address")]
    Unverified,
    #[error("the e-mail address is of a domain that is not allowed")]
    Domain,
    #[error("the account with this e-mail address has a password; an administrator can clear it")]
    HasPassword,
    #[error("the account with this e-mail address is linked to another identity; an administrator can forget it")]
    OtherIdentity,
}

/// True if `issuer` can be one of `provider`: at Azure, of one tenant, since others' administrators could vouch for
/// any address.
pub fn is_issuer_of(provider: ProviderKind, issuer: &Url) -> bool {
    let tenant = issuer
        .path_segments()
        .and_then(|mut segments| segments.next())
        .unwrap_or_default();
    provider == ProviderKind::GenericOidc
        || (!tenant.is_empty() && !SHARED_TENANTS.contains(&tenant.to_ascii_lowercase().as_str()))
}

/// Whom `claims` name, if the provider vouches for the address.
pub fn person(config: &SsoConfig, claims: &Claims) -> Result<Person, Refusal> {
    let text = |name: &str| claims.rest.get(name).and_then(Value::as_str);
    let email = text(&config.email_claim)
        .and_then(|email| Email::parse(email).ok())
        .ok_or(Refusal::Email)?;
    let folded = email.folded();
    let domain = folded.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
    let listed = config.allowed_domains.iter().any(|allowed| allowed == domain);
    if !is_verified(config.provider, claims, listed) {
        return Err(Refusal::Unverified);
    }
    if !listed && !config.allowed_domains.is_empty() {
        return Err(Refusal::Domain);
    }
    let own_name = text("name")
        .map(str::trim)
        .and_then(|name| DisplayName::parse(name).ok());
    let local_part = || {
        email
            .as_str()
            .split('@')
            .next()
            .and_then(|local| DisplayName::parse(local).ok())
    };
    let name = own_name.or_else(local_part).ok_or(Refusal::Email)?;
    let identity = Identity {
        issuer: claims.issuer.clone(),
        subject: claims.subject.clone(),
    };
    Ok(Person { identity, email, name })
}

/// `email_verified` must be the boolean true. Entra ID does not send it: there the tenant's own domains are believed,
/// unless it says outright that it does not vouch for the address.
fn is_verified(provider: ProviderKind, claims: &Claims, listed: bool) -> bool {
    let claim = |name: &str| claims.rest.get(name);
    let owned = claim("xms_edov")
        .is_none_or(|owned| matches!(owned, Value::Bool(true)) || *owned == 1 || *owned == "1" || *owned == "true");
    match (provider, claim("email_verified")) {
        (ProviderKind::GenericOidc, verified) => verified == Some(&Value::Bool(true)),
        (ProviderKind::Azure, Some(verified)) => owned && *verified == Value::Bool(true),
        (ProviderKind::Azure, None) => owned && listed,
    }
}

/// Which account `person` gets, given the account of the identity and that of the address.
pub fn account(config: &SsoConfig, by_identity: Option<User>, by_email: Option<User>) -> Result<Account, Refusal> {
    match (by_identity, by_email) {
        (Some(known), _) => Ok(Account::Known(known)),
        (None, Some(user)) if user.kind == UserKind::Service => Err(Refusal::OtherIdentity),
        (None, Some(user)) if user.password.is_set() => Err(Refusal::HasPassword),
        (None, Some(user)) if user.identity.is_some() => Err(Refusal::OtherIdentity),
        (None, Some(user)) => Ok(Account::Link(user)),
        (None, None) => Ok(Account::New(if config.auto_provision {
            Status::Active
        } else {
            Status::Pending
        })),
    }
}

/// True if Entra ID has left out the groups, since there are too many for a token. Nothing here reads groups; whoever
/// wonders about them finds it in the log.
pub fn has_group_overage(claims: &Claims) -> bool {
    let named = claims
        .rest
        .get("_claim_names")
        .and_then(|names| names.get("groups"))
        .is_some();
    named
        || claims
            .rest
            .get("hasgroups")
            .is_some_and(|groups| *groups == true || *groups == "true")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::models::user::{PasswordHash, Role};
    use crate::models::{PolicyName, UserId};

    fn config(provider: ProviderKind, domains: &[&str]) -> SsoConfig {
        SsoConfig {
            enabled: true,
            provider,
            issuer_url: "https://idp".into(),
            client_id: "us".into(),
            secret: None,
            retired_secret: None,
            secret_fingerprint: None,
            redirect_url: "https://gateway/api/v1/auth/sso/callback".into(),
            console_url: None,
            email_claim: "email".into(),
            scopes: vec![],
            auto_provision: false,
            default_policy: PolicyName::default(),
            allowed_domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    fn judge(provider: ProviderKind, domains: &[&str], rest: Value) -> Result<Email, Refusal> {
        let mut claims =
            json!({"iss": "https://idp", "sub": "s", "aud": "us", "exp": 0, "iat": 0, "email": "A@Corp.example"});
        claims
            .as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        person(&config(provider, domains), &serde_json::from_value(claims).unwrap()).map(|person| person.email)
    }

    #[test]
    fn p62_ha6_an_address_and_its_verification_come_from_one_source() {
        let claims = |rest: Value| -> Claims {
            let mut claims = json!({"iss": "https://idp", "sub": "s", "aud": "us", "exp": 0, "iat": 0});
            claims
                .as_object_mut()
                .unwrap()
                .extend(rest.as_object().unwrap().clone());
            serde_json::from_value(claims).unwrap()
        };
        let config = config(ProviderKind::GenericOidc, &[]);
        for (token, user_info, refusal) in [
            (
                json!({"email_verified": true}),
                json!({"email": "a@x.example"}),
                Some(Refusal::Unverified),
            ),
            (
                json!({"email_verified": true}),
                json!({"email": "a@x.example", "email_verified": false}),
                Some(Refusal::Unverified),
            ),
            (json!({}), json!({"email": "a@x.example", "email_verified": true}), None),
            (
                json!({"email_verified": false}),
                json!({"email": "a@x.example", "email_verified": true}),
                None,
            ),
            (
                json!({"email_verified": true}),
                json!({"email_verified": true}),
                Some(Refusal::Email),
            ),
        ] {
            let mut found = claims(token.clone());
            found.take_address_from(user_info.as_object().unwrap().clone(), "email");
            assert_eq!(person(&config, &found).err(), refusal, "{token} {user_info}");
        }
    }

    #[test]
    fn p10_only_a_verified_address_counts() {
        use ProviderKind::{Azure, GenericOidc as Oidc};
        use Refusal::{Domain, Email, Unverified};
        let (none, own, other) = (&[][..], &["corp.example"][..], &["other.example"][..]);
        let verified = |value: Value| json!({"email_verified": value});
        let edov = |value: Value| json!({"xms_edov": value});
        for (provider, domains, rest, refusal) in [
            (Oidc, none, verified(json!(true)), None),
            (Oidc, own, verified(json!(true)), None),
            (Oidc, none, json!({}), Some(Unverified)),
            (Oidc, own, json!({}), Some(Unverified)),
            (Oidc, none, verified(json!("true")), Some(Unverified)),
            (Oidc, none, verified(json!(false)), Some(Unverified)),
            (Oidc, other, verified(json!(true)), Some(Domain)),
            (Oidc, &["ple"], verified(json!(true)), Some(Domain)),
            (Oidc, none, json!({"email_verified": true, "email": null}), Some(Email)),
            (Azure, own, json!({}), None),
            (Azure, own, edov(json!(true)), None),
            (Azure, own, edov(json!("1")), None),
            (Azure, own, edov(json!(false)), Some(Unverified)),
            (Azure, own, edov(json!("0")), Some(Unverified)),
            (Azure, own, verified(json!(false)), Some(Unverified)),
            (
                Azure,
                own,
                json!({"email_verified": true, "xms_edov": false}),
                Some(Unverified),
            ),
            (Azure, none, json!({}), Some(Unverified)),
            (Azure, other, json!({}), Some(Unverified)),
            (Azure, none, verified(json!(true)), None),
        ] {
            let found = judge(provider, domains, rest.clone()).err();
            assert_eq!(found, refusal, "{provider:?} {domains:?} {rest}");
        }
    }

    #[test]
    fn groups_that_entra_id_has_left_out_are_noticed() {
        let noticed = |rest: Value| {
            let mut claims = json!({"iss": "https://idp", "sub": "s", "aud": "us", "exp": 0, "iat": 0});
            claims
                .as_object_mut()
                .unwrap()
                .extend(rest.as_object().unwrap().clone());
            has_group_overage(&serde_json::from_value(claims).unwrap())
        };
        assert!(noticed(
            json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph"}}})
        ));
        assert!(noticed(json!({"hasgroups": true})) && noticed(json!({"hasgroups": "true"})));
        assert!(
            !noticed(json!({"groups": ["a"]})) && !noticed(json!({"hasgroups": false, "_claim_names": {"x": "src1"}}))
        );
    }

    #[test]
    fn p10_azure_issuers_name_one_tenant() {
        let judge = |path: &str| {
            is_issuer_of(
                ProviderKind::Azure,
                &format!("https://login.microsoftonline.com{path}").parse().unwrap(),
            )
        };
        assert!(judge("/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"));
        for shared in [
            "/common/v2.0",
            "/organizations/v2.0",
            "/Consumers/v2.0",
            "/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
            "/",
            "",
        ] {
            assert!(!judge(shared), "{shared}");
        }
        assert!(is_issuer_of(
            ProviderKind::GenericOidc,
            &"https://accounts.example".parse().unwrap()
        ));
    }

    #[test]
    fn p10_an_account_is_found_by_identity_and_linked_only_when_it_was_made_for_it() {
        let user = |hash: bool, identity: Option<&str>| User {
            id: UserId::generate(),
            kind: UserKind::Person,
            email: Email::parse("a@corp.example").unwrap(),
            name: DisplayName::parse("A").unwrap(),
            role: Role::User,
            status: Status::Active,
            department: None,
            quota_policy: PolicyName::default(),
            password: hash.then(|| PasswordHash::new("x".into())).into(),
            identity: identity.map(|subject| Identity {
                issuer: "https://idp".into(),
                subject: subject.into(),
            }),
            session: 1,
            sign_in_epoch: 0,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        };
        let mut config = config(ProviderKind::GenericOidc, &[]);
        let (known, plain) = (user(true, Some("s")), user(false, None));
        assert_eq!(
            account(&config, Some(known.clone()), Some(plain.clone())),
            Ok(Account::Known(known))
        );
        assert_eq!(account(&config, None, Some(plain.clone())), Ok(Account::Link(plain)));
        assert_eq!(
            account(&config, None, Some(user(true, None))),
            Err(Refusal::HasPassword)
        );
        assert_eq!(
            account(&config, None, Some(user(false, Some("other")))),
            Err(Refusal::OtherIdentity)
        );
        assert_eq!(account(&config, None, None), Ok(Account::New(Status::Pending)));
        config.auto_provision = true;
        assert_eq!(account(&config, None, None), Ok(Account::New(Status::Active)));
    }
}
