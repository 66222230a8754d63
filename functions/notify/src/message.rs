//! The body of a delivery, in the shape of its receiver. The bots of Feishu, `DingTalk` and `WeCom` speak Chinese.

use domain::access::webhook::feishu_sign;
use domain::models::alert::Alert;
use domain::models::notify::WebhookFormat;
use serde_json::{Value, json};

/// The body of a delivery; `signed` are the secret and the time in seconds since 1970, where there is a secret.
pub(crate) fn body(format: WebhookFormat, alert: &Alert, signed: Option<(&str, i64)>) -> Vec<u8> {
    let message = match format {
        WebhookFormat::Json => whole(alert),
        WebhookFormat::Slack => json!({"text": english(alert)}),
        WebhookFormat::Feishu => {
            let mut message = json!({"msg_type": "text", "content": {"text": chinese(alert)}});
            if let Some((secret, seconds)) = signed {
                message["timestamp"] = seconds.to_string().into();
                message["sign"] = feishu_sign(secret, seconds).into();
            }
            message
        }
        WebhookFormat::DingTalk | WebhookFormat::WeCom => {
            json!({"msgtype": "text", "text": {"content": chinese(alert)}})
        }
    };
    message.to_string().into_bytes()
}

/// The alert with all its members, and a text for people.
fn whole(alert: &Alert) -> Value {
    let mut message = alert.shown();
    message["type"] = "budget.alert".into();
    message["text"] = english(alert).into();
    message
}

fn english(alert: &Alert) -> String {
    let (used, amount, unit) = alert.amounts();
    let key = alert.key.as_ref();
    let key = key
        .map(|key| format!(", key {} ({}…)", key.name, key.prefix))
        .unwrap_or_default();
    let shadow = if alert.is_enforced {
        ""
    } else {
        " (shadow mode: nothing is refused)"
    };
    let reset = alert
        .resets_at
        .map(|at| format!("; resets at {at}"))
        .unwrap_or_default();
    format!(
        "{} ({}){key} has come to {}% of {}: {used} of {amount} {unit} used and reserved{reset}{shadow}",
        alert.user_name, alert.user_email, alert.percent, alert.limit
    )
}

fn chinese(alert: &Alert) -> String {
    let (used, amount, unit) = alert.amounts();
    let unit = match unit {
        "USD" => "美元",
        "tokens" => "个 token",
        _ => "次请求",
    };
    let key = alert.key.as_ref();
    let key = key
        .map(|key| format!("的密钥 {}（{}…）", key.name, key.prefix))
        .unwrap_or_default();
    let shadow = if alert.is_enforced {
        ""
    } else {
        "（影子模式，不会拒绝请求）"
    };
    let reset = alert.resets_at.map(|at| format!("，{at} 重置")).unwrap_or_default();
    format!(
        "{}（{}）{key}已达到 {} 的 {}%：已用及预留 {used}，上限 {amount} {unit}{reset}{shadow}",
        alert.user_name, alert.user_email, alert.limit, alert.percent
    )
}

#[cfg(test)]
mod tests {
    use domain::models::alert::AlertedKey;
    use domain::models::{DisplayName, KeyId};

    use super::*;

    fn parsed(format: WebhookFormat, alert: &Alert, signed: Option<(&str, i64)>) -> Value {
        serde_json::from_slice(&body(format, alert, signed)).unwrap()
    }

    #[test]
    fn p97_plain_json_has_all_members_and_a_text() {
        let message = parsed(WebhookFormat::Json, &Alert::fixture(), None);
        assert_eq!(
            (&message["type"], &message["percent"]),
            (&json!("budget.alert"), &json!(80))
        );
        assert_eq!((&message["used"], &message["amount"]), (&json!(4.01), &json!(5.0)));
        assert_eq!(
            message["text"],
            "Ann (ann@example.com) has come to 80% of cost/month: 4.01 of 5 USD used and reserved; \
             resets at 2026-12-01T00:00:00Z"
        );
    }

    #[test]
    fn p97_slack_and_the_bots_of_three_vendors_get_their_shapes() {
        let alert = Alert {
            key: Some(AlertedKey {
                id: KeyId::parse("k").unwrap(),
                name: DisplayName::parse("laptop").unwrap(),
                prefix: "sk-ab".to_owned(),
            }),
            is_enforced: false,
            resets_at: None,
            ..Alert::fixture()
        };
        let slack = parsed(WebhookFormat::Slack, &alert, None);
        let english = slack["text"].as_str().unwrap();
        assert!(
            english.contains("Ann (ann@example.com), key laptop (sk-ab…) has come to 80%"),
            "{english}"
        );
        assert!(english.ends_with("(shadow mode: nothing is refused)"), "{english}");
        let feishu = parsed(WebhookFormat::Feishu, &alert, Some(("secret", 1_599_360_473)));
        let chinese = feishu["content"]["text"].clone();
        assert_eq!(feishu["sign"], "q4jswNiMy51J5JuQV566yJat0/lQ/c+22kINzUgKsGU=");
        assert_eq!(
            chinese,
            "Ann（ann@example.com）的密钥 laptop（sk-ab…）已达到 cost/month 的 80%：已用及预留 4.01，上限 5 美元（影子模式，不会拒绝请求）"
        );
        for format in [WebhookFormat::DingTalk, WebhookFormat::WeCom] {
            let expected = json!({"msgtype": "text", "text": {"content": chinese}});
            assert_eq!(parsed(format, &alert, None), expected);
        }
    }
}
