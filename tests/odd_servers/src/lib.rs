#![doc = include_str!("../README.md")]

mod draft;
mod expectation;
mod hear;
mod json;
mod judge;
mod oddity;
mod protocol;
mod rng;
mod script;
mod speak;
mod truth;
mod wire;

pub use expectation::{Expectation, Failure, UsageExpectation};
pub use hear::{Heard, HeardFailure, Reply, hear};
pub use json::{Json, Style};
pub use judge::{check, judge, judge_passed};
pub use oddity::{Level, Oddity};
pub use protocol::{Forms, Protocol};
pub use script::Script;
pub use truth::{Arguments, Block, Call, Stop, Truth, Usage};
pub use wire::{Ending, Frame};
