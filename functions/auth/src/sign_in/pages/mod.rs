//! Pages of sign-ins, in the reader's language: `code` and `question` ask, `notice` tells; `layout` is what they
//! have in common.

mod code;
mod layout;
mod notice;
mod question;

pub(super) use code::code_form;
pub(crate) use layout::style;
pub(super) use notice::{done, leading, problem};
pub(super) use question::{Question, question};
