//! Sign-ins: access tokens in the place of keys.

mod ending;
mod lists;
mod tokens;

use std::time::Duration;

use domain::access::access_token::MintedToken;
use domain::access::sign_in::{ClientId, How, LivingToken, SignIn};
use domain::models::UserId;
use harness::Gateway;
use harness::client::Client;
use jiff::Timestamp;
use service::http::origin::Origin;
use service::store::{SignInCreation, Store};

/// A program that `person` has signed in, for an hour, with a token for as long; and its sign-in.
async fn sign_in(gateway: &Gateway, person: &Client) -> (SignIn, Client) {
    let store = gateway.local().store().await.unwrap();
    let owner = UserId::parse(person.id().await).unwrap();
    let owner = store.user(&owner).await.unwrap().unwrap();
    let now = store.clock().now();
    let sign_in = SignIn::new(
        &owner,
        ClientId::Codex,
        How::Device,
        (now, now + Duration::from_hours(1)),
    );
    let token = MintedToken::generate();
    let with_token = sign_in.with_token(living(&token, sign_in.ends_at), now).unwrap();
    let entry = origin().audit(&owner.id, "sign_in.create", &sign_in.id, now);
    let created = store.create_sign_in(&with_token, None, &entry).await.unwrap();
    assert_eq!(created, SignInCreation::Done);
    (with_token, gateway.anybody().with(&token.secret))
}

/// Another token of a sign-in.
async fn refresh(store: &Store, sign_in: &SignIn, until: Timestamp) -> MintedToken {
    let token = MintedToken::generate();
    let added = store.add_access_token(&sign_in.id, living(&token, until)).await;
    assert_eq!(added.unwrap(), service::store::TokenAddition::Done);
    token
}

fn living(token: &MintedToken, expires_at: Timestamp) -> LivingToken {
    LivingToken {
        digest: token.digest,
        expires_at,
    }
}

fn origin() -> Origin {
    Origin {
        request_id: domain::models::RequestId::generate(),
        address: None,
    }
}
