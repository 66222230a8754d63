//! The speed of exchanges: a histogram of the time until the first byte, and the rate of output behind it.

/// Upper bounds of the histogram's classes, in milliseconds; the last class has none. Stored: they never change.
const BOUNDS: [u64; CLASSES - 1] = [200, 500, 1000, 2000, 5000, 10_000, 30_000];
const CLASSES: usize = 8;

/// The speed of one exchange, or the sum of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Speed {
    /// Exchanges by the class of their time until the first byte.
    pub first_bytes: [u64; CLASSES],
    /// Output of streams that came to their end.
    pub tokens: u64,
    /// The time from their first bytes to their ends.
    pub ms: u64,
}

impl Speed {
    /// The speed of one exchange. `streamed` are the output tokens of a stream that came to its end.
    pub fn of(first_byte_ms: Option<u64>, duration_ms: u64, streamed: Option<u64>) -> Self {
        let mut speed = Self::default();
        let Some(first_byte_ms) = first_byte_ms else {
            return speed;
        };
        let class = BOUNDS
            .iter()
            .position(|bound| first_byte_ms < *bound)
            .unwrap_or(CLASSES - 1);
        speed.first_bytes[class] = 1;
        let ms = duration_ms.saturating_sub(first_byte_ms);
        if let Some(tokens) = streamed.filter(|_| ms > 0) {
            (speed.tokens, speed.ms) = (tokens, ms);
        }
        speed
    }

    /// The time within which so many of a hundred first bytes came, as near as the classes tell: evenly spread within
    /// each, and the lower bound of the last one.
    pub fn first_byte_ms(&self, percent: u64) -> Option<u64> {
        let total: u64 = self.first_bytes.iter().sum();
        let rank = (total * percent).div_ceil(100).max(1);
        let mut before = 0;
        for (class, count) in self.first_bytes.into_iter().enumerate() {
            if count > 0 && before + count >= rank {
                let lower = class.checked_sub(1).map_or(0, |class| BOUNDS[class]);
                let width = BOUNDS.get(class).map_or(0, |upper| upper - lower);
                return Some(lower + width * (2 * (rank - before) - 1) / (2 * count));
            }
            before += count;
        }
        None
    }

    /// Tokens of output a second, with one decimal.
    #[expect(clippy::cast_precision_loss, reason = "a rate of ten digits")]
    pub fn output_tokens_per_s(&self) -> Option<f64> {
        (self.ms > 0).then(|| (self.tokens as f64 * 10_000.0 / self.ms as f64).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g5_percentiles_lie_in_the_class_where_the_rank_is() {
        let mut speed = Speed::default();
        assert_eq!((speed.first_byte_ms(50), speed.output_tokens_per_s()), (None, None));
        for _ in 0..90 {
            speed.first_bytes[1] += Speed::of(Some(300), 300, None).first_bytes[1];
        }
        speed.first_bytes[3] += 10;
        assert_eq!(
            (speed.first_byte_ms(50), speed.first_byte_ms(95)),
            (Some(365), Some(1450))
        );
        let slow = Speed::of(Some(40_000), 41_000, Some(25));
        assert_eq!(
            (slow.first_byte_ms(50), slow.output_tokens_per_s()),
            (Some(30_000), Some(25.0))
        );
    }

    #[test]
    fn g5_only_streams_have_a_rate_and_only_behind_their_first_byte() {
        for (duration_ms, streamed) in [(20, None), (10, Some(5))] {
            assert_eq!(Speed::of(Some(10), duration_ms, streamed).output_tokens_per_s(), None);
        }
        assert_eq!(Speed::of(None, 20, Some(5)), Speed::default());
    }
}
