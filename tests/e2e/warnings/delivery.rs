//! Deliveries of alerts to a scripted receiver, who checks their signatures and fails some times (promise 97).

use std::time::Duration;

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::clock::Clock;
use harness::Gateway;
use harness::provider::{Provider, Received, Reply, openai};
use local::{Options, Storage};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::alerts::{Scene, ask};

const SECRET: &str = "a signing secret";

/// As a receiver computes it.
fn signed(key: &str, text: &str) -> String {
    let key = hmac::Key::new(HMAC_SHA256, key.as_bytes());
    BASE64.encode(hmac::sign(&key, text.as_bytes()))
}

/// The id of a delivery whose signature is right.
fn checked(delivery: &Received) -> String {
    let [id, time, signature] =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map(|name| delivery.header(name).to_owned());
    let body = std::str::from_utf8(&delivery.body).unwrap();
    assert_eq!(
        signature,
        format!("v1,{}", signed(SECRET, &format!("{id}.{time}.{body}")))
    );
    id
}

impl Scene {
    /// All alerts go to `receiver`, signed, in this format.
    async fn tell(&self, receiver: &Provider, format: &str) {
        let webhook = format!("{}/hook?token=t", receiver.base_url());
        let alerts = json!({"alerts": {"webhook": webhook, "format": format, "at": [30]}, "alerts_secret": SECRET});
        let settings = self.admin().change("/api/v1/admin/settings", &alerts).await;
        assert_eq!(settings["has_alerts_secret"], true);
        assert!(!settings.to_string().contains(SECRET), "{settings}");
    }

    /// Runs what the schedule runs, so long later.
    async fn later(&self, pause: Duration) {
        self.clock.advance(pause);
        self.gateway.local().deliver_alerts().await.unwrap();
    }

    async fn alert(&self) -> Value {
        self.alerts().await[0].take()
    }
}

#[tokio::test]
async fn p97_an_alert_is_delivered_once_it_is_taken_and_always_under_its_id() {
    let scene = Scene::start().await;
    let receiver = Provider::start();
    scene.tell(&receiver, "json").await;
    ask(&scene.program(json!({})).await, 3).await;
    let trouble = [
        (Reply::error(500, &json!({})), "status 500"),
        (Reply::redirect("http://127.0.0.1:1/"), "status 307"),
        (Reply::raw("").reset(), "connect"),
    ];
    let mut pause = Duration::ZERO;
    for (number, (reply, failure)) in trouble.into_iter().enumerate() {
        receiver.will(reply);
        scene.later(pause).await;
        let alert = scene.alert().await;
        assert_eq!(
            (&alert["attempts"], &alert["sent_at"]),
            (&json!(number + 1), &Value::Null),
            "{alert}"
        );
        if number != 1 {
            assert_eq!(alert["failure"], failure, "{alert}");
        }
        // Not before the pause is over: the receiver has no reply.
        scene.later(Duration::from_secs(29)).await;
        pause = Duration::from_mins(4);
    }
    receiver.will(Reply::json(&json!({})));
    scene.later(pause).await;
    let alert = scene.alert().await;
    assert!(alert["sent_at"].is_string() && alert["failure"].is_null(), "{alert}");
    scene.later(Duration::from_hours(2)).await;
    check_deliveries(&receiver.received(), &alert);
}

/// All four are signed, of one id, and to the whole address.
fn check_deliveries(deliveries: &[Received], alert: &Value) {
    assert_eq!(deliveries.len(), 4);
    for delivery in deliveries {
        assert_eq!(json!(checked(delivery)), alert["id"]);
        assert_eq!(delivery.path, "/hook?token=t");
    }
    let body = deliveries[3].json();
    let told = [&body["type"], &body["percent"], &body["id"]];
    assert_eq!(told, [&json!("budget.alert"), &json!(30), &alert["id"]]);
}

#[tokio::test]
async fn p97_after_a_day_an_alert_is_given_up() {
    let scene = Scene::start().await;
    let receiver = Provider::always(Reply::error(503, &json!({})));
    scene.tell(&receiver, "json").await;
    ask(&scene.program(json!({})).await, 3).await;
    for _ in 0..30 {
        scene.later(Duration::from_hours(1)).await;
    }
    let alert = scene.alert().await;
    assert_eq!(
        (&alert["failure"], &alert["sent_at"]),
        (&json!("status 503"), &Value::Null),
        "{alert}"
    );
    let tries = receiver.received().len();
    assert_eq!((tries, &alert["attempts"]), (24, &json!(24)), "each hour of a day");
}

