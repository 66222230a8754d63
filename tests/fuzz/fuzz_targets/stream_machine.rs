//! Whatever a backend sends, the client's stream keeps its grammar and ends in order.

#![no_main]

#[path = "../../../shared/translators/tests/laws/mod.rs"]
#[expect(dead_code, reason = "each target checks one law")]
mod laws;
#[path = "../../../shared/translators/tests/support/mod.rs"]
mod support;

use libfuzzer_sys::fuzz_target;
use translators::context::ResponseContext;

fuzz_target!(|input: &[u8]| {
    let (cuts, bytes) = input.split_at(input.len().min(4));
    let cuts: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut)).collect();
    laws::any_input_ends_in_order(bytes, &cuts, ResponseContext::default());
});
