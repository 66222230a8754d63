//! The setting of a model that keeps its conversations at their backends.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Affinity {
    /// A conversation keeps to one of several backends, where its prompts are in a cache.
    #[default]
    Auto,
    /// Each request goes to the backend with the least load.
    Off,
}
