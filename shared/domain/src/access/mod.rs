//! Who may do what. Pure rules: no storage, no HTTP; the time is an argument.

pub mod access_token;
pub mod accounts;
pub mod api_key;
pub mod credential_form;
pub mod cursor;
pub mod digest;
pub mod egress;
pub mod fingerprint;
pub mod hours;
pub mod id_token;
pub mod identity_hosts;
pub mod key_set;
pub mod oauth;
pub mod password;
pub mod public_addresses;
pub mod quota;
pub mod sealing;
pub mod service_account;
pub mod session;
pub mod sign_in;
pub mod sign_in_request;
pub mod sso;
pub mod sso_login;
pub mod throttle;
pub mod webhook;
pub mod workload_token;
