//! A file of people is refused, or its rows have the lines that an editor shows; and no cell of a table is a formula.

#![no_main]

use domain::csv::{BOM, Columns, File, cell};
use libfuzzer_sys::fuzz_target;

const COLUMNS: Columns = Columns {
    known: &["email", "name", "role"],
    needed: &["email"],
};

/// The first line of each row, and what is in it.
fn rows(file: &File, from_line: u64) -> Vec<(u64, Vec<Option<String>>)> {
    let fields = |row: &domain::csv::Row<'_>| {
        COLUMNS
            .known
            .iter()
            .map(|name| row.field(name).map(str::to_owned))
            .collect()
    };
    file.rows(from_line).map(|row| (row.line, fields(&row))).collect()
}

/// Lines are in order, begin with what is no empty line, and any of them is a place to go on from.
fn check_lines(text: &str, file: &File) {
    let rows = rows(file, 0);
    let text = text.trim_start_matches(BOM).replace("\r\n", "\n").replace('\r', "\n");
    let lines: Vec<&str> = text.split('\n').collect();
    let mut before = 1;
    for (place, (line, _)) in rows.iter().enumerate() {
        assert!(*line > before, "line {line} follows line {before}");
        let content = lines[usize::try_from(*line).unwrap() - 1];
        assert!(!content.is_empty(), "line {line} is empty");
        before = *line;
        if place < 4 {
            assert_eq!(self::rows(file, *line), rows[place..]);
        }
    }
}

/// A reader finds the text that was written, with at most an apostrophe in front of it.
fn check_cell(text: &str) {
    let written = cell(text);
    assert!(*written == *text || *written == *format!("'{text}"));
    let begins = written.trim_start_matches(|character: char| character.is_whitespace() || character == BOM);
    assert!(!begins.starts_with(['=', '+', '-', '@']), "{written:?} is a formula");
    let mut writer = csv::Writer::from_writer(Vec::new());
    // A table begins with its columns; a mark of the byte order is no part of what it begins with.
    writer.write_record(["text", "last"]).unwrap();
    writer.write_record([&*written, "end"]).unwrap();
    let table = writer.into_inner().unwrap();
    let mut reader = csv::Reader::from_reader(&*table);
    let read: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(read.len(), 1);
    assert_eq!(&read[0], &[&*written, "end"][..]);
}

fuzz_target!(|input: &[u8]| {
    let file = File::read(input, COLUMNS);
    let Ok(text) = str::from_utf8(input) else {
        assert!(file.is_err());
        return;
    };
    check_cell(text);
    let Ok(file) = file else { return };
    check_lines(text, &file);
    // Whichever line ends the file has, its rows are the same.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for end in ["\n", "\r\n", "\r"] {
        let other = File::read(text.replace('\n', end).as_bytes(), COLUMNS).unwrap();
        assert_eq!(rows(&other, 0), rows(&file, 0));
    }
});
