//! Places for login tries: taken before a password is checked, so that parallel guesses get no more of them
//! (promise 4).

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::expression::Expression;
use super::keys;
use super::retry::Attempts;
use super::table::{TTL, Table};
use super::write::Written;
use super::{Store, StoreError};
use domain::access::throttle::{Guarded, Limit, Next, Window};

/// Attempts while others change the window.
const TRIES: u32 = 8;

/// The outcome of [`Store::take_place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginAttempt {
    Taken,
    /// Not for so many seconds.
    Full {
        seconds: u64,
    },
}

impl Store {
    /// Takes a place for one try at `now`, if `limit` has room.
    pub async fn take_place(&self, guarded: &Guarded, limit: Limit) -> Result<LoginAttempt, StoreError> {
        let now = self.clock.now();
        let key = keys::login_guard(guarded);
        let mut known = self.get::<Window>(&key).await?;
        let mut attempts = Attempts::at_most(TRIES);
        loop {
            let (change, expected) = match limit.next(known.as_ref().unwrap_or(&Window::default()), now) {
                Next::Full { seconds } => return Ok(LoginAttempt::Full { seconds }),
                Next::Count { below } => (count_by(1), same_part_below(known.as_ref(), below)),
                Next::Begin(window) => (begin(&window, limit.forgotten_at(now))?, unchanged(known.as_ref())),
            };
            match self.update_if(&key, change, expected).await? {
                Written::Done => return Ok(LoginAttempt::Taken),
                Written::Refused(current) => known = current,
            }
            attempts.overtaken()?;
        }
    }

    /// Gives back the place of a try that was no failure, while its part is the newest.
    pub async fn give_place_back(
        &self,
        guarded: &Guarded,
        limit: Limit,
        taken_at: Timestamp,
    ) -> Result<(), StoreError> {
        let some = Expression::new("#part = :part AND #newest > :none")
            .name("#part", "part")
            .name("#newest", "newest");
        let some = some.number(":part", limit.part(taken_at)).number(":none", 0);
        let _: Written<Window> = self.update_if(&keys::login_guard(guarded), count_by(-1), some).await?;
        Ok(())
    }

    /// Forgets the tries, after a success.
    pub async fn clear_places(&self, guarded: &Guarded) -> Result<(), StoreError> {
        let none = Expression::new("SET #newest = :none, #older = :nothing")
            .name("#newest", "newest")
            .name("#older", "older");
        let none = none.number(":none", 0).value(":nothing", AttributeValue::L(Vec::new()));
        let _: Written<Window> = self
            .update_if(&keys::login_guard(guarded), none, Expression::present())
            .await?;
        Ok(())
    }
}

fn count_by(step: i64) -> Expression {
    Expression::new("ADD #newest :step")
        .name("#newest", "newest")
        .number(":step", step)
}

fn begin(window: &Window, ttl: i64) -> Result<Expression, StoreError> {
    let set = Expression::new("SET #part = :begun, #newest = :first, #older = :older, #ttl = :ttl").name("#ttl", TTL);
    let set = set
        .name("#part", "part")
        .name("#newest", "newest")
        .name("#older", "older");
    let set = set
        .number(":begun", window.part)
        .number(":first", window.newest)
        .number(":ttl", ttl);
    let corrupt = |source| StoreError::Corrupt {
        entity: Table::LoginGuard.name(),
        source: Box::new(source),
    };
    Ok(set.value(
        ":older",
        serde_dynamo::to_attribute_value(&window.older).map_err(corrupt)?,
    ))
}

fn same_part_below(known: Option<&Window>, below: u64) -> Expression {
    let same = Expression::new("#part = :part AND #newest < :below")
        .name("#part", "part")
        .name("#newest", "newest");
    same.number(":part", known.map_or(0, |window| window.part))
        .number(":below", below)
}

fn unchanged(known: Option<&Window>) -> Expression {
    let Some(known) = known else {
        return Expression::absent();
    };
    let same = Expression::new("#part = :part AND #newest = :newest")
        .name("#part", "part")
        .name("#newest", "newest");
    same.number(":part", known.part).number(":newest", known.newest)
}
