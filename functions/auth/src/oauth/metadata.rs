//! Documents that programs read before they sign somebody in: the endpoints (RFC 8414), and opencode's own.

use axum::Json;
use axum::extract::State;
use http::HeaderMap;
use http::header::HOST;
use serde_json::{Value, json};
use service::http::ApiError;

use super::switched_on;
use crate::app::App;
use crate::sso;

/// The version of the contract that Claude Code has with gateways.
const GATEWAY_PROTOCOL_VERSION: u32 = 1;

/// `GET /.well-known/oauth-authorization-server`
pub(crate) async fn authorization_server(State(app): State<App>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    let issuer = address(&app, &headers).await?;
    let at = |path: &str| format!("{issuer}/oauth/{path}");
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "device_authorization_endpoint": at("device_authorization"),
        "revocation_endpoint": at("revoke"),
        "grant_types_supported": super::token::GRANT_TYPES,
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": ["openid", "profile", "email"],
        "gateway_protocol_version": GATEWAY_PROTOCOL_VERSION,
    })))
}

/// `GET /.well-known/opencode`. Names no model: anybody may read it.
pub(crate) async fn opencode(State(app): State<App>, headers: HeaderMap) -> Result<Json<Value>, ApiError> {
    const VARIABLE: &str = "TIDEGATE_TOKEN";
    let gateway = address(&app, &headers).await?;
    Ok(Json(json!({
        "auth": {
            "command": ["tidegate", "token", "--client", "opencode", "--gateway", gateway],
            "env": VARIABLE,
        },
        "config": {},
    })))
}

/// The address by which the request has called the gateway: one that is configured (promise 107).
async fn address(app: &App, headers: &HeaderMap) -> Result<String, ApiError> {
    switched_on(app).await?;
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if let Some(address) = app.addresses.of_host(host) {
        return Ok(address.to_owned());
    }
    let config = sso::configured(app).await?;
    let login = config.map(|config| config.login_address().to_owned());
    login.ok_or_else(|| ApiError::not_found("route"))
}
