//! Bodies with each member that they may have.

use serde_json::{Map, Value, json};
use service::http::routes::Row;

use super::NOBODY;

/// The body of a route, if it has one that is known here. It is well formed; what it asks for may be refused.
pub(in super::super) fn form(row: &Row) -> Option<Value> {
    let change = row.method == "PUT";
    Some(match row.path {
        "/api/v1/auth/login" => json!({"email": "nobody@example.com", "password": "some password"}),
        "/api/v1/auth/register" => {
            json!({"email": "new@example.com", "password": "a long enough password", "name": "New"})
        }
        "/api/v1/auth/setup" => json!({"code": "none"}),
        "/api/v1/auth/sso/token" => json!({"code": "none", "code_verifier": "v"}),
        "/api/v1/user/profile" if change => json!({"name": "Another Name", "version": 1}),
        "/api/v1/user/password" => json!({"old_password": "wrong password", "new_password": "another password"}),
        "/api/v1/user/keys" if !change && row.method == "POST" => key(),
        "/api/v1/user/keys/{id}" if change => and(key(), json!({"enabled": true, "version": 1})),
        "/api/v1/admin/users" if row.method == "POST" => account("other@example.com"),
        "/api/v1/admin/users/{id}" if change => and(
            account("user@example.com"),
            json!({"identity": {"issuer": "https://idp.example", "subject": "s"}, "revoke_keys": false, "version": 1}),
        ),
        "/api/v1/admin/users/{id}/keys/{key}" if change => json!({"enabled": true, "version": 1}),
        "/api/v1/admin/policies" if row.method == "POST" => and(policy(), json!({"name": "q"})),
        "/api/v1/admin/policies/{name}" if change => and(policy(), json!({"name": "p", "version": 1})),
        "/api/v1/admin/models" if row.method == "POST" => and(model(), json!({"id": "other", "aliases": ["an-alias"]})),
        "/api/v1/admin/models/{id}" if change => and(model(), json!({"version": 1})),
        "/api/v1/admin/models/{id}/backends" if row.method == "POST" => and(backend(), json!({"id": "b2"})),
        "/api/v1/admin/backends/{id}" if change => and(backend(), json!({"version": 1})),
        "/api/v1/admin/backends/test" => and(backend(), json!({"model_id": "m"})),
        "/api/v1/admin/settings" if change => settings(),
        "/api/v1/admin/import" => document(),
        "/api/v1/admin/sso/config" => and(single_sign_on(), json!({"version": 0})),
        "/api/v1/admin/sso/test" => and(
            single_sign_on(),
            json!({"claims": {"sub": "1", "realm_access": {"roles": ["a"]}}}),
        ),
        _ => return None,
    })
}

/// The members of the one object and of the other.
fn and(mut object: Value, more: Value) -> Value {
    let more: Map<String, Value> = serde_json::from_value(more).unwrap();
    object.as_object_mut().unwrap().extend(more);
    object
}

fn key() -> Value {
    json!({"name": "a key", "models": ["m"], "expires_at": "2030-01-01T00:00:00Z"})
}

fn account(email: &str) -> Value {
    json!({
        "email": email, "password": "a long enough password", "name": "A Person", "role": "user", "department": "sales",
        "quota_policy": "p", "status": "active",
    })
}

fn policy() -> Value {
    json!({
        "mode": "enforce", "rate_limit": 60, "rate_limit_window": 60, "request_quota_daily": 1000,
        "token_rate_limit": 1000, "token_quota_daily": 1000, "token_quota_monthly": 1000, "cost_quota_monthly": 5.5, "max_concurrency": 4,
        "available_time_ranges": [{"start": "09:00", "end": "17:00", "days": ["mon", "fri"]}], "timezone": "Europe/Berlin", "models": ["m"],
        "default_model": "m", "region": "eu",
    })
}

fn model() -> Value {
    json!({
        "name": "A model", "description": "Small and quick", "enabled": true, "kinds": ["chat"],
        "model_params": {"temperature": 0.5, "extra": {"a": 1}, "__user_agent__": "me"}, "input_price": 1.5,
        "cached_input_price": 0.5, "cache_write_price": 2, "cache_write_1h_price": 3, "output_price": 6,
        "context_window": 100_000, "max_output_tokens": 4096, "default_output_tokens": 1024,
        "input_modalities": ["text", "image"], "reasoning_efforts": ["low", "high"], "agent_instructions": "Be brief.",
        "affinity": "off",
    })
}

fn backend() -> Value {
    json!({
        "name": "A backend", "base_url": NOBODY, "model_name": "provider-model", "weight": 1, "region": "eu",
        "enabled": true,
        "api_key": "sk-secret", "protocol": "openai", "auth": {"type": "api_key", "header": "api-key"},
        "api_version": "2024-10-21", "preset": "vllm", "settings": {"extra_body": {"top_k": 5}},
        "max_concurrency": 3, "timeout_ms": 1000, "idle_timeout_ms": 1000, "headers": {"x-source": "gateway"},
        "health_path": "/health",
    })
}

/// What the forms of its objects do not have is in it.
fn document() -> Value {
    json!({
        "settings": {"unpriced_models": "free"},
        "policies": [{"name": "of-a-document", "models": ["of-a-document"]}],
        "models": [{
            "id": "of-a-document", "name": "A model", "aliases": ["its-alias"],
            "prices": [{"from": "2026-01-01T00:00:00Z", "input": 1, "output": 2, "tiers": {"priority": {"input": 3}}}],
            "backends": [{"name": "b", "base_url": NOBODY, "model_name": "n", "api_key": "sk-secret"}],
        }],
    })
}

fn single_sign_on() -> Value {
    json!({
        "enabled": false, "provider": "generic-oidc", "client_id": "tidegate", "client_secret": "the-client-secret",
        "issuer_url": NOBODY, "redirect_url": "https://gateway.example.com/api/v1/auth/sso/callback",
        "console_url": "https://gateway.example.com/console/", "email_claim": "email", "scopes": ["openid", "email"],
        "auto_provision": true, "default_policy": "default", "allowed_domains": ["example.com"],
    })
}

/// All settings.
fn settings() -> Value {
    json!({
        "registration_enabled": true, "default_model": "m", "log_retention_days": 30, "request_log": true,
        "cors_origins": ["https://page.example.com"], "password_policy": "basic",
        "show_backend_id": false, "unpriced_models": "refuse", "responses_store": "client",
        "responses_retention_days": 30, "sign_in_enabled": true, "access_token_seconds": 3600,
        "sign_in_minutes": 1440, "device_flow": "on", "company_networks": ["10.0.0.0/8"],
        "login_notice": "Only for work.", "version": 0,
    })
}
