//! Providers change their keys: logins go on, and forgeries make nobody read keys without end.

use std::time::Duration;

use domain::clock::Clock;
use harness::identity_provider::{Begun, SigningKey};
use serde_json::json;

use super::Installation;

/// How soon keys are read again.
const LIMIT: Duration = Duration::from_secs(10);

/// A login whose token `key` has signed: its answer's status, and how many questions the provider got after the browser
/// was back.
async fn log_in(
    installation: &Installation,
    key: &SigningKey,
    published: Option<&SigningKey>,
) -> (reqwest::Response, usize) {
    let begun = Begun::at(&installation.gateway).await;
    let asked = installation.provider.received().len();
    installation.provider.will_vouch(&begun, key, &installation.times());
    if let Some(published) = published {
        installation.provider.will_introduce_itself(published);
    }
    let response = begun.come_back(&installation.gateway, "").await;
    (response, installation.provider.received().len() - asked)
}

#[tokio::test]
async fn p9_a_login_with_a_new_key_of_the_provider_works_after_its_keys_are_read_once_more() {
    let installation = Installation::start_at(&Clock::fixed(Clock::system().now()), json!({})).await;
    let (response, questions) = log_in(&installation, &installation.key, None).await;
    assert_eq!(
        (response.status().as_u16(), questions),
        (200, 1),
        "its keys are known: the code is redeemed and no more"
    );
    // One with a name of its own, and one that took over the name.
    for new in [SigningKey::generate("two"), SigningKey::generate("two")] {
        installation.clock.advance(LIMIT);
        let (response, questions) = log_in(&installation, &new, Some(&new)).await;
        assert_eq!(
            (response.status().as_u16(), questions),
            (200, 3),
            "the code, the provider's document and its keys"
        );
        let (response, questions) = log_in(&installation, &new, None).await;
        assert_eq!(
            (response.status().as_u16(), questions),
            (200, 1),
            "the new key is known now"
        );
    }
}

#[tokio::test]
async fn p9_forgeries_do_not_make_the_keys_be_read_more_often_than_the_limit_allows() {
    let installation = Installation::start_at(&Clock::fixed(Clock::system().now()), json!({})).await;
    let forged = SigningKey::generate("two");
    for _ in 0..3 {
        let (response, questions) = log_in(&installation, &forged, None).await;
        installation.assert_refused(response, "does not publish").await;
        assert_eq!(questions, 1, "its keys were read a moment ago");
    }
    installation.clock.advance(LIMIT);
    for questions_allowed in [3, 1, 1] {
        let published = (questions_allowed == 3).then_some(&installation.key);
        let (response, questions) = log_in(&installation, &forged, published).await;
        installation.assert_refused(response, "does not publish").await;
        assert_eq!(questions, questions_allowed);
    }
    let (response, _) = log_in(&installation, &installation.key, None).await;
    assert_eq!(response.status(), 200, "forgeries end nobody's login");
}
