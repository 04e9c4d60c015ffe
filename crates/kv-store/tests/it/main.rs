//! What the store promises, tested through its public interface.

mod storage;
mod support;
