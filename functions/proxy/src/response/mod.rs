//! What becomes of a backend's bytes on their way to the client: passed through, or translated. Pure.

pub(crate) mod convert;
pub(crate) mod model_name;
pub(crate) mod outcome;
pub(crate) mod passthrough;
mod reshape;
mod scan;
pub(crate) mod stream;
mod template;
mod translation;
pub(crate) mod usage;

#[cfg(test)]
mod tests;
