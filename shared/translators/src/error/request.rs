//! The error of a request that is refused: always HTTP 400, `invalid_request_error`, worded `<path>: <what is wrong>` (§3.1).

use std::fmt;

/// A request that cannot be translated. `Display` is the message for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// The path of the value, such as `messages.0.content.1.type`.
    pub path: String,
    pub message: String,
    /// For `error.details.error_code`, which clients act on (`thread`, §3.2).
    pub error_code: Option<&'static str>,
    pub kind: RefusalKind,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefusalKind {
    /// A value is wrong.
    #[default]
    Invalid,
    /// The parameter itself has no counterpart at the backend, and its loss would show in the answer.
    Unsupported,
}

impl std::error::Error for RequestError {}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            RefusalKind::Invalid => write!(f, "{}: {}", self.path, self.message),
            RefusalKind::Unsupported => write!(f, "`{}` {}.", self.path, self.message),
        }
    }
}

impl RequestError {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
            error_code: None,
            kind: RefusalKind::Invalid,
        }
    }

    /// The refusal of a parameter that the backend has no counterpart for.
    pub fn unsupported(parameter: &str) -> Self {
        Self {
            kind: RefusalKind::Unsupported,
            ..Self::new(parameter, "cannot be used with this model's backend")
        }
    }
}

/// A part of the request that is not JSON.
impl From<serde_json::Error> for RequestError {
    fn from(error: serde_json::Error) -> Self {
        Self::new("body", error.to_string())
    }
}

/// The path of a value in the request. It is borrowed from the stack, and allocates only when it is displayed.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct FieldPath<'p> {
    parent: Option<&'p FieldPath<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Field(&'p str),
    Index(usize),
}

impl<'p> FieldPath<'p> {
    pub fn root(field: &'p str) -> Self {
        Self {
            parent: None,
            step: Step::Field(field),
        }
    }

    pub fn field(&'p self, name: &'p str) -> Self {
        Self {
            parent: Some(self),
            step: Step::Field(name),
        }
    }

    pub fn index(&'p self, index: usize) -> Self {
        Self {
            parent: Some(self),
            step: Step::Index(index),
        }
    }

    pub fn error(&self, message: impl Into<String>) -> RequestError {
        RequestError::new(self.to_string(), message)
    }

    pub fn missing(&self) -> RequestError {
        self.error("field required")
    }
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        match self.step {
            Step::Field(name) => f.write_str(name),
            Step::Index(index) => write!(f, "{index}"),
        }
    }
}
