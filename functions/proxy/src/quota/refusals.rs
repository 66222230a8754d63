//! Refused requests are counted by reason, not recorded one by one: whoever is refused must not multiply writes.

use domain::models::refusal_reason::RefusalReason;
use domain::models::rollup::{Dimensions, Rollup};
use domain::models::sums::Sums;
use jiff::civil::Date;
use service::http::caller::ApiCaller;
use service::http::{ApiError, Dialect};

use super::usage_writer::UsageWriter;
use crate::grant::Grant;

/// Counts refusals of one caller.
pub(crate) struct Refusals<'a> {
    writer: &'a UsageWriter,
    caller: ApiCaller,
}

impl<'a> Refusals<'a> {
    pub(crate) fn of(writer: &'a UsageWriter, caller: &ApiCaller) -> Self {
        let caller = caller.clone();
        Self { writer, caller }
    }

    /// Passes `result` on, and counts it if it is a refusal. A failure of the gateway is none.
    pub(crate) async fn counted<T>(&self, grant: Option<&Grant>, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if let Err(error) = &result {
            let status = error.status(Dialect::OpenAi);
            if status.is_client_error() {
                let reason = RefusalReason::of(status.as_u16(), error.code().api_name());
                self.writer.refuse(self.row(grant, reason)).await;
            }
        }
        result
    }

    fn row(&self, grant: Option<&Grant>, reason: RefusalReason) -> Rollup {
        let ApiCaller { user, key, .. } = &self.caller;
        let of = Dimensions {
            day: Date::ZERO,
            from_hour: None,
            user: user.id.clone(),
            key: key.id.clone(),
            department: user.department.clone(),
            model: grant.map(|grant| grant.entry.model.id.clone()),
            backend: None,
        };
        let sums = Sums::of_refusal(reason);
        Rollup::one(of, Some(key.key_prefix.clone()), self.writer.now(), sums)
    }
}
