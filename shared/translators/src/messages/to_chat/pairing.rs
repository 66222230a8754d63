//! Calls and their results: each has the other, in the next turn, and results stand in the order of the calls
//! (OR5, OR6).

use std::collections::{HashMap, HashSet};

use crate::error::{FieldPath, RequestError};
use crate::to_hub::turns::{ToolResult, ToolUse, Turn, UserTurn};

/// Refuses a history that no backend could follow, and sorts each turn's results.
pub(super) fn pair(turns: &mut [Turn<'_>]) -> Result<(), RequestError> {
    let mut calls: &[ToolUse<'_>] = &[];
    let mut calls_index = 0;
    for turn in turns {
        match turn {
            Turn::User(turn) => {
                pair_results(calls, calls_index, turn)?;
                calls = &[];
            }
            Turn::Assistant(turn) => {
                refuse_open_calls(calls, calls_index)?;
                refuse_repeated_ids(&turn.calls, turn.index)?;
                calls = &turn.calls;
                calls_index = turn.index;
            }
            Turn::System(_) => {}
        }
    }
    refuse_open_calls(calls, calls_index)
}

fn pair_results(calls: &[ToolUse<'_>], calls_index: usize, turn: &mut UserTurn<'_>) -> Result<(), RequestError> {
    let order: HashMap<&str, usize> = calls
        .iter()
        .enumerate()
        .map(|(i, call)| (call.id.as_ref(), i))
        .collect();
    let mut ordered: Vec<_> = calls.iter().map(|_| None).collect();
    for result in std::mem::take(&mut turn.results) {
        let place = order.get(result.call_id.as_ref()).and_then(|&i| ordered.get_mut(i));
        match place {
            None => return Err(no_call(&result, turn.index)),
            Some(Some(_)) => return Err(second_result(&result, turn.index)),
            Some(place) => *place = Some(result),
        }
    }
    for (call, result) in calls.iter().zip(ordered) {
        turn.results.push(result.ok_or_else(|| no_result(call, calls_index))?);
    }
    Ok(())
}

fn refuse_open_calls(calls: &[ToolUse<'_>], calls_index: usize) -> Result<(), RequestError> {
    calls.first().map_or(Ok(()), |call| Err(no_result(call, calls_index)))
}

fn refuse_repeated_ids(calls: &[ToolUse<'_>], index: usize) -> Result<(), RequestError> {
    let mut seen = HashSet::new();
    let twice = calls.iter().find(|call| !seen.insert(call.id.as_ref()));
    twice.map_or(Ok(()), |call| {
        Err(in_turn(
            index,
            format!("two `tool_use` blocks have the id `{}`", call.id),
        ))
    })
}

fn no_result(call: &ToolUse<'_>, calls_index: usize) -> RequestError {
    in_turn(
        calls_index,
        format!("`tool_use` `{}` has no `tool_result` in the next turn", call.id),
    )
}

fn no_call(result: &ToolResult<'_>, index: usize) -> RequestError {
    in_turn(
        index,
        format!(
            "`tool_result` for `{}` has no `tool_use` in the turn before",
            result.call_id
        ),
    )
}

fn second_result(result: &ToolResult<'_>, index: usize) -> RequestError {
    in_turn(index, format!("two `tool_result` blocks answer `{}`", result.call_id))
}

fn in_turn(index: usize, message: String) -> RequestError {
    FieldPath::root("messages").index(index).field("content").error(message)
}
