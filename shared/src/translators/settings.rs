//! Settings of a backend (§2.1).

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ThinkTags {
    #[default]
    Keep,
    Parse,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UpstreamAuthErrors {
    #[default]
    Hide,
    Pass,
}
