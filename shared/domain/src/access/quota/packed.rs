//! A reservation as it is stored: one attribute, its members one behind the other in the form of `postcard`
//! (docs/decisions/0014-a-reservation-is-one-attribute.md).
//!
//! Members and variants have no names there, so none may change its place or its type; a new member comes last. Bytes
//! behind those that are known are of a later version, and are passed over.

use std::fmt;

use postcard::ser_flavors::{AllocVec, Flavor};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::counted::Counted;
use super::reservation::StoredReservation;
use super::slice::Taken;

impl Serialize for StoredReservation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut packing = postcard::Serializer {
            output: AllocVec::new(),
        };
        let packed = Self::serialize(self, &mut packing).and_then(|()| packing.output.finalize());
        let mut packed = packed.map_err(S::Error::custom)?;
        if let Some(price) = self.facts.price {
            packed.push(PRICE);
            packed.extend(price.to_be_bytes());
        }
        if !self.counted.is_empty() {
            packed.push(COUNTED);
            packed.extend(postcard::to_allocvec(&self.counted).map_err(S::Error::custom)?);
        }
        if !self.taken.is_empty() {
            packed.push(TAKEN);
            packed.extend(postcard::to_allocvec(&self.taken).map_err(S::Error::custom)?);
        }
        serializer.serialize_bytes(&packed)
    }
}

impl<'de> Deserialize<'de> for StoredReservation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Packed)
    }
}

/// Begins the name of the price, which most reservations do not have: eight bytes, the highest first.
const PRICE: u8 = b'$';

/// Begins the counters of limits that have one of their own, behind the price if there is one.
const COUNTED: u8 = b'#';

/// The name of the price, and what is behind it.
fn price(behind: &[u8]) -> (Option<i64>, &[u8]) {
    let name = behind.strip_prefix(&[PRICE]).and_then(<[u8]>::split_first_chunk);
    name.map_or((None, behind), |(name, behind)| {
        (Some(i64::from_be_bytes(*name)), behind)
    })
}

/// Begins the slices of upper limits, behind the counters if there are any.
const TAKEN: u8 = b'^';

/// The list that `mark` begins, and what is behind it. None where a later version has put something else there.
fn list<T: DeserializeOwned>(behind: &[u8], mark: u8) -> (Vec<T>, &[u8]) {
    let list = behind.strip_prefix(&[mark]).map(postcard::take_from_bytes);
    list.and_then(Result::ok).unwrap_or((Vec::new(), behind))
}

/// Reads a reservation.
struct Packed;

