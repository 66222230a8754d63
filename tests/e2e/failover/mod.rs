//! Backends that fail: what is tried again, what the client gets, and what is known of the backend afterwards
//! (promises 49, 50, 52 and 53).

mod failing;
mod killed;
mod lambda;
mod limits;
mod row;
mod table;
