//! Sign-ins: access tokens in the place of keys.

mod ending;
mod lists;
mod tokens;

use std::time::Duration;

use domain::access::access_token::MintedToken;
use domain::access::sign_in::{ClientId, How, LivingToken, SignIn};
use domain::access::sign_in_request::{Approval, Challenge, CodeGrant, RedirectUri};
use domain::models::UserId;
use domain::models::user::User;
use harness::Gateway;
use harness::client::Client;
use jiff::Timestamp;
use service::http::origin::Origin;
use service::store::{Redemption, Store, Ticket};

/// A program that `person` has signed in, for an hour, with a token for as long; and its sign-in.
async fn sign_in(gateway: &Gateway, person: &Client) -> (SignIn, Client) {
    let store = gateway.local().store().await.unwrap();
    let owner = UserId::parse(person.id().await).unwrap();
    let owner = store.user(&owner).await.unwrap().unwrap();
    let now = store.clock().now();
    let times = (now, now + Duration::from_hours(1));
    let sign_in = SignIn::new(
        (owner.id.clone(), owner.sign_in_epoch),
        ClientId::Codex,
        How::Code,
        times,
    );
    let token = MintedToken::generate();
    let with_token = sign_in.with_token(living(&token, sign_in.ends_at), now).unwrap();
    let entry = origin().audit(&owner.id, "sign_in.create", &sign_in.id, now);
    let code = sign_in.id.as_str();
    store.keep_code(code, &grant(&owner)).await.unwrap();
    let redeemed = store.redeem(Ticket::Code(code), &with_token, None, &entry).await;
    assert_eq!(redeemed.unwrap(), Redemption::Done);
    (with_token, gateway.anybody().with(&token.secret))
}

/// What `owner` has approved.
fn grant(owner: &User) -> CodeGrant {
    CodeGrant {
        client: ClientId::Codex,
        redirect_uri: RedirectUri::parse("http://127.0.0.1:1/callback").unwrap(),
        challenge: Challenge::parse(&"a".repeat(43)).unwrap(),
        approval: Approval {
            user: owner.id.clone(),
            epoch: owner.sign_in_epoch,
            address: None,
        },
        sign_in: None,
    }
}

/// Another token of a sign-in.
async fn refresh(store: &Store, sign_in: &SignIn, until: Timestamp) -> MintedToken {
    let token = MintedToken::generate();
    let known = store.sign_in(&sign_in.id).await.unwrap().unwrap();
    let after = known.with_token(living(&token, until), store.clock().now()).unwrap();
    let refreshed = store.refresh_sign_in(&after, None).await;
    assert_eq!(refreshed.unwrap(), Redemption::Done);
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
