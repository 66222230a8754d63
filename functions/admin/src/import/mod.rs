//! Many accounts at once, from a CSV file: each line is an account of its own, with a result of its own.
//!
//! A file may be larger than there is time for: the report says at which line the next request goes on. What was done
//! is told also when the gateway fails half-way.

mod file;
mod report;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use serde::Deserialize;
use service::http::extract::{Actor, Query};
use service::http::json::{self, Data};
use service::http::language::{Language, RefusalLanguage};
use service::http::{ApiError, Code};

use crate::app::App;
use crate::refusal::Refusal;
use crate::users::{NewUser, check_new, create_user, email_taken, ends_all};
use file::{File, Line};
use report::{Interruption, LineResult, Report};

/// Hashing takes its time: what is not begun by then is left for the next request (docs/api.md §7).
const TIME: Duration = Duration::from_secs(8);
/// The largest file (docs/api.md §7).
const MAX_FILE: usize = 5 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// Nothing is written: the report tells what would be.
    #[serde(default)]
    dry_run: bool,
    /// The line at which the request before has stopped, as its report says.
    #[serde(default)]
    from_line: u64,
}

/// `POST /api/v1/admin/users/import`
pub(crate) async fn import(
    State(app): State<App>,
    actor: Actor,
    language: RefusalLanguage,
    Query(options): Query<Options>,
    request: Request,
) -> Result<Data<Report>, ApiError> {
    let file = read_csv(request).await?;
    let importer = Importer {
        app: &app,
        actor: &actor,
        dry_run: options.dry_run,
        language: language.0,
    };
    importer.run(&file, options.from_line).await.map(Data)
}

async fn read_csv(request: Request) -> Result<File, ApiError> {
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
    File::read(&json::read_any(request, MAX_FILE).await?)
}

/// One import under way.
struct Importer<'a> {
    app: &'a App,
    actor: &'a Actor,
    dry_run: bool,
    language: Language,
}

impl Importer<'_> {
    async fn run(&self, file: &File, from_line: u64) -> Result<Report, ApiError> {
        let began = Instant::now();
        let mut report = Report::new(self.dry_run);
        // A line of a piece before may have the same address.
        let mut addresses = if self.dry_run {
            file.addresses_before(from_line)
        } else {
            HashSet::new()
        };
        let mut lines = file.lines(from_line);
        while let Some(Line { number, email, account }) = lines.next() {
            let is_late = began.elapsed() > TIME && !report.is_empty();
            let done = match account {
                _ if is_late => None,
                Ok(new) => Some(self.take(new, &mut addresses).await),
                Err(error) => Some(Err(error)),
            };
            match done {
                Some(Ok(result)) => report.add(number, result),
                Some(Err(error)) if !ends_all(&error) => {
                    let why = Refusal::new(&error, self.language);
                    report.add(number, LineResult::Refused { email, why });
                }
                Some(Err(error)) if report.is_empty() => return Err(error),
                stopped => {
                    let why = stopped.and_then(Result::err);
                    report.interrupted = why.map(|error| Interruption::new(&error, self.language));
                    report.next_line = Some(number);
                    report.skipped = 1 + lines.count();
                    break;
                }
            }
        }
        Ok(report)
    }

    /// Makes the account, or says that it could be made.
    async fn take(&self, new: NewUser, addresses: &mut HashSet<String>) -> Result<LineResult, ApiError> {
        if !self.dry_run {
            let created = create_user(self.app, self.actor, new).await?;
            return Ok(LineResult::Created {
                id: created.id,
                email: created.email,
            });
        }
        check_new(self.app, &new).await?;
        let is_first = addresses.insert(new.email.folded());
        if !is_first || self.app.store.user_by_email(&new.email).await?.is_some() {
            return Err(email_taken());
        }
        Ok(LineResult::Valid { email: new.email })
    }
}
