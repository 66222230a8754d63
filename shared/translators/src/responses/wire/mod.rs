//! The Responses API on the wire: requests, the response object with its items, and events.

pub mod event;
pub mod item;
pub mod request;
pub mod response;
