//! What a client must get of a script.

/// The order is that of permissiveness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// The true answer, no error.
    Answer,
    /// The true answer, or a beginning of it and an explicit error.
    AnswerOrFailure,
    /// An explicit error, behind at most a beginning of the true answer.
    Failure(Failure),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// Words of the server that the client must be told.
    pub message: Option<String>,
    /// The prompt was too long: coding agents must see their own words for it (B6.2).
    pub overflow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum UsageExpectation {
    /// The counts of the truth.
    Exact,
    /// The server's counts are not to be believed, or none came: an estimate, above zero if something was said.
    Estimated,
    /// The counts may or may not have been heard.
    Any,
}
