//! `kvutl` on data directories made with the store and the log directly, as a server would make them.

mod check;
mod compact;
mod defrag;
mod dependencies;
mod drill;
mod faults;
mod generated;
mod get;
mod harness;
mod hashkv;
mod migrate;
mod places;
mod rescue;
mod snapshot;
mod status;
