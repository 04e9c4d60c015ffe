//! The system as a whole: kvd, kvctl and kvutl beside real etcds, and driven by real clients.
//!
//! The etcds come from `tests/peers/install`. A peer that is missing is a failure, never a test left out.

mod harness;

mod auth_sequences;
mod benchmarks;
mod bytes;
mod check;
mod checks;
mod clients;
mod cluster_tools;
mod completion;
mod connections;
mod container;
mod copies;
mod crash;
mod crash_leases;
mod differential;
mod doctor;
mod duplicate_keys;
mod endpoints;
mod etcd_client;
mod every_format;
mod examples;
mod feature_gates;
mod formats;
mod full_disk;
mod gateway;
mod growth;
mod hostile;
mod kubernetes;
mod limits;
mod load;
mod loads;
mod logs;
mod manual;
mod metrics;
mod mirror;
mod one_member;
mod permissions;
mod power_cut;
mod quirks;
mod quota;
mod read_only;
mod readme;
mod sandbox;
mod scripting;
mod snapshot;
mod soak;
mod terminal;
mod tls;
mod tools;
mod traces;
mod user_tools;
mod watch;
mod websocket;
