//! The log through its public interface.

mod support;

mod damage;
mod failing;
mod format;
mod log;
mod model;
mod power_cut;
mod reader;
mod recycling;
