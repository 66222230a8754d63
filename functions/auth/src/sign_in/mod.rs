//! The way in which a person lets a program in: by the button of a page that is shown after single sign-on, and in no
//! other way.
//!
//! A request comes by a code that the person types (`device`) or from the browser that a program has opened
//! (`authorize`); the provider says who the person is; `decision` asks, and does what it is told.

mod authorize;
mod decision;
mod device;
mod own_page;
mod pages;
mod refusal;

pub(crate) use authorize::authorize;
pub(crate) use decision::{ask, decide};
pub(crate) use device::{form, submit};
pub(crate) use pages::style;
