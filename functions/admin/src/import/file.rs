//! The file of an import: CSV in UTF-8, whose lines are counted as editors do.

use std::collections::HashSet;

use csv::{Position, Reader, ReaderBuilder, StringRecord, Trim};
use domain::models::user::Role;
use domain::models::{DisplayName, Email, PolicyName};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::StrDeserializer;
use service::http::error::shown;
use service::http::{ApiError, Code};

use crate::users::NewUser;

const COLUMNS: [&str; 6] = ["email", "password", "name", "role", "department", "quota_policy"];
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// A file whose first line names its columns.
pub(super) struct File {
    /// The whole text, with one kind of line end.
    text: String,
    columns: StringRecord,
}

/// One row of a file.
pub(super) struct Row {
    /// The number of its first line, counted from 1, the line of the columns included.
    pub(super) line: u64,
    /// The text in the place of the address, also if it is none.
    pub(super) email: Option<String>,
    pub(super) account: Result<NewUser, ApiError>,
}

impl File {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ApiError> {
        let text = str::from_utf8(bytes).map_err(|_| no_csv())?;
        let text = text.trim_start_matches(BYTE_ORDER_MARK);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let columns = reader(&text).headers().map_err(|_| no_csv())?.clone();
        check_columns(&columns)?;
        Ok(Self { text, columns })
    }

    /// The rows from this line on.
    pub(super) fn rows(&self, from_line: u64) -> impl Iterator<Item = Row> {
        let records = reader(&self.text).into_records();
        records
            .map(|record| self.row(record))
            .filter(move |row| row.line >= from_line)
    }

    /// The folded addresses of the accounts before this line.
    pub(super) fn addresses_before(&self, line: u64) -> HashSet<String> {
        let before = self.rows(0).take_while(|row| row.line < line);
        let accounts = before.filter_map(|row| row.account.ok());
        accounts.map(|new| new.email.folded()).collect()
    }

    fn row(&self, record: csv::Result<StringRecord>) -> Row {
        let position = record
            .as_ref()
            .map_or_else(csv::Error::position, StringRecord::position);
        let line = position.map_or(0, |position| self.line(position));
        let email = record.as_ref().ok().and_then(|record| self.field(record, "email"));
        Row {
            line,
            email: email.map(|email| shown(email).into_owned()),
            account: record
                .map_err(|_| wrong_length())
                .and_then(|record| self.account(&record)),
        }
    }

    /// The line that a record begins in: the reader's position is before the empty lines that it skips.
    fn line(&self, position: &Position) -> u64 {
        let begun = usize::try_from(position.byte())
            .ok()
            .and_then(|byte| self.text.get(byte..));
        let skipped = begun
            .unwrap_or_default()
            .chars()
            .take_while(|character| *character == '\n');
        position.line() + skipped.count() as u64
    }

    /// A field of a record; an empty one is an absent one.
    fn field<'a>(&self, record: &'a StringRecord, column: &str) -> Option<&'a str> {
        let place = self.columns.iter().position(|name| name == column)?;
        record.get(place).filter(|text| !text.is_empty())
    }

    /// The account of a record.
    fn account(&self, record: &StringRecord) -> Result<NewUser, ApiError> {
        let text = |column| self.field(record, column);
        Ok(NewUser {
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
}

fn reader(text: &str) -> Reader<&[u8]> {
    ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes())
}

/// The columns may stand in any order, and those that are not needed may be missing.
fn check_columns(headers: &StringRecord) -> Result<(), ApiError> {
    if let Some(unknown) = headers.iter().find(|column| !COLUMNS.contains(column)) {
        return Err(ApiError::invalid(
            unknown,
            format!("the columns are {}", COLUMNS.join(",")),
        ));
    }
    match ["email", "name"]
        .into_iter()
        .find(|needed| !headers.iter().any(|column| column == *needed))
    {
        Some(missing) => Err(ApiError::invalid(
            missing,
            format!("the first line must name the columns: {}", COLUMNS.join(",")),
        )),
        None => Ok(()),
    }
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

fn no_csv() -> ApiError {
    ApiError::new(Code::InvalidValue, "the body is not CSV in UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(u64, Option<String>)> {
        let file = File::read(text.as_bytes()).unwrap();
        file.rows(0).map(|row| (row.line, row.email)).collect()
    }

    #[test]
    fn op7_lines_are_counted_as_editors_do() {
        let at = |line: u64, email: &str| (line, Some(email.to_owned()));
        for end in ["\n", "\r\n", "\r"] {
            let text = ["email,name", "a@b.c,A", "", "", "b@b.c,\"two", "lines\"", "c@b.c,C", ""].join(end);
            assert_eq!(
                lines(&text),
                [at(2, "a@b.c"), at(5, "b@b.c"), at(7, "c@b.c")],
                "{}",
                end.escape_debug()
            );
        }
        assert_eq!(lines("\u{feff}email,name\na@b.c,A\n"), [at(2, "a@b.c")]);
        assert_eq!(lines("\n\nemail,name\n\na@b.c,A"), [at(5, "a@b.c")]);
        assert_eq!(
            lines("email,name\na@b.c\nno address,B\n"),
            [(2, None), at(3, "no address")]
        );
    }

    #[test]
    fn op7_a_file_is_taken_up_at_a_line() {
        let file = File::read(b"email,name\na@b.c,A\n\nb@b.c,B\nc@b.c,C\n").unwrap();
        let from = |line| file.rows(line).map(|row| row.line).collect::<Vec<_>>();
        assert_eq!(
            (from(2), from(3), from(5), from(6)),
            (vec![2, 4, 5], vec![4, 5], vec![5], vec![])
        );
        assert_eq!(file.addresses_before(5).len(), 2);
        assert!(file.addresses_before(0).is_empty());
    }
}
