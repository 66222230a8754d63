//! The wait for a backend's response: the client may leave meanwhile, and a stream begins after ten seconds without one
//! (translation.md W3, B8.3).

use std::pin::pin;

use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::deadlines::Deadlines;
use crate::downstream::{ClientState, Downstream};
use crate::quota::admission::Reservation;
use crate::relay::headers;
use crate::request::CompletionRequest;
use crate::response::beginning;
use crate::upstream::failover::{OpenResponse, UpstreamError};

/// The response of a backend, or of none. `downstream` gets the beginning of a stream and signs of life meanwhile.
pub(crate) async fn open<'a>(
    app: &'a App,
    reservation: &Reservation,
    request: &CompletionRequest<'_>,
    deadlines: &Deadlines,
    downstream: &mut Downstream,
) -> Result<OpenResponse<'a>, UpstreamError> {
    let client = ClientState::default();
    let mut opening = pin!(app.upstream.open(reservation, request, deadlines, &client));
    let mut silence = pin!(sleep_until(Instant::now() + app.limits.begin_after));
    let mut is_there = true;
    loop {
        tokio::select! {
            biased;
            opened = &mut opening => return opened,
            () = downstream.disconnected(), if is_there => {
                is_there = false;
                client.leave();
            }
            () = &mut silence, if request.stream() => {
                show_life(reservation, request.model(), &client, downstream);
                silence.as_mut().reset(Instant::now() + app.limits.keep_alive);
            }
        }
    }
}

/// Begins the response, or shows that it goes on.
fn show_life(reservation: &Reservation, model: &str, client: &ClientState, downstream: &mut Downstream) {
    if downstream.has_begun() {
        return downstream.show_life();
    }
    client.begin();
    let dialect = reservation.dialect();
    let model = reservation.grant.response_model(model);
    let frame = beginning::of_response(dialect, model, reservation.input_estimate);
    let id = reservation.request.request_id.clone();
    downstream.begin(dialect, id, frame, |body| {
        headers::stream(body, reservation.rate_limits.clone())
    });
}
