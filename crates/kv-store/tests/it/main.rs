//! What the store promises, tested through its public interface.

mod compaction;
mod defragmentation;
mod storage;
mod support;
