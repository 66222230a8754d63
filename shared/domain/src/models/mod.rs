//! What is stored and shown. Plain data with its rules of form; knows of no storage and no HTTP.

pub mod affinity;
pub mod alert;
pub mod api_key;
pub mod audit;
pub mod auth;
pub mod budget;
pub mod capability;
pub mod catalog;
pub mod circumstances;
pub mod claim_pattern;
mod email;
pub mod health;
pub mod hours;
pub mod kind;
pub mod limit;
pub mod log_entry;
mod model;
pub mod notify;
pub mod policy;
pub mod price;
pub mod refusal_reason;
pub mod report;
pub mod rollup;
pub mod segment;
pub mod settings;
pub mod shadow;
pub mod speed;
pub mod sso;
pub mod sums;
mod text;
pub mod tokens;
pub mod usage;
pub mod user;
pub mod utc_hour;
pub mod workload;
pub mod zone;

pub use email::{Email, EmailError};
pub use text::{
    BackendId, DisplayName, KeyId, ModelGlob, ModelId, ModelName, PolicyName, RequestId, SecretId, SignInId, TextError,
    TopUpId, UsageId, UserId, WorkloadId,
};
