//! What holds for the tool as a whole.

mod generated;
