//! A rule for workloads as administrators write it.

use std::collections::BTreeMap;

use domain::access::id_token::signing_keys;
use domain::models::claim_pattern::ClaimPattern;
use domain::models::workload::{Preset, Workload};
use domain::models::{UserId, WorkloadId};
use jiff::Timestamp;
use serde_json::Value;
use service::http::managed::constraint::within;
use service::http::{ApiError, Code};
use service::managed_object;
use url::Host;

use crate::app::App;

managed_object! {
    Workload: NewWorkload, WorkloadPatch {
        fixed    id:            WorkloadId;
        fixed    preset:        Preset = None;
        /// The preset's, if it has one.
        default  issuer:        String = String::new();
        /// The gateway's own address.
        default  audience:      String = String::new();
        required claims:        BTreeMap<String, ClaimPattern>;
        required user:          UserId;
        default  token_seconds: u32 = 3600, within(60..=21_600);
        default  enabled:       bool = true;
        nullable jwks:          Value;
    }
    new(now: Timestamp) { created_at: now, updated_at: now, version: 1 }
}

/// Fills in what a rule need not say.
pub(super) fn complete(app: &App, rule: &mut Workload) {
    if rule.issuer.is_empty() {
        let issuer = rule.preset.and_then(Preset::issuer);
        issuer.unwrap_or_default().clone_into(&mut rule.issuer);
    }
    if rule.audience.is_empty() {
        let own = app.rules.public_url.as_deref().unwrap_or_default();
        own.trim_end_matches('/').clone_into(&mut rule.audience);
    }
}

/// Refuses what lets in whom nobody has named, and issuers that must not be called.
pub(super) fn check(app: &App, rule: &Workload) -> Result<(), ApiError> {
    rule.check()
        .map_err(|error| ApiError::invalid(error.field(), error.to_string()))?;
    let Some(jwks) = &rule.jwks else {
        return check_address(app, &rule.issuer);
    };
    let keys = signing_keys(jwks.to_string().as_bytes());
    if keys.is_none_or(|set| set.keys.is_empty()) {
        return Err(ApiError::invalid(
            "jwks",
            "must be a JWK set with a public key that can sign",
        ));
    }
    Ok(())
}

/// Refuses an issuer whose keys must not be fetched, or could be replaced on the way.
fn check_address(app: &App, issuer: &str) -> Result<(), ApiError> {
    let url = app.rules.networks.base_url(issuer);
    let url =
        url.map_err(|problem| ApiError::new(Code::InvalidBaseUrl, format!("the issuer {problem}")).field("issuer"))?;
    let is_own_machine = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    if url.scheme() == "https" || is_own_machine {
        return Ok(());
    }
    Err(ApiError::invalid(
        "issuer",
        "must use https, unless it is on the own machine",
    ))
}
