//! Managed objects, each declared once: users, keys, models, backends, policies, settings, single sign-on.
//!
//! `managed_object!` makes of one declaration the creation form (the body of a `POST`), the patch (the body of a `PUT`)
//! and the names of the fields that a patch gives, for the audit trail. A patch is read as a merge patch (RFC 7396): an
//! absent field stays as it is, `null` clears a field that can be cleared, any other value replaces the old one.
//!
//! ```
//! use service::managed_object;
//! use service::http::managed::constraint::{max_chars, within};
//!
//! struct Shelf { name: String, note: Option<String>, places: u32, version: u64 }
//!
//! managed_object! {
//!     Shelf: NewShelf, ShelfPatch {
//!         required name:   String, max_chars(40);
//!         nullable note:   String;
//!         default  places: u32 = 10, within(1..=1000);
//!     }
//!     new(version: u64) { version }
//! }
//!
//! # fn main() -> Result<(), service::http::ApiError> {
//! let new: NewShelf = service::http::json::parse(br#"{"name": "A", "note": "by the door"}"#)?;
//! let mut shelf = new.create(1)?;
//! let patch: ShelfPatch = service::http::json::parse(br#"{"note": null, "places": 12}"#)?;
//! patch.apply(&mut shelf)?;
//! assert_eq!((shelf.name.as_str(), shelf.note.as_deref(), shelf.places), ("A", None, 12));
//! assert_eq!(patch.changed(), ["note", "places"]);
//! # Ok(())
//! # }
//! ```
//!
//! [`forms`] is what the declaration becomes, [`member`] a field of a patch, [`constraint`] what a value must be
//! besides its type.

pub mod constraint;
mod forms;
pub mod member;

use constraint::Constraint;
use member::Member;

use super::ApiError;

/// Declares a managed object: `Object: CreationForm, Patch { fields } new(arguments) { members }`, or without a
/// creation form `Object: Patch { fields }`.
///
/// A field is `kind name: Type = default, constraint;`. The type is that of a value in JSON; the object holds it as it
/// is, or whatever it converts into, such as an `Option`. The kinds:
///
/// | kind | in the creation form | in the patch |
/// | --- | --- | --- |
/// | `fixed` | required, or `= default` | refused |
/// | `required` | required | replaced; `null` is as absent |
/// | `default` | absent or `null` is the default | replaced; `null` is as absent |
/// | `nullable` | absent or `null` is the default | replaced; `null` is the default |
/// | `secret` | may be given | may be given, or cleared with `null` |
/// | `later …` | refused: the object gets the default | as without `later` |
///
/// A default that is not given is the type's own. The object does not hold secrets: whoever handles the form stores
/// them. `new(…) { … }` are the members that the gateway sets itself, of the arguments.
///
/// The forms have `create(self, …) -> Result<Object, ApiError>`, `apply(&self, &mut Object) -> Result<(), ApiError>`
/// and `changed(&self) -> Vec<String>`; a patch also has its `FIELDS`, and the `version` that its sender has seen.
#[macro_export]
macro_rules! managed_object {
    (
        $object:ident: $new:ident, $patch:ident { $($fields:tt)* }
        new($($argument:ident: $type:ty),* $(,)?) { $($members:tt)* }
    ) => {
        $crate::creation_form! { form $object $new [$($argument: $type),*] [$($members)*] [] $($fields)* }
        $crate::patch_form! { $object $patch [] [] $($fields)* }
    };
    ($object:ident: $patch:ident { $($fields:tt)* }) => {
        $crate::patch_form! { $object $patch [] [] $($fields)* }
    };
}

/// Replaces the `old` value of a field that cannot be cleared.
#[doc(hidden)]
pub fn replace<T: Clone + Into<U>, U>(
    field: &str,
    given: &Option<T>,
    old: &mut U,
    constraints: &[&dyn Constraint<T>],
) -> Result<(), ApiError> {
    if let Some(value) = given {
        *old = checked(field, value.clone(), constraints)?.into();
    }
    Ok(())
}

/// Replaces or clears the `old` value of a field.
#[doc(hidden)]
pub fn patch<T: Clone + Into<U>, U>(
    field: &str,
    given: &Member<T>,
    old: &mut U,
    constraints: &[&dyn Constraint<T>],
    default: impl FnOnce() -> U,
) -> Result<(), ApiError> {
    match given {
        Member::Absent => {}
        Member::Null => *old = default(),
        Member::Value(value) => *old = checked(field, value.clone(), constraints)?.into(),
    }
    Ok(())
}

