//! The webhook of an alert.

use domain::models::notify::{Notify, WebhookFormat};
use domain::models::policy::Policy;
use domain::models::settings::Settings;

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) address: String,
    pub(crate) format: WebhookFormat,
    /// The name of the secret that deliveries are signed with, if there is one.
    pub(crate) secret: Option<String>,
}

impl Target {
    /// The webhook of the policy, else that of the settings; `None` if neither has one.
    pub(crate) fn of(policy: Option<&Policy>, settings: &Settings) -> Option<Self> {
        let of_policy = policy.and_then(|policy| policy.notify.as_ref());
        let mut both = of_policy.into_iter().chain(settings.alerts.as_ref());
        let Notify { webhook, format, .. } = both.find(|notify| notify.webhook.is_some())?;
        Some(Self {
            address: webhook.clone()?,
            format: *format,
            secret: settings.alerts_secret_name(),
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::models::PolicyName;

    use super::*;

    fn notify(webhook: Option<&str>) -> Notify {
        Notify {
            webhook: webhook.map(str::to_owned),
            ..Notify::default()
        }
    }

    #[test]
    fn p97_a_policys_webhook_comes_before_that_of_the_settings() {
        let mut policy = Policy::unlimited(PolicyName::default());
        let mut settings = Settings::default();
        let address = |policy: &Policy, settings: &Settings| Target::of(Some(policy), settings).map(|of| of.address);
        assert_eq!(address(&policy, &settings), None);
        settings.alerts = Some(notify(Some("https://all")));
        assert_eq!(address(&policy, &settings).as_deref(), Some("https://all"));
        policy.notify = Some(notify(None));
        assert_eq!(address(&policy, &settings).as_deref(), Some("https://all"));
        policy.notify = Some(notify(Some("https://team")));
        assert_eq!(address(&policy, &settings).as_deref(), Some("https://team"));
        assert_eq!(
            Target::of(None, &settings).unwrap().address,
            "https://all",
            "the policy is gone"
        );
    }
}
