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
            Err(error) => (StepResult::Fail, Some(reason(error)), advice(step, error)),
        };
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.push(TestStep {
            step,
            result,
            reason,
            advice: advice.map(ToOwned::to_owned),
            duration_ms,
        });
        outcome.ok()
    }

    fn skipped<T>(&mut self, step: StepName) -> Option<T> {
        self.0.push(TestStep {
            step,
            result: StepResult::Skipped,
            reason: None,
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

fn advice(step: StepName, error: &SsoError) -> Option<&'static str> {
    match error {
        SsoError::Provider(error) => at_the_provider(step, *error),
        SsoError::Refused(refusal) => Some(for_the_person(*refusal)),
        SsoError::Store(_) | SsoError::Secrets(_) => {
            Some("try again: the gateway's own database or secrets cannot be reached")
        }
        _ => None,
    }
}

fn for_the_person(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Email => {
            "ask for the scope `email`; at azure add the optional claim `email`, or name another email_claim"
        }
        Refusal::Unverified => {
            "have the provider send `email_verified` as true; at azure name the domain in allowed_domains"
        }
        Refusal::Domain => "name the domain in allowed_domains, if its people shall come in",
        Refusal::HasPassword => "clear the account's password: PUT /api/v1/admin/users/{id} with {\"password\": null}",
        Refusal::OtherIdentity => {
            "forget the account's identity: PUT /api/v1/admin/users/{id} with {\"identity\": null}"
        }
    }
}

fn at_the_provider(step: StepName, error: ProviderError) -> Option<&'static str> {
    Some(match (step, error) {
        (_, ProviderError::NoResponse(FailureClass::ForbiddenAddress)) => {
            "use https, or allow the provider's private network (BACKEND_ALLOWED_CIDRS)"
        }
        (_, ProviderError::NoResponse(_)) => "check the host of issuer_url, and that the gateway can reach it",
        (StepName::Discovery, _) => "issuer_url must be the address in front of /.well-known/openid-configuration",
        (_, ProviderError::Issuer) => "set issuer_url to exactly the `issuer` of the provider's discovery document",
        (StepName::Keys, _) => "the provider publishes no key that can sign ID tokens: look at its signing keys",
        (_, ProviderError::Client) => {
            "check client_id and client_secret, and that the secret has not expired at the provider"
        }
        (StepName::Client, _) => "check that the client may use the authorization code flow with this redirect_url",
        (StepName::Claims, _) => "claims must be the JSON object of an ID token",
        (StepName::Issuer, _) => return None,
    })
}
