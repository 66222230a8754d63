//! Calls and their results: each has the other, in the next turn, and results stand in the order of the calls
//! (OR5, OR6).

use super::error::{At, RequestError};
use super::turns::{Call, ToolResult, Turn, UserTurn};

/// Refuses a history that no backend could follow, and sorts each turn's results.
pub(super) fn pair(turns: &mut [Turn<'_>]) -> Result<(), RequestError> {
    let mut calls: &[Call<'_>] = &[];
    let mut asked_at = 0;
    for turn in turns {
        match turn {
            Turn::User(turn) => {
                answer(calls, asked_at, turn)?;
                calls = &[];
            }
            Turn::Assistant(turn) => {
                unanswered(calls, asked_at)?;
                distinct(&turn.calls, turn.index)?;
                calls = &turn.calls;
                asked_at = turn.index;
            }
            Turn::System(_) => {}
        }
    }
    unanswered(calls, asked_at)
}

fn answer(
    calls: &[Call<'_>],
    asked_at: usize,
    turn: &mut UserTurn<'_>,
) -> Result<(), RequestError> {
    let mut given = std::mem::take(&mut turn.results);
    for call in calls {
        let Some(position) = given.iter().position(|result| result.call_id == call.id) else {
            return Err(no_result(call, asked_at));
        };
        turn.results.push(given.remove(position));
    }
    given
        .first()
        .map_or(Ok(()), |orphan| Err(no_call(orphan, turn)))
}

fn unanswered(calls: &[Call<'_>], asked_at: usize) -> Result<(), RequestError> {
    calls
        .first()
        .map_or(Ok(()), |call| Err(no_result(call, asked_at)))
}

fn distinct(calls: &[Call<'_>], index: usize) -> Result<(), RequestError> {
    for (i, call) in calls.iter().enumerate() {
        if calls[..i].iter().any(|other| other.id == call.id) {
            return Err(in_turn(
                index,
                format!("two `tool_use` blocks have the id `{}`", call.id),
            ));
        }
    }
    Ok(())
}

fn no_result(call: &Call<'_>, asked_at: usize) -> RequestError {
    in_turn(
        asked_at,
        format!(
            "`tool_use` `{}` has no `tool_result` in the next turn",
            call.id
        ),
    )
}

fn no_call(result: &ToolResult<'_>, turn: &UserTurn<'_>) -> RequestError {
    let id = &result.call_id;
    let message = if turn.results.iter().any(|other| other.call_id == *id) {
        format!("two `tool_result` blocks answer `{id}`")
    } else {
        format!("`tool_result` for `{id}` has no `tool_use` in the turn before")
    };
    in_turn(turn.index, message)
}

fn in_turn(index: usize, message: String) -> RequestError {
    At::root("messages")
        .index(index)
        .field("content")
        .error(message)
}
