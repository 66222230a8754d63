//! The limits of the database for JSON that administrators write freely. All else of an object has a type that fits.

use serde_json::Value;

/// Levels of lists and objects. `DynamoDB` has 32, of which the audit trail needs some around the value.
const MAX_DEPTH: usize = 20;
/// The magnitudes of `DynamoDB`'s numbers, besides 0: 1E-130 to 9.9…E+125.
const MAGNITUDES: std::ops::Range<f64> = 1e-130..1e126;

/// Refuses a member that the database cannot hold. The error is the message for whoever has sent it.
pub(crate) fn check_member(name: &str, value: &Value) -> Result<(), String> {
    if name.is_empty() {
        return Err("must not have a member without a name".to_owned());
    }
    check(name, value, MAX_DEPTH)
}

fn check(name: &str, value: &Value, levels: usize) -> Result<(), String> {
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => Err(format!(
            "`{name}` must have at most {MAX_DEPTH} levels of lists and objects"
        )),
        Value::Array(items) => items.iter().try_for_each(|item| check(name, item, levels - 1)),
        Value::Object(members) if members.contains_key("") => {
            Err(format!("`{name}` must not have a member without a name, at any depth"))
        }
        Value::Object(members) => members.values().try_for_each(|member| check(name, member, levels - 1)),
        Value::Number(number) => match number.as_f64() {
            Some(number) if number == 0.0 || MAGNITUDES.contains(&number.abs()) => Ok(()),
            _ => Err(format!(
                "`{name}` must have numbers of at most 1E+125, and not below 1E-130"
            )),
        },
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_database_cannot_hold_is_refused() {
        let nested = |levels| (0..levels).fold(json!(1), |inner, _| json!([inner]));
        for good in [
            json!(null),
            json!(0),
            json!(0.0),
            json!(u64::MAX),
            json!(-1e125),
            nested(MAX_DEPTH),
        ] {
            assert_eq!(check_member("a", &good), Ok(()), "{good}");
        }
        for bad in [
            json!({"": 1}),
            json!([{"a": {"": 1}}]),
            json!(1e200),
            json!(-1e-200),
            nested(MAX_DEPTH + 1),
        ] {
            assert!(check_member("a", &bad).is_err(), "{bad}");
        }
        assert!(check_member("", &json!(1)).is_err());
    }
}
