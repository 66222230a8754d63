//! What is stored and shown. Plain data with its rules of form; knows of no storage and no HTTP.

pub mod api_key;
pub mod audit;
pub mod catalog;
mod email;
pub mod price;
pub mod settings;
mod text;
pub mod usage;
pub mod user;

pub use email::{Email, EmailError};
pub use text::{BackendId, DisplayName, KeyId, ModelId, ModelName, PolicyName, RequestId, TextError, UsageId, UserId};
