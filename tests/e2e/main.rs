//! The end-to-end tests, one module a topic.
