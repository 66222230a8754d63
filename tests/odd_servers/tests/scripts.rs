//! Scripts: the same by the same seed, reachable oddities, and readers that take what no oddity touched.

use std::collections::BTreeMap;

use odd_servers::{Expectation, Level, Oddity, Protocol, Reply, Script, check, hear, judge, judge_passed};

fn forms() -> impl Iterator<Item = (Protocol, bool)> {
    Protocol::ALL
        .into_iter()
        .flat_map(|protocol| [(protocol, true), (protocol, false)])
}

fn sent(script: &Script) -> Reply {
    Reply {
        status: script.status,
        body: script.body(),
        complete: true,
    }
}

#[test]
fn a_server_without_oddities_is_heard_and_judged_right() {
    for (protocol, streamed) in forms() {
        for seed in 0..1_000 {
            let script = Script::with(seed, protocol, streamed, &[]);
            let reply = sent(&script);
            let heard = hear(protocol, streamed, &reply);
            let judged = heard.and_then(|heard| judge(&script, protocol, &heard));
            assert_eq!(
                judged,
                Ok(()),
                "{protocol:?} {streamed} {seed}: {}",
                String::from_utf8_lossy(&reply.body)
            );
            assert_eq!(check(&script, protocol, &reply), Ok(()));
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_server_and_another_one_another() {
    for (protocol, streamed) in forms() {
        for seed in 0..200 {
            let script = Script::from_seed(seed, protocol, streamed);
            assert_eq!(script, Script::from_seed(seed, protocol, streamed));
            assert_ne!(
                script.body(),
                Script::with(seed + 1_000, protocol, streamed, &[]).body()
            );
        }
    }
}

#[test]
fn every_oddity_is_reached_in_each_of_its_forms() {
    let mut reached: BTreeMap<Oddity, Vec<(Protocol, bool)>> = BTreeMap::new();
    let mut counts = [0; 5];
    for (protocol, streamed) in forms() {
        for seed in 0..2_000 {
            let script = Script::from_seed(seed, protocol, streamed);
            counts[script.oddities.len()] += 1;
            for oddity in script.oddities {
                let forms = reached.entry(oddity).or_default();
                if !forms.contains(&(protocol, streamed)) {
                    forms.push((protocol, streamed));
                }
            }
        }
    }
    for oddity in Oddity::ALL {
        for (protocol, streamed) in forms().filter(|(protocol, streamed)| oddity.forms().contains(*protocol, *streamed))
        {
            let found = reached
                .get(oddity)
                .is_some_and(|forms| forms.contains(&(protocol, streamed)));
            assert!(
                found,
                "{} is never applied to {protocol:?} streamed {streamed}",
                oddity.name()
            );
        }
    }
    assert!(counts.iter().all(|count| *count > 300), "{counts:?}");
}

#[test]
fn oddities_that_change_the_truth_come_before_it_is_said() {
    let names: Vec<&str> = Oddity::ALL.iter().map(|oddity| oddity.name()).collect();
    let at = |name: &str| names.iter().position(|other| *other == name).unwrap();
    assert!(at("InvalidUtf8") < at("FinishUnknown") && at("FinishUnknown") < at("IdsMissing"));
}

#[test]
fn what_an_oddity_promises_holds_for_bytes_that_are_passed_on() {
    let mut judged = 0;
    for (protocol, streamed) in forms() {
        for seed in 0..700 {
            let script = Script::from_seed(seed, protocol, streamed);
            let failing = script.expectation != Expectation::Answer || script.status >= 400;
            if failing || script.as_events != streamed {
                continue;
            }
            let mut reply = sent(&script);
            // The mark that a gateway writes where the server wrote none.
            let mark = [
                "",
                "\n\ndata: [DONE]\n\n",
                "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            ];
            let mark = match protocol {
                Protocol::Chat if streamed => mark[1],
                Protocol::Messages if streamed => mark[2],
                _ => mark[0],
            };
            reply.body.extend_from_slice(mark.as_bytes());
            let passed = judge_passed(&script, &reply);
            assert_eq!(
                passed,
                Ok(()),
                "{protocol:?} {streamed} {seed} {:?}: {}",
                script.oddities,
                String::from_utf8_lossy(&reply.body)
            );
            judged += 1;
        }
    }
    assert!(judged > 1_500, "{judged}");
}

#[test]
fn silences_are_within_the_rules_and_frames_never_empty() {
    for (protocol, streamed) in forms() {
        for seed in 0..3_000 {
            let script = Script::from_seed(seed, protocol, streamed);
            assert!(script.frames.iter().all(|frame| !frame.bytes.is_empty()));
            let longest = script
                .frames
                .iter()
                .map(|frame| frame.after_ms)
                .max()
                .unwrap_or_default()
                .max(script.head_after_ms);
            let timed = script.oddities.iter().any(|oddity| oddity.level() == Level::Time);
            assert!(timed || longest == 0, "{:?}", script.oddities);
            assert!(longest < 300_000 || script.expectation != Expectation::Answer);
        }
    }
}

#[test]
fn the_readme_has_the_table_of_oddities() {
    let readme = include_str!("../README.md");
    let table: Vec<String> = Oddity::ALL
        .iter()
        .map(|oddity| {
            format!(
                "| `{}` | {} | {:?} | {} |",
                oddity.name(),
                oddity.rule(),
                oddity.level(),
                oddity.about()
            )
        })
        .collect();
    let table = table.join("\n");
    assert!(readme.contains(&table), "the table is now:\n{table}");
}