/// `value`, if it keeps to all `constraints`.
#[doc(hidden)]
pub fn checked<T>(field: &str, value: T, constraints: &[&dyn Constraint<T>]) -> Result<T, ApiError> {
    for constraint in constraints {
        constraint
            .check(&value)
            .map_err(|message| ApiError::invalid(field, message))?;
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::json::parse;
    use super::constraint::{max_chars, max_items, within};
    use super::*;

    /// One field of each kind.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Shelf {
        id: String,
        name: String,
        places: u32,
        note: Option<String>,
        colour: String,
        labels: Vec<String>,
        open: bool,
        version: u64,
    }

    managed_object! {
        Shelf: NewShelf, ShelfPatch {
            fixed          id:     String = "made".to_owned();
            required       name:   String, max_chars(3);
            default        places: u32 = 10, within(1..=100);
            secret         code:   String;
            nullable       note:   String;
            nullable       colour: String = "white".to_owned();
            nullable       labels: Vec<String>, max_items(2, "labels");
            later default  open:   bool = true;
        }
        new(version: u64) { version }
    }

    fn create(form: &Value) -> Result<Shelf, ApiError> {
        parse::<NewShelf>(form.to_string().as_bytes())?.create(1)
    }

    fn patched(form: &Value) -> Result<(Shelf, Vec<String>), ApiError> {
        let mut shelf = create(&json!({"name": "A", "note": "n", "colour": "red", "labels": ["l"], "places": 5}))?;
        let patch: ShelfPatch = parse(form.to_string().as_bytes())?;
        patch.apply(&mut shelf)?;
        Ok((shelf, patch.changed()))
    }

    fn refusal<T: std::fmt::Debug>(result: Result<T, ApiError>) -> (Option<String>, String) {
        let error = result.unwrap_err();
        (error.field_name().map(ToOwned::to_owned), error.message().to_owned())
    }

    #[test]
    fn a_creation_needs_what_is_required_and_takes_defaults_for_the_rest() {
        let shelf = create(&json!({"name": "A", "places": null, "note": null})).unwrap();
        let expected = Shelf {
            id: "made".into(),
            name: "A".into(),
            places: 10,
            note: None,
            colour: "white".into(),
            labels: vec![],
            open: true,
            version: 1,
        };
        assert_eq!(shelf, expected);
        assert_eq!(
            refusal(create(&json!({}))),
            (Some("name".to_owned()), "is required".to_owned())
        );
        assert_eq!(
            refusal(create(&json!({"name": "A", "open": false}))).0.as_deref(),
            Some("open")
        );
    }

    #[test]
    fn absent_stays_null_clears_what_can_be_cleared_and_a_value_replaces() {
        let (before, changed) = patched(&json!({})).unwrap();
        assert_eq!(
            (before.places, before.note.as_deref(), changed.len()),
            (5, Some("n"), 0)
        );
        let nulls = json!({"name": null, "places": null, "open": null, "note": null, "colour": null, "labels": null});
        let (cleared, changed) = patched(&nulls).unwrap();
        let expected = Shelf {
            note: None,
            colour: "white".into(),
            labels: vec![],
            ..before
        };
        assert_eq!(cleared, expected);
        assert_eq!(changed, ["note", "colour", "labels"]);
        let values = json!({"labels": ["a", "b"], "open": false, "places": 7, "note": "m", "version": 1});
        let (replaced, changed) = patched(&values).unwrap();
        assert_eq!((replaced.places, replaced.open, replaced.labels.len()), (7, false, 2));
        assert_eq!(replaced.note.as_deref(), Some("m"));
        assert_eq!(changed, ["places", "note", "labels", "open"]);
    }

    #[test]
    fn a_secret_is_told_apart_but_not_part_of_the_object() {
        let patch = |form: &str| parse::<ShelfPatch>(form.as_bytes()).unwrap();
        assert_eq!(patch("{}").code, Member::Absent);
        assert_eq!(patch(r#"{"code": null}"#).code, Member::Null);
        assert_eq!(patch(r#"{"code": "1"}"#).code.value().map(String::as_str), Some("1"));
        assert_eq!(patch(r#"{"version": 3}"#).version, Some(3));
        assert_eq!(patch(r#"{"code": null}"#).changed(), ["code"]);
        assert_eq!(
            parse::<NewShelf>(br#"{"name": "A", "code": "1"}"#)
                .unwrap()
                .code
                .as_deref(),
            Some("1")
        );
    }

    #[test]
    fn p28_a_constraint_names_its_field_in_both_forms() {
        for (field, value, message) in [
            ("name", json!("four"), "must have at most 3 characters"),
            ("places", json!(101), "must be 1 to 100"),
            ("labels", json!(["a", "b", "c"]), "may name at most 2 labels"),
        ] {
            let expected = (Some(field.to_owned()), message.to_owned());
            assert_eq!(refusal(patched(&json!({field: value}))), expected);
            let mut form = json!({"name": "A"});
            form[field] = value;
            assert_eq!(refusal(create(&form)), expected);
        }
        assert_eq!(refusal(patched(&json!({"id": "x"}))).0.as_deref(), Some("id"), "fixed");
        assert_eq!(refusal(patched(&json!({"nmae": "x"}))).0.as_deref(), Some("nmae"));
    }
}