impl<'de> Visitor<'de> for Packed {
    type Value = StoredReservation;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a reservation")
    }

    fn visit_bytes<E: de::Error>(self, packed: &[u8]) -> Result<StoredReservation, E> {
        let mut members = postcard::Deserializer::from_bytes(packed);
        let mut reservation = StoredReservation::deserialize(&mut members).map_err(E::custom)?;
        let behind = members.finalize().map_err(E::custom)?;
        let (price, behind) = price(behind);
        reservation.facts.price = price;
        let (counted, behind) = list::<Counted>(behind, COUNTED);
        reservation.counted = counted;
        (reservation.taken, _) = list::<Taken>(behind, TAKEN);
        Ok(reservation)
    }

    /// As it was stored before: an attribute for each member, by its short name.
    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<StoredReservation, A::Error> {
        StoredReservation::deserialize(MapAccessDeserializer::new(members))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_dynamo::AttributeValue;
    use serde_json::json;

    use super::super::{Bucket, CountedAt, Level, StoredFacts, WindowBucket};
    use super::*;
    use crate::models::limit::{Slot, Unit};
    use crate::models::usage::{ClientKind, Endpoint};
    use crate::models::{DisplayName, KeyId, ModelId, RequestId};

    /// What this version and those before it make of [`reservation`].
    const PACKED: &str = concat!(
        "gLPmsA2UpKkT5t0YAOBdgCCg+QX2oYmfxWgkcmVxXzAxOWFhZmQwYzA3YjdmM2NiMWU1YzFlZDJhZDFhMWY1IDAxOWFhZmQwYTIxNDdj",
        "MTFhNGY2YjNhM2E2ZDBiMGM5AAdraW1pMi41AQIBAR4="
    );

    /// As an ordinary request under token quotas has it.
    fn reservation() -> StoredReservation {
        let facts = StoredFacts {
            at: 1_796_000_000_123,
            request_id: RequestId::parse("req_019aafd0c07b7f3cb1e5c1ed2ad1a1f5").unwrap(),
            key: KeyId::parse("019aafd0a2147c11a4f6b3a3a6d0b0c9").unwrap(),
            department: None,
            model: ModelId::parse("kimi2.5").unwrap(),
            endpoint: Endpoint::Messages,
            client: ClientKind::ClaudeCode,
            streamed: true,
            kept_days: Some(30),
            price: None,
        };
        let (day, month) = (20_261_130, 202_611);
        StoredReservation {
            expires_at: 1_796_000_960,
            day,
            month,
            place: None,
            input_tokens: 12_000,
            output_tokens: 4096,
            cost: 97_440,
            facts,
            counted: Vec::new(),
            taken: Vec::new(),
        }
    }

    fn counted() -> Vec<Counted> {
        let of = |level, unit, at| Counted {
            level,
            slot: Slot::draw(),
            unit,
            at,
        };
        let part = WindowBucket {
            part_ms: 60_000,
            part: Bucket(29_933_333),
        };
        vec![
            of(Level::User, Unit::Cost, CountedAt::Period(202_648)),
            of(Level::Key, Unit::Tokens, CountedAt::Part(part)),
            of(Level::Key, Unit::Requests, CountedAt::Live),
        ]
    }

    fn taken() -> Vec<Taken> {
        let of = |unit, number| Taken {
            slot: Slot::draw(),
            unit,
            number,
        };
        vec![of(Unit::Cost, 202_611), of(Unit::Tokens, 20_261_130)]
    }

    fn packed(reservation: &StoredReservation) -> Vec<u8> {
        match serde_dynamo::to_attribute_value(reservation).unwrap() {
            AttributeValue::B(packed) => packed,
            other => panic!("{other:?}"),
        }
    }

    fn unpacked(packed: Vec<u8>) -> StoredReservation {
        serde_dynamo::from_attribute_value(AttributeValue::B(packed)).unwrap()
    }

    #[test]
    fn an_ordinary_reservation_has_at_most_120_bytes() {
        assert!(packed(&reservation()).len() <= 120, "{}", packed(&reservation()).len());
    }

    /// Reservations with members that most do not have.
    fn unusual() -> Vec<StoredReservation> {
        let place = Some(WindowBucket {
            part_ms: 1000,
            part: Bucket(1_796_000_000),
        });
        let facts = StoredFacts {
            department: Some(DisplayName::parse("张三 & Söhne").unwrap()),
            kept_days: None,
            ..reservation().facts
        };
        vec![
            reservation(),
            StoredReservation {
                place,
                facts: facts.clone(),
                ..reservation()
            },
            StoredReservation {
                facts: StoredFacts {
                    price: Some(1_793_491_200),
                    ..facts.clone()
                },
                ..reservation()
            },
            StoredReservation {
                counted: counted(),
                ..reservation()
            },
            StoredReservation {
                facts: StoredFacts {
                    price: Some(1_793_491_200),
                    ..facts
                },
                counted: counted(),
                ..reservation()
            },
        ]
    }

    fn with_slices() -> Vec<StoredReservation> {
        let taken = || StoredReservation {
            taken: taken(),
            ..reservation()
        };
        vec![
            taken(),
            StoredReservation {
                counted: counted(),
                ..taken()
            },
        ]
    }

    #[test]
    fn a_reservation_is_read_as_it_was_written() {
        for reservation in unusual().into_iter().chain(with_slices()) {
            assert_eq!(unpacked(packed(&reservation)), reservation);
        }
    }

    /// Processes of two versions settle each other's requests while one takes the other's place.
    #[test]
    fn the_form_of_reservations_does_not_change() {
        assert_eq!(STANDARD.encode(packed(&reservation())), PACKED);
    }

    #[test]
    fn what_a_later_version_adds_behind_is_passed_over() {
        assert_eq!(
            unpacked([packed(&reservation()), vec![1, 2, 3]].concat()),
            reservation()
        );
    }

    #[test]
    fn reservations_that_are_maps_are_read() {
        let facts = json!({
            "a": 1_796_000_000_123_i64, "r": "req_019aafd0c07b7f3cb1e5c1ed2ad1a1f5", "k": "019aafd0a2147c11a4f6b3a3a6d0b0c9",
            "m": "kimi2.5", "e": "messages", "c": "claude_code", "s": true, "l": 30
        });
        let map =
            json!({"x": 1_796_000_960, "d": 20_261_130, "m": 202_611, "i": 12_000, "o": 4096, "c": 97_440, "a": facts});
        let item: AttributeValue = serde_dynamo::to_attribute_value(map).unwrap();
        assert_eq!(
            serde_dynamo::from_attribute_value::<_, StoredReservation>(item).unwrap(),
            reservation()
        );
    }
}
