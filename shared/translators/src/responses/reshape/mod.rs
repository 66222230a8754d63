//! A Responses stream put together to one response, and a response taken apart to a stream, for backends that answer in
//! the other form than they were asked for (B9.1); and the events that the gateway writes into a stream that it passes
//! on (RS6, N8). Members that nobody here knows are kept.

mod assemble;
mod own_events;
mod take_apart;
mod writer;

pub use assemble::{assemble, failure};
pub use own_events::{failed_event, in_progress_event};
pub use take_apart::take_apart;
pub use writer::Begun;
