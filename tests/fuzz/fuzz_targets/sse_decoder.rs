//! Any way to cut any bytes gives the same events.

#![no_main]

#[path = "../../../shared/translators/tests/laws/mod.rs"]
#[expect(dead_code, reason = "each target checks one law")]
mod laws;
#[path = "../../../shared/translators/tests/support/mod.rs"]
mod support;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let (cuts, bytes) = input.split_at(input.len().min(4));
    let cuts: Vec<usize> = cuts.iter().map(|cut| usize::from(*cut)).collect();
    laws::cuts_change_nothing(bytes, &cuts);
});
