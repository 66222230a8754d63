//! The usage of a response in all nine directions: what is recorded is what the backend has reported and what the
//! client is told, streamed and whole, stored and not.

mod report;
mod told;

use bytes::Bytes;
use domain::models::RequestId;
use odd_servers::Script;
use proptest::prelude::*;
use translators::sse::Decoder;
use translators::stream::StreamEnd;
use translators::usage::Usage;

use self::report::{Report, report};
use self::told::Told;
use super::crossing::{CROSSINGS, Crossing};
use crate::response::convert::ResponseConverter;
use crate::response::test_requests;
use crate::response::usage::UsageReport;

fn converter(crossing: Crossing, is_stored: bool) -> ResponseConverter {
    let script = Script::with(0, crossing.backend, true, &[]);
    crossing.converting(&script, test_requests::new_response().stored(is_stored))
}

/// The frames of a stream that the client gets, and what is recorded of it.
fn play(converter: ResponseConverter, stream: String) -> (String, UsageReport) {
    let mut running = converter.into_stream();
    let mut decoder = Decoder::new(1 << 20);
    let mut frames = running.feed(&mut decoder, Bytes::from(stream)).frames;
    frames.extend(running.close(&mut decoder).frames);
    let ending = running.finish(decoder, StreamEnd::Closed, &RequestId::generate());
    assert_eq!(ending.result, Ok(()));
    frames.extend(ending.frames);
    (String::from_utf8(frames.concat()).unwrap(), ending.usage)
}

/// The record of a report; thinking of none is the same as none that is told.
fn recorded(report: UsageReport) -> Usage {
    let UsageReport::Reported(usage) = report else {
        panic!("the report was taken for an estimate: {report:?}")
    };
    Usage {
        reasoning: usage.reasoning.filter(|tokens| *tokens > 0),
        ..usage
    }
}

fn holds(crossing: Crossing, report: Report, is_stored: bool) {
    let report = report.by(crossing.backend);
    let told = Told::expected(crossing.client, report);
    let (stream, of_stream) = play(converter(crossing, is_stored), report.stream(crossing.backend));
    assert_eq!(Told::streamed(crossing.client, &stream), told, "{crossing:?} {stream}");
    assert_eq!(recorded(of_stream), report.recorded(), "{crossing:?} streamed");
    let body = report.whole(crossing.backend).to_string();
    let whole = converter(crossing, is_stored).convert(Bytes::from(body)).unwrap();
    assert_eq!(Told::whole(crossing.client, &whole.body), told, "{crossing:?} whole");
    assert_eq!(recorded(whole.usage), report.recorded(), "{crossing:?} whole");
}

proptest! {
    #[test]
    fn ra7_o32_n15_s4_3_what_is_recorded_is_what_the_client_is_told_streamed_and_whole(
        report in report(), is_stored in any::<bool>()
    ) {
        for crossing in CROSSINGS {
            holds(crossing, report, is_stored);
        }
    }
}
