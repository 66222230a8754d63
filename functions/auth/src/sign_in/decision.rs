//! The question whether a program is let in, and what its answer does.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::access::digest::sha256_hex;
use domain::access::oauth::client::title;
use domain::access::oauth::credentials::AUTHORIZATION_CODE;
use domain::access::sign_in_request::{Approval, CodeGrant, Decision, Reply, SignInQuestion, SignInRequest};
use domain::models::sso::SsoConfig;
use domain::models::user::User;
use domain::random::base62;
use http::HeaderMap;
use service::http::ApiError;
use service::http::language::{Language, RefusalLanguage};
use service::http::origin::Origin;
use service::store::Taken;

use super::authorize::back;
use super::device::check_place;
use super::refusal::Refusal;
use super::{own_page, pages};
use crate::app::App;
use crate::oauth::{Form, switched_on};
use crate::session::check_usable;
use crate::sso;
use crate::sso::browser::QUESTION;

/// The button that a person has pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Approve,
    Deny,
}

/// Asks the person who has just logged in for `request`.
pub(crate) async fn ask(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    language: Language,
    request: SignInRequest,
    user: Result<User, ApiError>,
) -> Response {
    let asked = async { keep_question(app, config, origin, language, request, user?).await };
    asked.await.unwrap_or_else(|refusal: Refusal| refusal.page(language))
}

async fn keep_question(
    app: &App,
    config: &SsoConfig,
    origin: &Origin,
    language: Language,
    request: SignInRequest,
    user: User,
) -> Result<Response, Refusal> {
    let settings = switched_on(app).await?;
    check_place(&settings, &request, origin.address)?;
    // Of 256 bits each: one in the form, one that other pages cannot have sent along.
    let (secret, browser) = (base62(43), base62(43));
    let page = pages::question(
        language,
        config.login_address(),
        &pages::Question {
            program: title(request.client),
            name: user.name.as_str(),
            email: user.email.as_str(),
            asked_from: request.address,
            here: origin.address,
            asked_at: request.asked_at,
            notice: settings.login_notice.as_deref(),
            secret: &secret,
        },
    );
    let question = SignInQuestion {
        request,
        user: user.id,
        browser: sha256_hex(&browser),
    };
    app.store.ask(&secret, &question).await?;
    Ok(([QUESTION.set(config, &browser)], page).into_response())
}

/// `POST /oauth/decision`
pub(crate) async fn decide(
    State(app): State<App>,
    origin: Origin,
    RefusalLanguage(language): RefusalLanguage,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, ApiError> {
    switched_on(&app).await?;
    let decided = decided(&app, &origin, language, &headers, &form).await;
    Ok(decided.unwrap_or_else(|refusal| refusal.page(language)))
}

async fn decided(
    app: &App,
    origin: &Origin,
    language: Language,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Response, Refusal> {
    let config = sso::enabled(app).await.map_err(|error| error.logged(origin))?;
    own_page::check(&config, headers)?;
    let answer = match form.get("decision") {
        Some("approve") => Answer::Approve,
        Some("deny") => Answer::Deny,
        _ => return Err(Refusal::OtherPage),
    };
    let (secret, browser) = (
        form.get("question").unwrap_or_default(),
        QUESTION.secret(&config, headers),
    );
    let browser = sha256_hex(browser.unwrap_or_default());
    let SignInQuestion { request, user, .. } = match app.store.take_question(secret, &browser).await? {
        Taken::Done(question) => question,
        Taken::Gone => return Err(Refusal::Over),
        Taken::Refused => return Err(Refusal::OtherBrowser),
    };
    let user = app.store.user(&user).await?.ok_or(Refusal::Over)?;
    if answer == Answer::Deny {
        let (now, client) = (app.store.clock().now(), request.client.as_str());
        app.store
            .record(&origin.audit(&user.id, "sign_in.deny", client, now).by(&user))
            .await?;
        return tell(app, language, headers, &request, None).await;
    }
    check_usable(&user)?;
    check_place(&*switched_on(app).await?, &request, origin.address)?;
    let approval = Approval {
        user: user.id,
        epoch: user.sign_in_epoch,
        address: origin.address,
    };
    tell(app, language, headers, &request, Some(approval)).await
}

/// Tells the program by its way, and the person by a page.
async fn tell(
    app: &App,
    language: Language,
    headers: &HeaderMap,
    request: &SignInRequest,
    approval: Option<Approval>,
) -> Result<Response, Refusal> {
    match &request.reply {
        Reply::Device { code, user_code } => {
            let is_approved = approval.is_some();
            let decision = approval.map_or(Decision::Denied, Decision::Approved);
            if !app.store.decide_device(code, user_code, &decision).await? {
                return Err(Refusal::Over);
            }
            Ok(told(language, is_approved))
        }
        Reply::Code {
            redirect_uri,
            challenge,
            state,
            issuer,
        } => {
            let code = AUTHORIZATION_CODE.generate();
            let answer = match approval {
                None => ("error", "access_denied"),
                Some(approval) => {
                    let grant = CodeGrant {
                        client: request.client,
                        redirect_uri: redirect_uri.clone(),
                        challenge: challenge.clone(),
                        approval,
                        sign_in: None,
                    };
                    app.store.keep_code(&code, &grant).await?;
                    ("code", code.as_str())
                }
            };
            let to = back(redirect_uri, &[answer], state.as_deref(), issuer);
            Ok(own_page::lead_on(language, headers, &to))
        }
    }
}

fn told(language: Language, is_approved: bool) -> Response {
    let (title, text) = if is_approved {
        (
            language.choose("已允许", "It is let in"),
            language.choose(
                "请回到您的程序。此页面可以关闭。",
                "Back to your program: this page can be closed.",
            ),
        )
    } else {
        (
            language.choose("已拒绝", "It is refused"),
            language.choose(
                "没有登录。此页面可以关闭。",
                "Nobody was signed in. This page can be closed.",
            ),
        )
    };
    pages::done(language, title, text)
}
