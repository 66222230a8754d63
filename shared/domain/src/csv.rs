//! Tables as CSV (RFC 4180): files that people hand in, with lines counted as editors do, and texts in cells that no
//! spreadsheet runs.

use std::borrow::Cow;

use csv::{Position, Reader, ReaderBuilder, StringRecord, Trim};

/// The byte order mark, by which a spreadsheet knows UTF-8.
pub const BOM: char = '\u{feff}';

/// A file whose first line names its columns.
#[derive(Clone, Debug)]
pub struct File {
    /// The whole text, with one kind of line end.
    text: String,
    columns: StringRecord,
}

/// The columns that a file may have, in any order, and those that it must have.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    pub known: &'static [&'static str],
    pub needed: &'static [&'static str],
}

/// Why a text is no such file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// It is not in UTF-8.
    Form,
    /// Its first line names a column that there is not.
    Unknown(String),
    Twice(&'static str),
    Missing(&'static str),
}

/// One row of a file.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// The number of its first line, counted from 1, the line of the columns included.
    pub line: u64,
    columns: &'a StringRecord,
    /// `None` for a row that has more or fewer fields than there are columns.
    record: Option<StringRecord>,
}

impl File {
    pub fn read(bytes: &[u8], columns: Columns) -> Result<Self, FileError> {
        let text = str::from_utf8(bytes).map_err(|_| FileError::Form)?;
        let text = text.trim_start_matches(BOM);
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let named = reader(&text).headers().map_err(|_| FileError::Form)?.clone();
        columns.check(&named)?;
        Ok(Self { text, columns: named })
    }

    /// The rows from this line on.
    pub fn rows(&self, from_line: u64) -> impl Iterator<Item = Row<'_>> {
        let records = reader(&self.text).into_records();
        records
            .map(|record| self.row(record))
            .filter(move |row| row.line >= from_line)
    }

    fn row(&self, record: csv::Result<StringRecord>) -> Row<'_> {
        let position = record
            .as_ref()
            .map_or_else(csv::Error::position, StringRecord::position);
        Row {
            line: position.map_or(0, |position| self.line(position)),
            columns: &self.columns,
            record: record.ok(),
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
}

impl Columns {
    fn check(self, named: &StringRecord) -> Result<(), FileError> {
        let is_known = |column: &&str| self.known.contains(column);
        if let Some(unknown) = named.iter().find(|column| !is_known(column)) {
            return Err(FileError::Unknown(unknown.to_owned()));
        }
        let times = |column: &str| named.iter().filter(|name| *name == column).count();
        if let Some(twice) = self.known.iter().find(|column| times(column) > 1) {
            return Err(FileError::Twice(twice));
        }
        match self.needed.iter().find(|column| times(column) == 0) {
            Some(missing) => Err(FileError::Missing(missing)),
            None => Ok(()),
        }
    }
}

impl Row<'_> {
    /// True if the row has a field for each column.
    pub fn is_whole(&self) -> bool {
        self.record.is_some()
    }

    /// The field in this column; an empty one is an absent one.
    pub fn field(&self, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|name| name == column)?;
        let text = self.record.as_ref()?.get(place)?;
        (!text.is_empty()).then_some(text)
    }
}

fn reader(text: &str) -> Reader<&[u8]> {
    ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes())
}

/// The text as a cell. One that a spreadsheet would take for a formula gets an apostrophe in front
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
pub fn cell(text: &str) -> Cow<'_, str> {
    if is_formula(text) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// True for a text that some spreadsheet runs: also behind blanks, which it skips, and with the wide forms of East
/// Asian keyboards, which it narrows.
fn is_formula(text: &str) -> bool {
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start_matches(|character: char| character.is_whitespace() || character == BOM)
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns = Columns {
        known: &["email", "name", "role"],
        needed: &["email", "name"],
    };

    fn lines(text: &str) -> Vec<(u64, Option<String>)> {
        let file = File::read(text.as_bytes(), COLUMNS).unwrap();
        file.rows(0)
            .map(|row| (row.line, row.field("email").map(ToOwned::to_owned)))
            .collect()
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
        let file = File::read(b"email,name\na@b.c,A\n\nb@b.c,B\nc@b.c,C\n", COLUMNS).unwrap();
        let from = |line| file.rows(line).map(|row| row.line).collect::<Vec<_>>();
        assert_eq!(
            (from(2), from(3), from(5), from(6)),
            (vec![2, 4, 5], vec![4, 5], vec![5], vec![])
        );
    }

    #[test]
    fn p78_a_column_is_named_once_and_known() {
        let error = |text: &str| File::read(text.as_bytes(), COLUMNS).unwrap_err();
        assert_eq!(error("email,name,email\n"), FileError::Twice("email"));
        assert_eq!(error("email,name,age\n"), FileError::Unknown("age".to_owned()));
        assert_eq!(error("email,name,\n"), FileError::Unknown(String::new()));
        assert_eq!(error("role,email\n"), FileError::Missing("name"));
        assert_eq!(error(""), FileError::Missing("email"));
        assert_eq!(File::read(b"email,name\n\xff", COLUMNS).unwrap_err(), FileError::Form);
    }

    #[test]
    fn a_spreadsheet_finds_no_formula_in_a_cell() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n1",
            " =1",
            "\u{feff}=1",
            "＝1+1",
            "＠SUM(A1)",
        ] {
            assert_eq!(cell(formula), format!("'{formula}"));
        }
        for text in ["", "a=b", "'=1", "1"] {
            assert_eq!(cell(text), text);
        }
    }
}
