//! A login without a person, step by step, for administrators who set single sign-on up. Tells what to change and
//! nothing of what the provider sends (promise 37); changes nothing.

use domain::access::id_token::Claims;
use domain::access::sso::{self as rules, Account, Refusal};
use domain::models::health::FailureClass;
use domain::models::sso::{SsoConfig, SsoTest, StepName, StepResult, TestStep};
use domain::models::user::Status;
use domain::secret::Secret;
use serde_json::{Map, Value};
use service::functions::{SsoPreview, SsoTrial, SsoTrialResult};
use service::http::language::Language;
use service::http::messages;
use tokio::time::Instant;

use super::config::client_secret;
use super::error::SsoError;
use super::{account, random};
use crate::app::App;
use crate::identity_provider::{Metadata, ProviderError, Redemption};

/// Walks from the provider's document to the claims; what depends on a step that failed is skipped.
pub async fn run(app: &App, trial: SsoTrial) -> SsoTrialResult {
    let mut steps = Steps::default();
    let config = &trial.config;
    let document = steps.tried(StepName::Discovery, app.provider.discover(config)).await;
    let metadata = match document {
        Some(document) => steps.tried(StepName::Issuer, async { document.of(config) }).await,
        None => steps.skipped(StepName::Issuer),
    };
    if let Some(metadata) = &metadata {
        steps.tried(StepName::Keys, app.provider.keys(metadata)).await;
        steps.tried(StepName::Client, is_accepted(app, &trial, metadata)).await;
    } else {
        steps.skipped::<()>(StepName::Keys);
        steps.skipped::<()>(StepName::Client);
    }
    let preview = match trial.claims {
        Some(claims) => steps.tried(StepName::Claims, preview(app, config, claims)).await,
        None => steps.skipped(StepName::Claims),
    };
    SsoTrialResult {
        test: steps.report(app),
        preview,
    }
}

/// Redeems a code that nobody has issued: a provider that knows the client and its secret refuses the code.
async fn is_accepted(app: &App, trial: &SsoTrial, metadata: &Metadata) -> Result<(), SsoError> {
    let secret = match &trial.client_secret {
        Some(sent) => Some(Secret::from(sent.as_str())),
        None if trial.config.secret.is_some() => stored_secret(app, &trial.config).await?,
        None => None,
    };
    let (code, verifier) = (random::token(), random::code_verifier());
    let redemption = Redemption {
        config: &trial.config,
        secret: secret.as_ref(),
        code: &code,
        verifier: &verifier,
    };
    match app.provider.redeem(metadata, &redemption).await {
        Ok(_) => Err(ProviderError::Malformed.into()),
        Err(ProviderError::Grant) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The stored secret, for the issuer that it was set for and no other (promise 23).
async fn stored_secret(app: &App, tested: &SsoConfig) -> Result<Option<Secret>, SsoError> {
    match app
        .store
        .sso_config()
        .await?
        .filter(|stored| stored.issuer_url == tested.issuer_url)
    {
        Some(stored) => client_secret(app, &stored).await,
        None => Ok(None),
    }
}

/// The person and the account that a login with these claims would lead to.
async fn preview(app: &App, config: &SsoConfig, claims: Map<String, Value>) -> Result<SsoPreview, SsoError> {
    let mut complete =
        serde_json::json!({"iss": config.issuer_url, "sub": "", "aud": config.client_id, "exp": 0, "iat": 0});
    if let Some(fields) = complete.as_object_mut() {
        fields.extend(claims);
    }
    let claims: Claims = serde_json::from_value(complete).map_err(|_| ProviderError::Malformed)?;
    let person = rules::person(config, &claims)?;
    let account = match account::find(app, config, &person).await? {
        Account::Known(_) => "known",
        Account::Link(_) => "linked",
        Account::New(Status::Active) => "created",
        Account::New(_) => "created_pending",
    };
    Ok(SsoPreview {
        email: person.email,
        name: person.name,
        account: account.to_owned(),
    })
}

#[derive(Default)]
struct Steps(Vec<TestStep>);

impl Steps {
    async fn tried<T, E: Into<SsoError>>(
        &mut self,
        step: StepName,
        attempt: impl Future<Output = Result<T, E>>,
    ) -> Option<T> {
        let began = Instant::now();
        let outcome = attempt.await.map_err(Into::into);
        let (result, reason, advice) = match &outcome {
            Ok(_) => (StepResult::Pass, None, None),
            Err(error) => (StepResult::Fail, Some(reason(error)), advice_code(step, error)),
        };
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.push(TestStep {
            step,
            result,
            reason,
            advice_code: advice.map(ToOwned::to_owned),
            advice: advice
                .and_then(|code| messages::text_of(code, Language::English))
                .map(ToOwned::to_owned),
            duration_ms,
        });
        outcome.ok()
    }

    fn skipped<T>(&mut self, step: StepName) -> Option<T> {
        self.0.push(TestStep {
            step,
            result: StepResult::Skipped,
            reason: None,
            advice_code: None,
            advice: None,
            duration_ms: 0,
        });
        None
    }

    fn report(self, app: &App) -> SsoTest {
        let passed = self.0.iter().all(|step| step.result != StepResult::Fail);
        SsoTest {
            passed,
            tested_at: app.store.clock().now(),
            steps: self.0,
        }
    }
}

fn reason(error: &SsoError) -> String {
    match error {
        SsoError::Provider(error) => error.to_string(),
        SsoError::Secrets(_) | SsoError::Store(_) => "dependency".to_owned(),
        error => error.to_string(),
    }
}

/// The code of the advice; its text is in the catalogue of messages.
fn advice_code(step: StepName, error: &SsoError) -> Option<&'static str> {
    match error {
        SsoError::Provider(error) => at_the_provider(step, *error),
        SsoError::Refused(refusal) => Some(for_the_person(*refusal)),
        SsoError::Store(_) | SsoError::Secrets(_) => Some("sso_dependency"),
        _ => None,
    }
}

fn for_the_person(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Email => "sso_ask_for_email",
        Refusal::Unverified => "sso_verify_email",
        Refusal::Domain => "sso_allow_domain",
        Refusal::HasPassword => "sso_clear_password",
        Refusal::OtherIdentity => "sso_forget_identity",
    }
}

fn at_the_provider(step: StepName, error: ProviderError) -> Option<&'static str> {
    Some(match (step, error) {
        (_, ProviderError::NoResponse(FailureClass::ForbiddenAddress)) => "sso_allow_network",
        (_, ProviderError::NoResponse(_)) => "sso_check_host",
        (StepName::Discovery, _) => "sso_check_discovery",
        (_, ProviderError::Issuer) => "sso_copy_issuer",
        (StepName::Keys, _) => "sso_check_signing_keys",
        (_, ProviderError::Client) => "sso_check_client",
        (StepName::Client, _) => "sso_check_flow",
        (StepName::Claims, _) => "sso_give_claims",
        (StepName::Issuer, _) => return None,
    })
}
