//! What a client that speaks chat gets of a backend that speaks something else: chunks, or a whole completion, written
//! from the events of the hub (O30 to O35). Both are written from the same pieces, so a stream and a whole answer say
//! the same.

mod calls;
mod finish;
mod stream;
mod whole;

pub(crate) use stream::ChatWriter;
pub(crate) use whole::WholeWriter;