#[tokio::test]
async fn p97_an_address_that_is_mended_gets_what_waits() {
    let scene = Scene::start().await;
    let (wrong, right) = (
        Provider::always(Reply::error(404, &json!({}))),
        Provider::always(Reply::json(&json!({}))),
    );
    scene.tell(&wrong, "json").await;
    ask(&scene.program(json!({})).await, 3).await;
    scene.later(Duration::ZERO).await;
    scene.tell(&right, "slack").await;
    scene.later(Duration::from_mins(1)).await;
    assert_eq!((wrong.received().len(), right.received().len()), (1, 1));
    let text = right.received()[0].json()["text"].clone();
    assert!(
        text.as_str().unwrap().contains("has come to 30% of requests/day"),
        "{text}"
    );
}

#[tokio::test]
async fn p97_bots_are_believed_by_their_code_and_get_their_signature() {
    let scene = Scene::start().await;
    let receiver = Provider::start();
    scene.tell(&receiver, "dingtalk").await;
    ask(&scene.program(json!({})).await, 3).await;
    receiver.will(Reply::json(&json!({"errcode": 310_000, "errmsg": "sign not match"})));
    scene.later(Duration::ZERO).await;
    assert_eq!(scene.alert().await["failure"], "code 310000");
    receiver.will(Reply::json(&json!({"errcode": 0, "errmsg": "ok"})));
    scene.later(Duration::from_mins(1)).await;
    assert!(scene.alert().await["sent_at"].is_string());
    let delivery = &receiver.received()[1];
    let milliseconds = scene.clock.now().as_millisecond();
    let sign = signed(SECRET, &format!("{milliseconds}\n{SECRET}"));
    let query = url::Url::parse(&format!("http://a{}", delivery.path)).unwrap();
    let query: Vec<(String, String)> = query.query_pairs().into_owned().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        query,
        [
            pair("token", "t"),
            pair("timestamp", &milliseconds.to_string()),
            pair("sign", &sign)
        ]
    );
    assert!(delivery.json()["text"]["content"].as_str().unwrap().contains("30%"));
}

#[tokio::test]
async fn p97_the_signing_secret_goes_in_and_never_out() {
    let scene = Scene::start().await;
    let receiver = Provider::always(Reply::json(&json!({})));
    scene.tell(&receiver, "json").await;
    for path in ["settings", "export", "audit"] {
        let answer = scene
            .admin()
            .get(&format!("/api/v1/admin/{path}"))
            .send()
            .await
            .unwrap();
        let text = answer.text().await.unwrap();
        assert!(text.contains("alerts") && !text.contains(SECRET), "{path}: {text}");
    }
    let gone = json!({"alerts_secret": null});
    let settings = scene.admin().change("/api/v1/admin/settings", &gone).await;
    assert_eq!(settings["has_alerts_secret"], false);
    ask(&scene.program(json!({})).await, 3).await;
    scene.later(Duration::ZERO).await;
    let deliveries = receiver.received();
    assert_eq!((deliveries.len(), deliveries[0].header("webhook-signature")), (1, ""));
}

#[tokio::test]
async fn p97_a_process_that_comes_back_delivers_what_was_due() {
    let folder = TempDir::new().unwrap();
    let clock = Clock::fixed("2026-11-27T10:00:00Z".parse().unwrap());
    let start = || {
        Gateway::start_with(|options| Options {
            clock: clock.clone(),
            storage: Storage::Folder(folder.path().to_owned()),
            ..options
        })
    };
    let (provider, receiver) = (
        Provider::always(Reply::json(&openai::completion("Hello"))),
        Provider::always(Reply::json(&json!({}))),
    );
    let gateway = start().await.with_model("m", &provider).await;
    let alerts = json!({"alerts": {"webhook": receiver.base_url(), "at": [30]}, "alerts_secret": SECRET});
    gateway.admin().change("/api/v1/admin/settings", &alerts).await;
    gateway
        .admin()
        .create_policy("team", &json!({"request_quota_daily": 10}))
        .await;
    ask(&gateway.admin().create_program_under("team").await, 3).await;
    gateway.shutdown().await;
    assert!(receiver.received().is_empty());

    let gateway = start().await;
    gateway.local().deliver_alerts().await.unwrap();
    gateway.local().deliver_alerts().await.unwrap();
    assert_eq!(receiver.received().len(), 1);
    checked(&receiver.received()[0]);
}
