//! Whether a backend is called.

use serde::{Deserialize, Serialize};

/// Whether requests may go to a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    Available,
    /// The ejection is over, and nothing has succeeded since: one request may try.
    Probation,
    Ejected,
}
