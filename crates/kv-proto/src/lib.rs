//! The etcd v3 API as Rust types: messages, gRPC traits, the texts of its errors, and its URLs.
//!
//! The contract itself is in `proto/`; everything under `generated/` is made from it by the test
//! `generated_code_is_current`, which also rewrites it (`UPDATE_EXPECT=1 cargo test -p kv-proto`).
//! The messages need only prost. The features `client` and `server` add tonic's code, so that an
//! offline tool can use the messages without linking a network stack.

mod error;
pub mod url;

pub use error::{ApiError, Code};

/// Keys, values and events (package `mvccpb`).
pub mod mvccpb {
    #![allow(
        clippy::all,
        clippy::pedantic,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        reason = "generated"
    )]
    include!("generated/mvccpb.rs");
}

/// Users, roles and permissions (package `authpb`).
pub mod authpb {
    #![allow(
        clippy::all,
        clippy::pedantic,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        reason = "generated"
    )]
    include!("generated/authpb.rs");
}

/// The services KV, Watch, Lease, Cluster, Maintenance and Auth (package `etcdserverpb`).
pub mod etcdserverpb {
    #![allow(
        clippy::all,
        clippy::pedantic,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        reason = "generated"
    )]
    include!("generated/etcdserverpb.rs");
}

/// The service Lock (package `v3lockpb`).
pub mod v3lockpb {
    #![allow(
        clippy::all,
        clippy::pedantic,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        reason = "generated"
    )]
    include!("generated/v3lockpb.rs");
}

/// The service Election (package `v3electionpb`).
pub mod v3electionpb {
    #![allow(
        clippy::all,
        clippy::pedantic,
        missing_debug_implementations,
        unreachable_pub,
        unused_qualifications,
        reason = "generated"
    )]
    include!("generated/v3electionpb.rs");
}

/// The compiled contract as an encoded `FileDescriptorSet`, for server reflection and for JSON.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");
