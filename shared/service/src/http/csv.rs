//! Lists as tables: CSV (RFC 4180) for requests that accept `text/csv`, and JSON for everybody else.

use axum::response::{IntoResponse, Response};
use domain::csv::{BOM, cell as csv_text};
use http::HeaderName;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use serde::Serialize;
use serde_json::Value;

use super::ApiError;
use super::accept::Format;
use super::page::List;

/// Where a CSV response has what JSON calls `next_cursor`.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

/// A list whose entries are rows of these columns.
pub struct Table<T> {
    pub list: List<T>,
    pub columns: Vec<&'static str>,
    /// Of the file, without `.csv`.
    pub name: &'static str,
}

impl<T: Serialize> Table<T> {
    /// The response in this format.
    pub fn respond(self, format: Format) -> Result<Response, ApiError> {
        let mut response = match format {
            Format::Json => self.list.into_response(),
            Format::Csv { has_bom } => self.into_csv(has_bom)?,
        };
        response
            .headers_mut()
            .insert(VARY, http::HeaderValue::from_static("accept, accept-language"));
        Ok(response)
    }

    fn into_csv(self, has_bom: bool) -> Result<Response, ApiError> {
        let start = if has_bom { BOM.to_string() } else { String::new() };
        let mut csv = csv::Writer::from_writer(start.into_bytes());
        csv.write_record(&self.columns).map_err(ApiError::internal)?;
        let names = serde_json::to_value(&self.list.names).map_err(ApiError::internal)?;
        for entry in &self.list.data {
            let row = serde_json::to_value(entry).map_err(ApiError::internal)?;
            csv.write_record(self.columns.iter().map(|column| cell(value(&row, &names, column))))
                .map_err(ApiError::internal)?;
        }
        let file = csv
            .into_inner()
            .map_err(|error| ApiError::internal(error.into_error()))?;
        let name = format!("attachment; filename=\"{}.csv\"", self.name);
        let mut response = (
            [
                (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
                (CONTENT_DISPOSITION, name),
            ],
            file,
        )
            .into_response();
        if let Some(cursor) = self.list.next_cursor.and_then(|cursor| cursor.try_into().ok()) {
            response.headers_mut().insert(NEXT_CURSOR, cursor);
        }
        Ok(response)
    }
}

/// The value of a column: a member of the row, one of an object in it (`a.b`), or the name that belongs to one of its
/// ids (`user_name`).
fn value<'a>(row: &'a Value, names: &'a Value, column: &str) -> &'a Value {
    if let Some(value) = row.get(column) {
        return value;
    }
    if let Some((object, member)) = column.split_once('.') {
        return &row[object][member];
    }
    let (id, member) = column.rsplit_once('_').unwrap_or_default();
    row[id].as_str().map_or(&Value::Null, |id| &names[id][member])
}

/// A value as a spreadsheet reads it, and does not run it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Array(values) if values.is_empty() => String::new(),
        Value::String(text) => csv_text(text).into_owned(),
        // Without an exponent, as all spreadsheets read it.
        Value::Number(number) => number
            .as_f64()
            .filter(|_| number.is_f64())
            .map_or_else(|| number.to_string(), |float| float.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_is_what_a_spreadsheet_reads() {
        for (value, text) in [
            (json!(null), ""),
            (json!("a=b"), "a=b"),
            (json!("=1+1"), "'=1+1"),
            (json!([]), ""),
            (json!([{"a": 1}]), "[{\"a\":1}]"),
            (json!(true), "true"),
            (json!(-3), "-3"),
            (json!(0.000_001), "0.000001"),
            (json!(2.0), "2"),
            (json!(u64::MAX), "18446744073709551615"),
        ] {
            assert_eq!(cell(&value), text);
        }
    }

    #[tokio::test]
    async fn cells_are_quoted_where_they_must_be() {
        let list = List::whole(vec![
            json!({"a": "x,\"y\"", "b": 1}),
            json!({"a": "line\nbreak", "b": null}),
        ]);
        let response = Table {
            list,
            columns: vec!["a", "b"],
            name: "t",
        }
        .respond(Format::Csv { has_bom: false })
        .unwrap();
        let body = axum::body::to_bytes(response.into_body(), 1000).await.unwrap();
        assert_eq!(body, "a,b\n\"x,\"\"y\"\"\",1\n\"line\nbreak\",\n");
    }

    #[test]
    fn op6_columns_of_names_are_those_of_the_row_s_ids() {
        let row = json!({"user": "u", "key": null, "first_byte_ms": {"p50": 3}, "user_email": null});
        let names = json!({"u": {"name": "Ann", "email": "a@b.c"}});
        for (column, expected) in [
            ("user_name", json!("Ann")),
            ("user_email", json!(null)),
            ("key_name", json!(null)),
            ("backend_name", json!(null)),
            ("first_byte_ms.p50", json!(3)),
            ("first_byte_ms.p95", json!(null)),
        ] {
            assert_eq!(*value(&row, &names, column), expected, "{column}");
        }
        assert_eq!(*value(&row, &Value::Null, "user_name"), Value::Null);
    }
}
