//! The file of an import, line by line: who each line names.

use std::collections::HashSet;

use domain::csv::{Columns, File as Csv, FileError, Row};
use domain::models::user::Role;
use domain::models::{DisplayName, Email, PolicyName};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::StrDeserializer;
use service::http::error::shown;
use service::http::{ApiError, Code};

use crate::users::NewUser;

const COLUMNS: Columns = Columns {
    known: &["email", "password", "name", "role", "department", "quota_policy"],
    needed: &["email", "name"],
};

pub(super) struct File(Csv);

/// One row of a file.
pub(super) struct Line {
    pub(super) number: u64,
    /// The text in the place of the address, also if it is none.
    pub(super) email: Option<String>,
    pub(super) account: Result<NewUser, ApiError>,
}

impl File {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ApiError> {
        Csv::read(bytes, COLUMNS).map(Self).map_err(|error| refused(&error))
    }

    /// The rows from this line on.
    pub(super) fn lines(&self, from_line: u64) -> impl Iterator<Item = Line> {
        self.0.rows(from_line).map(|row| Line {
            number: row.line,
            email: row.field("email").map(|email| shown(email).into_owned()),
            account: account(&row),
        })
    }

    /// The folded addresses of the accounts before this line.
    pub(super) fn addresses_before(&self, number: u64) -> HashSet<String> {
        let before = self.lines(0).take_while(|line| line.number < number);
        let accounts = before.filter_map(|line| line.account.ok());
        accounts.map(|new| new.email.folded()).collect()
    }
}

fn account(row: &Row<'_>) -> Result<NewUser, ApiError> {
    if !row.is_whole() {
        return Err(wrong_length());
    }
    let text = |column| row.field(column);
    Ok(NewUser {
        kind: None,
        email: Email::parse(text("email").unwrap_or_default()).map_err(|error| wrong("email", error))?,
        password: text("password").map(ToOwned::to_owned),
        name: DisplayName::parse(text("name").unwrap_or_default()).map_err(|error| wrong("name", error))?,
        role: text("role").map(role).transpose()?,
        department: text("department")
            .map(DisplayName::parse)
            .transpose()
            .map_err(|error| wrong("department", error))?,
        quota_policy: text("quota_policy")
            .map(PolicyName::parse)
            .transpose()
            .map_err(|error| wrong("quota_policy", error))?,
        status: None,
    })
}

fn role(text: &str) -> Result<Role, ApiError> {
    let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
    Role::deserialize(text).map_err(|_| wrong("role", "must be admin, manager or user"))
}

fn wrong(field: &str, why: impl ToString) -> ApiError {
    ApiError::invalid(field, why.to_string())
}

fn wrong_length() -> ApiError {
    ApiError::new(
        Code::InvalidValue,
        "the line has more or fewer fields than the first one",
    )
}

fn refused(error: &FileError) -> ApiError {
    let columns = COLUMNS.known.join(",");
    match error {
        FileError::Form => ApiError::new(Code::InvalidValue, "the body is not CSV in UTF-8"),
        FileError::Unknown(column) => wrong(&shown(column), format!("the columns are {columns}")),
        FileError::Twice(column) => wrong(column, "the first line must name each column once"),
        FileError::Missing(column) => wrong(column, format!("the first line must name the columns: {columns}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn op7_the_addresses_before_a_line_are_known() {
        let file = File::read(b"email,name\na@b.c,A\n\nb@b.c,B\nc@b.c,C\n").unwrap();
        assert_eq!(file.addresses_before(5).len(), 2);
        assert!(file.addresses_before(0).is_empty());
    }

    #[test]
    fn ha18_a_long_name_of_a_column_is_shown_in_part() {
        let file = format!("email,name,{}\n", "x".repeat(1000));
        let error = File::read(file.as_bytes()).err().unwrap();
        assert!(format!("{error:?}").len() < 500, "{error:?}");
    }
}
