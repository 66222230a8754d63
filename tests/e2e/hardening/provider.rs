//! An identity provider that hangs: nobody waits longer than 3 s for it, and those who come next do not wait at all.

use std::time::{Duration, Instant};

use domain::clock::Clock;
use futures_util::future::join_all;
use harness::Gateway;
use harness::client::status;
use harness::identity_provider::{Begun, IdentityProvider, SigningKey};
use harness::provider::Reply;
use serde_json::json;

const LOGIN: &str = "/api/v1/auth/sso/login";
/// The three seconds, and some for a machine with much to do.
const PATIENCE: Duration = Duration::from_millis(4500);
const AT_ONCE: Duration = Duration::from_millis(1500);

async fn installation(clock: &Clock) -> (Gateway, IdentityProvider) {
    let gateway = Gateway::start_at(clock).await;
    let provider = IdentityProvider::start();
    provider.configure(&gateway, &json!({})).await;
    (gateway, provider)
}

#[tokio::test]
async fn p77_ha26_of_all_who_log_in_meanwhile_nobody_waits_for_a_silent_provider_in_turn() {
    let clock = Clock::fixed("2026-11-23T10:00:00Z".parse().unwrap());
    let (gateway, provider) = installation(&clock).await;
    provider.will(Reply::silence());
    let began = Instant::now();
    let logins = join_all((0..8).map(|_| status(gateway.anybody().get(LOGIN)))).await;
    assert!(logins.iter().all(|status| *status >= 400), "{logins:?}");
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    // It is not asked again, until a moment has passed.
    let began = Instant::now();
    assert!(status(gateway.anybody().get(LOGIN)).await >= 400);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!(provider.received().len(), 1);
    clock.advance(Duration::from_secs(3));
    provider.will_introduce_itself(&SigningKey::generate("one"));
    assert_eq!(status(gateway.anybody().get(LOGIN)).await, 302);
}

#[tokio::test]
async fn ha26_a_provider_that_hangs_at_the_redemption_is_remembered_too() {
    let clock = Clock::fixed("2026-11-23T10:00:00Z".parse().unwrap());
    let (gateway, provider) = installation(&clock).await;
    provider.will_introduce_itself(&SigningKey::generate("one"));
    let (first, second) = (Begun::at(&gateway).await, Begun::at(&gateway).await);
    provider.will(Reply::silence());
    let began = Instant::now();
    assert!(first.come_back(&gateway, "").await.status().as_u16() >= 400);
    assert!(began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    let asked = provider.received().len();
    let began = Instant::now();
    assert!(second.come_back(&gateway, "").await.status().as_u16() >= 400);
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!(provider.received().len(), asked);
    // Passwords go on.
    let anybody = gateway.anybody();
    let admin = anybody.signed_in(harness::ADMIN_EMAIL, harness::ADMIN_PASSWORD).await;
    assert_eq!(admin.profile().await["role"], "admin");
}
