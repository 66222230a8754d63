//! The error of a request that is refused: always HTTP 400, `invalid_request_error`, worded `<path>: <what is wrong>`
//! (§3.1).

use std::fmt;

use super::code::Code;

/// A request that cannot be translated. `Display` is the message for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    pub code: Code,
    /// The path of the value, such as `messages.0.content.1.type`.
    pub path: String,
    pub message: String,
    /// For `error.details.error_code`, which clients act on (`thread`, §3.2).
    pub error_code: Option<&'static str>,
}

impl RequestError {
    /// What is wrong with the value at `path`.
    pub fn new(path: impl Into<String>, fault: impl fmt::Display) -> Self {
        let path = path.into();
        let message = format!("{path}: {fault}");
        Self::worded(path, message)
    }

    /// An error whose message stands for itself.
    pub fn worded(path: impl fmt::Display, message: impl Into<String>) -> Self {
        Self {
            code: Code::InvalidValue,
            path: path.to_string(),
            message: message.into(),
            error_code: None,
        }
    }

    /// The refusal of a parameter that the backend has no counterpart for.
    pub fn unsupported(parameter: &str) -> Self {
        let message = format!("`{parameter}` cannot be used with this model's backend.");
        Self::worded(parameter, message).code(Code::UnsupportedParameter)
    }

    #[must_use]
    pub fn code(mut self, code: Code) -> Self {
        self.code = code;
        self
    }

    /// The same with indices in brackets, as `OpenAI` writes paths: `input[0].type`.
    #[must_use]
    pub fn with_brackets(mut self) -> Self {
        let path = in_brackets(&self.path);
        if let Some(fault) = self.message.strip_prefix(&self.path) {
            self.message = format!("{path}{fault}");
        }
        self.path = path;
        self
    }
}

/// A part of the request that is not JSON.
impl From<serde_json::Error> for RequestError {
    fn from(error: serde_json::Error) -> Self {
        Self::new("body", error.to_string())
    }
}

fn in_brackets(path: &str) -> String {
    let mut steps = path.split('.');
    let first = steps.next().unwrap_or_default().to_owned();
    steps.fold(first, |written, step| match step.parse::<usize>() {
        Ok(index) => format!("{written}[{index}]"),
        Err(_) => format!("{written}.{step}"),
    })
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

    pub fn error(&self, message: impl fmt::Display) -> RequestError {
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
