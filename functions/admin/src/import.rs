//! Many accounts at once, from a CSV file: each line is an account of its own, and the answer tells of each.

use std::time::{Duration, Instant};

use axum::extract::{Request, State as Shared};
use axum::http::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use shared::http::extract::Actor;
use shared::http::json::{self, Data};
use shared::http::{ApiError, Code, Dialect};
use shared::models::user::Role;
use shared::models::{DisplayName, Email, PolicyName, UserId};

use crate::State;
use crate::users::{NewUser, create_user};

/// Hashing takes its time: what is not begun by then is left for the next import (security-reliability §15).
const TIME: Duration = Duration::from_secs(8);
const COLUMNS: [&str; 6] = ["email", "password", "name", "role", "department", "quota_policy"];

/// A line of the file; an empty field is an absent one.
#[derive(Deserialize)]
struct Line {
    email: Email,
    password: Option<String>,
    name: DisplayName,
    role: Option<Role>,
    department: Option<DisplayName>,
    quota_policy: Option<PolicyName>,
}

#[derive(Default, Serialize)]
pub(crate) struct Report {
    created: usize,
    refused: usize,
    skipped: usize,
    lines: Vec<LineReport>,
}

/// What became of one line.
#[derive(Serialize)]
struct LineReport {
    /// As an editor counts, from 1, the header line included.
    line: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Outcome {
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
pub(crate) async fn import(Shared(state): Shared<State>, actor: Actor, request: Request) -> Result<Data<Report>, ApiError> {
    let file = read_csv(request).await?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file.as_ref());
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    check_columns(&headers)?;
    let started = Instant::now();
    let mut report = Report::default();
    for record in reader.records() {
        let number = record.as_ref().map_or_else(csv::Error::position, csv::StringRecord::position).map_or(0, csv::Position::line);
        let line = record.and_then(|record| record.deserialize::<Line>(Some(&headers)));
        let outcome = match line {
            _ if started.elapsed() > TIME => Outcome::Skipped,
            Ok(line) => create(&state, &actor, line).await?,
            Err(error) => Outcome::refused(&wrong_line(&error, &headers)),
        };
        report.add(LineReport { line: number, outcome });
    }
    Ok(Data(report))
}

async fn read_csv(request: Request) -> Result<bytes::Bytes, ApiError> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/csv");
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !["text/csv", "text/plain", "application/csv"].iter().any(|accepted| essence.eq_ignore_ascii_case(accepted)) {
        return Err(ApiError::new(Code::UnsupportedMediaType, "the body must be text/csv"));
    }
    json::read_any(request, json::MAX_MANAGEMENT_BODY).await
}

/// The columns may stand in any order, and those that are not needed may be missing.
fn check_columns(headers: &csv::StringRecord) -> Result<(), ApiError> {
    if let Some(unknown) = headers.iter().find(|column| !COLUMNS.contains(column)) {
        return Err(ApiError::invalid(unknown, format!("the columns are {}", COLUMNS.join(","))));
    }
    match ["email", "name"].into_iter().find(|needed| !headers.iter().any(|column| column == *needed)) {
        Some(missing) => Err(ApiError::invalid(missing, format!("the first line must name the columns: {}", COLUMNS.join(",")))),
        None => Ok(()),
    }
}

/// What is wrong with the line is part of the report; what is wrong with us ends the import.
async fn create(state: &State, actor: &Actor, line: Line) -> Result<Outcome, ApiError> {
    let Line { email, password, name, role, department, quota_policy } = line;
    let role = role.unwrap_or(Role::User);
    let new = NewUser { email, password, name, role, department, quota_policy, status: None };
    match create_user(state, actor, new).await {
        Ok(created) => Ok(Outcome::Created { id: created.id, email: created.email }),
        Err(error) if error.status(Dialect::Management).is_server_error() => Err(error),
        Err(error) => Ok(Outcome::refused(&error)),
    }
}

fn unreadable(error: &csv::Error) -> ApiError {
    ApiError::new(Code::InvalidValue, format!("the body is not CSV in UTF-8: {error}"))
}

/// Names the column where it is one field's fault. The field's text is not repeated: it may be a password.
fn wrong_line(error: &csv::Error, headers: &csv::StringRecord) -> ApiError {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => {
            let column = err.field().and_then(|field| headers.get(usize::try_from(field).ok()?));
            let refusal = ApiError::new(Code::InvalidValue, "the value is not allowed here");
            column.map_or_else(|| refusal.clone(), |column| refusal.clone().field(column))
        }
        csv::ErrorKind::UnequalLengths { .. } => ApiError::new(Code::InvalidValue, "the line has more or fewer fields than the first one"),
        _ => ApiError::new(Code::InvalidValue, "the line is not CSV in UTF-8"),
    }
}

impl Outcome {
    fn refused(error: &ApiError) -> Self {
        let field = error.field_name().map(ToOwned::to_owned);
        Self::Refused { code: error.code().name(), field, message: error.message().to_owned() }
    }
}

impl Report {
    fn add(&mut self, line: LineReport) {
        match line.outcome {
            Outcome::Created { .. } => self.created += 1,
            Outcome::Refused { .. } => self.refused += 1,
            Outcome::Skipped => self.skipped += 1,
        }
        self.lines.push(line);
    }
}
