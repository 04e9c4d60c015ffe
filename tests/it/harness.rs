//! What every suite here needs: servers of each kind, the tools that talk to them, and the table of known differences.

pub(crate) mod authority;
pub(crate) mod curl;
pub(crate) mod differences;
pub(crate) mod disk;
pub(crate) mod history;
pub(crate) mod http2;
pub(crate) mod kind;
pub(crate) mod mask;
pub(crate) mod programs;
pub(crate) mod proxy;
pub(crate) mod server;
pub(crate) mod tool;

pub(crate) use authority::{Authority, Subject};
pub(crate) use kind::Kind;
pub(crate) use programs::Programs;
pub(crate) use server::Server;
pub(crate) use tool::{Output, Tool};

/// A seeded sequence of numbers (`SplitMix64`), so that a failing run can be repeated from its seed alone.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Starts the sequence of `seed`.
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Returns the next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Returns a number below `bound`, which must not be zero.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// Returns true once in `n` times on average.
    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Returns one of `choices`.
    pub(crate) fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize].clone()
    }
}
