//! The operator's last word on every request of a backend: members that are taken out (`drop_fields`), and members that
//! are merged in (`extra_body`), whatever the dialect (B10.4).

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::BackendSettings;
use crate::json::{Json, Members};

/// True if the settings change requests at all.
pub fn are_set(settings: &BackendSettings) -> bool {
    !settings.drop_fields.is_empty() || !settings.extra_body.is_empty()
}

/// Changes the members of a request, and tells the fields that were there and are dropped.
pub fn apply<'s>(members: &mut Members<'_>, settings: &'s BackendSettings) -> serde_json::Result<Vec<&'s str>> {
    let mut dropped = Vec::new();
    for path in &settings.drop_fields {
        if drop_field(members, path)? {
            dropped.push(path.as_str());
        }
    }
    merge(members, &settings.extra_body)?;
    Ok(dropped)
}

/// Takes out the member at `path`; false if there is none.
fn drop_field(members: &mut Members<'_>, path: &str) -> serde_json::Result<bool> {
    let Some((head, rest)) = path.split_once('.') else {
        let count = members.0.len();
        members.0.retain(|(name, _)| name != path);
        return Ok(members.0.len() < count);
    };
    let Some((_, value)) = members.0.iter_mut().find(|(name, _)| name == head) else {
        return Ok(false);
    };
    let Ok(mut inner) = serde_json::from_str::<Members<'_>>(value.get()) else {
        return Ok(false);
    };
    let dropped = drop_field(&mut inner, rest)?;
    if dropped {
        let fitted = to_raw_value(&inner)?;
        *value = Cow::Owned(fitted);
    }
    Ok(dropped)
}

fn merge(members: &mut Members<'_>, extra: &Map<String, Value>) -> serde_json::Result<()> {
    for (name, value) in extra {
        let value = merged(members.get(name), value)?;
        members.set(Cow::Owned(name.clone()), value);
    }
    Ok(())
}

/// The operator's value on top of what is there: objects key by key, everything else replaced.
fn merged<'a>(base: Option<&RawValue>, extra: &Value) -> serde_json::Result<Json<'a>> {
    if let (Some(base), Value::Object(extra)) = (base, extra)
        && let Ok(mut members) = serde_json::from_str::<Members<'_>>(base.get())
    {
        merge(&mut members, extra)?;
        return owned(&members);
    }
    owned(extra)
}

fn owned<'a>(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Json<'a>> {
    Ok(Cow::Owned(to_raw_value(value)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b10_4_fields_are_dropped_and_merged_and_the_rest_stays_as_it_was_written() {
        let settings: BackendSettings = serde_json::from_str(
            r#"{"drop_fields":["context_management","output_config.format","a.b.c","x"],"extra_body":{"t":1,"output_config":{"e":2}}}"#,
        )
        .unwrap();
        let body = r#"{"m":1.0,"context_management":{},"output_config":{"format":7,"effort":"low"},"a":5}"#;
        let mut members: Members<'_> = serde_json::from_str(body).unwrap();
        let dropped = apply(&mut members, &settings).unwrap();
        assert_eq!(dropped, ["context_management", "output_config.format"]);
        assert_eq!(
            serde_json::to_string(&members).unwrap(),
            r#"{"m":1.0,"output_config":{"effort":"low","e":2},"a":5,"t":1}"#
        );
        assert!(are_set(&settings) && !are_set(&BackendSettings::default()));
    }
}
