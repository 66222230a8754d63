//! Whom alerts are for and when they are made: of the whole gateway in its settings, of one policy's people in the
//! policy.

use serde::{Deserialize, Serialize};
use url::Url;

/// The most percents of one list.
const MAX_PERCENTS: usize = 10;

/// The alerts of a policy's people, or of all whose policy says nothing. What a policy says stands in the place of what
/// the settings say; without a webhook of its own it uses theirs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    #[serde(default)]
    pub at: Percents,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    #[serde(default)]
    pub format: WebhookFormat,
}

impl Notify {
    /// The same as the audit trail tells it: of the webhook its origin alone, since what follows may be a token.
    #[must_use]
    pub fn told(&self) -> Self {
        let origin = |webhook: &String| Url::parse(webhook).ok().map(|url| url.origin().ascii_serialization());
        Self {
            webhook: self.webhook.as_ref().and_then(origin),
            ..self.clone()
        }
    }
}

/// The percents of a limit at which alerts are made, in ascending order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct Percents(Vec<u64>);

/// The shape of what a webhook gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WebhookFormat {
    /// The alert with all its members.
    #[default]
    Json,
    Slack,
    /// Also Lark.
    Feishu,
    DingTalk,
    WeCom,
}

impl Default for Percents {
    fn default() -> Self {
        Self([50, 80, 90, 100].into())
    }
}

impl Percents {
    /// The highest of the percents that `used` of `value` has come to.
    pub fn reached(&self, used: u64, value: u64) -> Option<u64> {
        let has_come_to = |percent: &&u64| u128::from(used) * 100 >= u128::from(value) * u128::from(**percent);
        self.0.iter().rev().find(has_come_to).copied()
    }
}

impl TryFrom<Vec<u64>> for Percents {
    type Error = String;

    fn try_from(mut percents: Vec<u64>) -> Result<Self, String> {
        let is_short = (1..=MAX_PERCENTS).contains(&percents.len());
        percents.sort_unstable();
        percents.dedup();
        if is_short && percents.iter().all(|percent| (1..=100).contains(percent)) {
            Ok(Self(percents))
        } else {
            Err(format!("must be 1 to {MAX_PERCENTS} whole percents, each 1 to 100"))
        }
    }
}

impl From<Percents> for Vec<u64> {
    fn from(percents: Percents) -> Self {
        percents.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p96_a_percent_is_reached_exactly_and_never_early() {
        let percents = Percents::default();
        for (used, reached) in [
            (0, None),
            (499, None),
            (500, Some(50)),
            (799, Some(50)),
            (800, Some(80)),
            (999, Some(90)),
            (1000, Some(100)),
            (u64::MAX, Some(100)),
        ] {
            assert_eq!(percents.reached(used, 1000), reached, "{used}");
        }
        assert_eq!(percents.reached(2, 3), Some(50), "66 %");
    }

    #[test]
    fn p96_percents_are_1_to_100_in_any_order() {
        let parsed = |text: &str| serde_json::from_str::<Percents>(text);
        assert_eq!(Vec::from(parsed("[95,80,95]").unwrap()), [80, 95]);
        for wrong in ["[]", "[0]", "[101]", "[1.5]", "[-1]", "[1,1,1,1,1,1,1,1,1,1,1]", "80"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn p96_what_is_not_said_has_its_default() {
        let notify: Notify = serde_json::from_str("{}").unwrap();
        assert_eq!(notify, Notify::default());
        let notify: Notify = serde_json::from_str(r#"{"webhook": "https://a", "format": "dingtalk"}"#).unwrap();
        assert_eq!(notify.format, WebhookFormat::DingTalk);
        assert!(serde_json::from_str::<Notify>(r#"{"sms": 1}"#).is_err());
    }

    #[test]
    fn p96_of_a_webhook_its_origin_is_told() {
        for (webhook, origin) in [
            (
                "https://hooks.example/services/T0/x?key=y",
                Some("https://hooks.example"),
            ),
            ("http://10.0.0.1:8080/x", Some("http://10.0.0.1:8080")),
        ] {
            let notify = Notify {
                webhook: Some(webhook.to_owned()),
                ..Notify::default()
            };
            assert_eq!(notify.told().webhook.as_deref(), origin);
        }
        assert_eq!(Notify::default().told(), Notify::default());
    }
}
