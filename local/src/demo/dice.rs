//! Numbers that look random and are the same at each start: the demo has the same people with the same habits.

/// `SplitMix64` (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number of at least `least`, and below `end`.
    pub(super) fn between(&mut self, least: u64, end: u64) -> u64 {
        least + self.next() % end.saturating_sub(least).max(1)
    }

    /// The same, mostly a small one.
    pub(super) fn mostly_small(&mut self, least: u64, end: u64) -> u64 {
        let middle = self.between(least, end);
        self.between(least, middle + 1)
    }

    /// True in so many of a thousand cases.
    pub(super) fn happens(&mut self, in_thousand: u64) -> bool {
        self.between(0, 1000) < in_thousand
    }

    /// One of them, as often as its weight says; `None` without weight.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T], weight: impl Fn(&T) -> u64) -> Option<&'a T> {
        let all: u64 = choices.iter().map(&weight).sum();
        let mut left = self.between(0, all);
        choices.iter().find(|choice| {
            let weight = weight(choice);
            let is_it = left < weight;
            left = left.saturating_sub(weight);
            is_it
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_made_as_often_as_its_weight_says() {
        let mut dice = Dice::new(1);
        let picked = |dice: &mut Dice| *dice.pick(&[0, 1, 3], |weight| *weight).unwrap();
        let most = (0..4000).filter(|_| picked(&mut dice) == 3).count();
        assert!((2850..3150).contains(&most), "{most}");
        assert_eq!(dice.pick(&[0], |weight| *weight), None);
    }
}
