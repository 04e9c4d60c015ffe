//! A buffer of whole, aligned blocks, as direct writes to a disk need it.

/// The size and alignment of everything written.
pub(crate) const BLOCK_BYTES: usize = 4096;

/// A buffer that hands out its memory in aligned blocks and keeps it for the next time.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    memory: Vec<u8>,
}

impl Blocks {
    /// Returns that many blocks of zeros.
    pub(crate) fn zeroed(&mut self, count: usize) -> &mut [u8] {
        let blocks = self.dirty(count);
        blocks.fill(0);
        blocks
    }

    /// Returns that many blocks with anything in them.
    pub(crate) fn dirty(&mut self, count: usize) -> &mut [u8] {
        let bytes = count * BLOCK_BYTES;
        if self.memory.len() < bytes + BLOCK_BYTES {
            // A fresh allocation: growing would copy what nobody wants any more.
            self.memory = vec![0; bytes + BLOCK_BYTES];
        }
        let beyond = self.memory.as_ptr().addr() % BLOCK_BYTES;
        let start = (BLOCK_BYTES - beyond) % BLOCK_BYTES;
        &mut self.memory[start..start + bytes]
    }

    /// Gives the memory back if it is more than `bytes`.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        if self.memory.len() > bytes + BLOCK_BYTES {
            self.memory = Vec::new();
        }
    }
}

/// Returns how many blocks hold that many bytes.
pub(crate) const fn blocks_for(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_whole_and_zeroed_whatever_was_there() {
        let mut blocks = Blocks::default();
        for count in [1, 3, 2, 70, 1] {
            let slice = blocks.dirty(count);
            assert_eq!(slice.as_ptr().addr() % BLOCK_BYTES, 0);
            assert_eq!(slice.len(), count * BLOCK_BYTES);
            slice.fill(7);
            assert!(blocks.zeroed(count).iter().all(|byte| *byte == 0));
        }
        blocks.shrink(BLOCK_BYTES);
        assert!(blocks.memory.is_empty());
    }

    #[test]
    fn sizes_are_rounded_up_to_whole_blocks() {
        assert_eq!([0, 1, 4096, 4097].map(blocks_for), [0, 1, 1, 2]);
    }
}
