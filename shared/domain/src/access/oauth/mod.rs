//! The rules of sign-ins of programs by OAuth 2.0: who the programs are, and what their credentials are worth. Pure, as
//! all of [`super`].

pub mod client;
pub mod credentials;
pub mod device;
pub mod network;
pub mod pkce;
pub mod refresh;
pub mod replay;
