//! The prefix cache of a backend, as vLLM has it (<https://docs.vllm.ai/en/latest/design/prefix_caching.html>): whole
//! blocks of 16 tokens, each known by all that is before it, and the least recently used ones give way.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

pub(super) const TOKENS_PER_BLOCK: usize = 16;

#[derive(Debug)]
pub(super) struct PrefixCache<B> {
    /// Blocks at most.
    capacity: usize,
    last_use: HashMap<B, usize>,
    /// Blocks in the order of their uses, of which only the last one of each block counts.
    uses: VecDeque<(B, usize)>,
    count: usize,
}

impl<B: Copy + Eq + Hash> PrefixCache<B> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            last_use: HashMap::new(),
            uses: VecDeque::new(),
            count: 0,
        }
    }

    /// Reads a prompt of these blocks; returns how many of them were there.
    pub(super) fn read(&mut self, prompt: &[B]) -> usize {
        let cached = prompt.iter().take_while(|block| self.last_use.contains_key(*block));
        let cached = cached.count();
        // The end of a prompt gives way before its beginning.
        for block in prompt.iter().rev() {
            self.count += 1;
            self.last_use.insert(*block, self.count);
            self.uses.push_back((*block, self.count));
        }
        while self.last_use.len() > self.capacity
            && let Some((block, used)) = self.uses.pop_front()
        {
            if self.last_use.get(&block) == Some(&used) {
                self.last_use.remove(&block);
            }
        }
        cached
    }
}

#[test]
fn the_least_recently_used_end_gives_way() {
    let mut cache = PrefixCache::new(4);
    assert_eq!(cache.read(&["a", "ab", "abc"]), 0);
    assert_eq!(cache.read(&["a", "ab", "abd"]), 2);
    assert_eq!(cache.read(&["x"]), 0);
    assert_eq!(cache.read(&["a", "ab", "abc"]), 2, "its end has given way");
    assert_eq!(cache.read(&["a", "ab", "abd", "abde"]), 2);
}
