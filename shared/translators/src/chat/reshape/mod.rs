//! A chat stream put together to one completion, and a completion taken apart to a stream, for backends that answer in
//! the other form than they were asked for (B9.1).
//!
//! Members that nobody here knows are kept: strings are joined piece by piece, lists are appended, of all else the last
//! value counts.

mod assemble;
mod take_apart;

pub use assemble::assemble;
pub use take_apart::take_apart;
