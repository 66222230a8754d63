//! Many accounts at once, from a CSV file: each line is an account of its own, with a result of its own.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use domain::models::user::Role;
use domain::models::{DisplayName, Email, PolicyName, UserId};
use serde::de::IntoDeserializer as _;
use serde::de::value::StrDeserializer;
use serde::{Deserialize as _, Serialize};
use service::http::extract::Actor;
use service::http::json::{self, Data};
use service::http::{ApiError, Code, Dialect};

use crate::app::App;
use crate::users::{NewUser, create_user};

/// Hashing takes its time: what is not begun by then is left for the next import (docs/api.md §7).
const TIME: Duration = Duration::from_secs(8);
const COLUMNS: [&str; 6] = ["email", "password", "name", "role", "department", "quota_policy"];

#[derive(Default, Serialize)]
pub(crate) struct Report {
    created: usize,
    refused: usize,
    skipped: usize,
    lines: Vec<LineReport>,
}

/// The result of one line.
#[derive(Serialize)]
struct LineReport {
    /// Counted from 1, the header line included, as editors do.
    line: u64,
    #[serde(flatten)]
    result: LineResult,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum LineResult {
    Created {
        id: UserId,
        email: Email,
    },
    Refused {
        code: &'static str,
        field: Option<String>,
        message: String,
    },
    /// There was no time left; nothing was done.
    Skipped,
}

/// `POST /api/v1/admin/users/import`
pub(crate) async fn import(State(app): State<App>, actor: Actor, request: Request) -> Result<Data<Report>, ApiError> {
    let file = read_csv(request).await?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file.as_bytes());
    let columns = reader.headers().map_err(|_| no_csv())?.clone();
    check_columns(&columns)?;
    let started = Instant::now();
    let mut report = Report::default();
    for record in reader.records() {
        let line = record
            .as_ref()
            .map_or_else(csv::Error::position, csv::StringRecord::position)
            .map_or(0, csv::Position::line);
        let result = match record
            .map_err(|_| wrong_length())
            .and_then(|record| parse(&columns, &record))
        {
            _ if started.elapsed() > TIME => LineResult::Skipped,
            Ok(new) => create(&app, &actor, new).await?,
            Err(error) => LineResult::refused(&error),
        };
        report.add(LineReport { line, result });
    }
    Ok(Data(report))
}

async fn read_csv(request: Request) -> Result<String, ApiError> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !["text/csv", "application/csv"]
        .iter()
        .any(|accepted| essence.eq_ignore_ascii_case(accepted))
    {
        return Err(ApiError::new(Code::UnsupportedMediaType, "the body must be text/csv"));
    }
    let bytes = json::read_any(request, json::MAX_MANAGEMENT_BODY).await?;
    // One kind of line end, so that lines are counted as editors do.
    str::from_utf8(&bytes)
        .map(|text| text.replace("\r\n", "\n"))
        .map_err(|_| no_csv())
}

/// The columns may stand in any order, and those that are not needed may be missing.
fn check_columns(headers: &csv::StringRecord) -> Result<(), ApiError> {
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

/// The account of a line; an empty field is an absent one.
fn parse(columns: &csv::StringRecord, record: &csv::StringRecord) -> Result<NewUser, ApiError> {
    let text = |column| {
        columns
            .iter()
            .zip(record)
            .find(|(name, _)| *name == column)
            .map(|(_, text)| text)
            .filter(|text| !text.is_empty())
    };
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

fn role(text: &str) -> Result<Role, ApiError> {
    let text: StrDeserializer<'_, serde::de::value::Error> = text.into_deserializer();
    Role::deserialize(text).map_err(|_| wrong("role", "must be admin, manager or user"))
}

/// An error of the line is part of the report; an error of the gateway ends the import.
async fn create(app: &App, actor: &Actor, new: NewUser) -> Result<LineResult, ApiError> {
    match create_user(app, actor, new).await {
        Ok(created) => Ok(LineResult::Created {
            id: created.id,
            email: created.email,
        }),
        Err(error) if error.status(Dialect::Management).is_server_error() => Err(error),
        Err(error) => Ok(LineResult::refused(&error)),
    }
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

impl LineResult {
    fn refused(error: &ApiError) -> Self {
        let field = error.field_name().map(ToOwned::to_owned);
        Self::Refused {
            code: error.code().name(),
            field,
            message: error.message().to_owned(),
        }
    }
}

impl Report {
    fn add(&mut self, line: LineReport) {
        match line.result {
            LineResult::Created { .. } => self.created += 1,
            LineResult::Refused { .. } => self.refused += 1,
            LineResult::Skipped => self.skipped += 1,
        }
        self.lines.push(line);
    }
}
