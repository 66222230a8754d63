//! Advice about a backend's entry, by the step of its trial that failed.

use domain::models::health::FailureClass;
use service::functions::TrialStepName;

/// The code of the advice; its text is in the catalogue of messages.
pub(super) fn advice_code(step: TrialStepName, reason: Option<FailureClass>) -> &'static str {
    match (step, reason) {
        (_, Some(FailureClass::Dns)) => "check_host",
        (_, Some(FailureClass::ForbiddenAddress)) => "allow_network",
        (_, Some(FailureClass::Tls)) => "check_certificate",
        (_, Some(FailureClass::Credentials)) => "check_key",
        (_, Some(FailureClass::Secret)) => "set_key",
        (_, Some(FailureClass::Billing)) => "check_credit",
        (_, Some(FailureClass::ModelMissing)) => "choose_model",
        (_, Some(FailureClass::RateLimited)) => "try_later",
        (TrialStepName::Answer, Some(FailureClass::Timeout)) => "wait_for_model",
        (TrialStepName::Answer, Some(FailureClass::Malformed)) => "check_path",
        (TrialStepName::Answer, _) => "check_settings",
        _ => "check_server",
    }
}
