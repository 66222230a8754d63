//! What becomes of each failure of a backend, whoever asks and however: a table, one row each.

use futures_util::{StreamExt as _, stream};

use super::row::measure;

/// * failure: what the backend does, each time.
/// * answer: how the client wants it.
/// * asked: how often the failing backend is asked, and another one where there is one, which then answers. A dash is where
///   that cannot be seen.
/// * clients: what they get where there is no other backend. Status, and code (`OpenAI`) or type (Anthropic) of the error,
///   which is an event where the answer had begun; and the seconds of `Retry-After`.
/// * then: after how many such requests in a row the backend is taken out.
const TABLE: &str = "
failure                | answer | asked | OpenAI client                           | Anthropic client                   | then
connection refused     | whole  | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
connection refused     | stream | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
name without address   | whole  | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
name without address   | stream | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
unknown authority      | whole  | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
unknown authority      | stream | -+1   | 502 upstream_error                      | 502 api_error                      | out after 5
closed before the head | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
closed before the head | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset before the head  | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset before the head  | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
stall before the head  | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
stall before the head  | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
garbage for a head     | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
garbage for a head     | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset after the head   | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset after the head   | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
stall after the head   | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
stall after the head   | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
truncated              | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
truncated              | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
reset in the answer    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
reset in the answer    | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
stall in the answer    | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
stall in the answer    | stream | 1+0   | 200, then upstream_timeout              | 200, then timeout_error            | out after 5
no end mark            | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
no JSON                | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
no JSON                | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
HTML                   | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
HTML                   | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
error with status 200  | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
error with status 200  | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
endless line           | whole  | 1+0   | 502 upstream_response_too_large         | 502 api_error                      | in
endless line           | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
endless events         | whole  | 1+0   | 502 upstream_response_too_large         | 502 api_error                      | in
endless events         | stream | 1+0   | 200, then upstream_error                | 200, then api_error                | out after 5
redirect               | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
redirect               | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
400                    | whole  | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
400                    | stream | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
401                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
401                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
402                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
403                    | whole  | 1+1   | 403 forbidden                           | 403 permission_error               | in
403 for the content    | whole  | 1+0   | 403 forbidden                           | 403 permission_error               | in
403 for the key        | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
402                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
403                    | stream | 1+1   | 403 forbidden                           | 403 permission_error               | in
403 for the content    | stream | 1+0   | 403 forbidden                           | 403 permission_error               | in
403 for the key        | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
404                    | whole  | 1+0   | 404 not_found                           | 404 not_found_error                | in
404 for the model      | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
404                    | stream | 1+0   | 404 not_found                           | 404 not_found_error                | in
404 for the model      | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 2
408                    | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
408                    | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
413                    | whole  | 1+0   | 413 request_too_large                   | 413 request_too_large              | in
413                    | stream | 1+0   | 413 request_too_large                   | 413 request_too_large              | in
422                    | whole  | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
422                    | stream | 1+0   | 400 invalid_value                       | 400 invalid_request_error          | in
429                    | whole  | 1+1   | 429 upstream_rate_limited, again in 1 s | 429 rate_limit_error, again in 1 s | out after 5
429                    | stream | 1+1   | 429 upstream_rate_limited, again in 1 s | 429 rate_limit_error, again in 1 s | out after 5
429 for 7 s            | whole  | 1+1   | 429 upstream_rate_limited, again in 7 s | 429 rate_limit_error, again in 7 s | out after 1
429 for 7 s            | stream | 1+1   | 429 upstream_rate_limited, again in 7 s | 429 rate_limit_error, again in 7 s | out after 1
500                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
500                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
502                    | whole  | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
502                    | stream | 1+1   | 502 upstream_error                      | 502 api_error                      | out after 5
503                    | whole  | 1+1   | 503 overloaded, again in 2 s            | 529 overloaded_error, again in 2 s | out after 5
503                    | stream | 1+1   | 503 overloaded, again in 2 s            | 529 overloaded_error, again in 2 s | out after 5
504                    | whole  | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
504                    | stream | 1+1   | 504 upstream_timeout                    | 504 timeout_error                  | out after 5
529                    | whole  | 1+1   | 503 overloaded, again in 2 s            | 529 overloaded_error, again in 2 s | out after 5
529                    | stream | 1+1   | 503 overloaded, again in 2 s            | 529 overloaded_error, again in 2 s | out after 5
";

const HEADING: [&str; 6] = [
    "failure",
    "answer",
    "asked",
    "OpenAI client",
    "Anthropic client",
    "then",
];
const WIDTHS: [usize; 6] = [22, 6, 5, 39, 34, 11];
/// Rows that one gateway takes: of what a process may try again, each needs two (promise 52).
const ROWS: usize = 8;

fn line(cells: &[impl AsRef<str>]) -> String {
    let cells = cells
        .iter()
        .zip(WIDTHS)
        .map(|(cell, width)| format!("{:width$}", cell.as_ref()));
    cells.collect::<Vec<_>>().join(" | ").trim_end().to_owned()
}

#[tokio::test]
async fn p52_each_failure_is_tried_again_and_told_as_the_table_says() {
    let rows = TABLE
        .lines()
        .map(|row| row.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>());
    let expected: Vec<_> = rows.filter(|cells| cells.len() == WIDTHS.len()).collect();
    let measured = stream::iter(expected[1..].chunks(ROWS))
        .map(measure)
        .buffered(4)
        .concat()
        .await;
    let found: Vec<_> = [HEADING.map(ToOwned::to_owned).to_vec()]
        .into_iter()
        .chain(measured)
        .collect();
    let table = |rows: &[Vec<String>]| rows.iter().map(|row| line(row)).collect::<Vec<_>>().join("\n");
    assert_eq!(
        found,
        expected,
        "so it is:\n{}\n\nso it should be:\n{}",
        table(&found),
        table(&expected)
    );
}
