//! Objects of a request whose values are kept as they came (P5), typed access to those values, and JSON strings that
//! are put together without being unescaped.
//!
//! An object is read in one pass: the members that the translator knows become [`Field`]s, the others stay
//! in `rest`. A field is only parsed where its value is needed, and there its path is known, so that
//! every error is reported as `<path>: <what is wrong>`.
//!
//! That is for requests. A backend's response is read by `lenient.rs`, where nothing odd is an error.

mod builder;
mod escaped;
mod field;
mod lenient;
mod members;
mod object;
mod surrogates;

pub use builder::{TextBuilder, json_string};
pub use escaped::{EscapedText, Unit};
pub use field::Field;
pub(crate) use lenient::lenient_object;
pub use lenient::{
    IgnoredAny, Lenient, LenientList, LenientObject, MapAccess, Raw, Whole, lenient, lenient_list, ordinal,
};
pub use members::{Json, Members};
pub(crate) use object::raw_object;
pub use object::{RawObject, deserialize_object};
pub use surrogates::without_halves;
