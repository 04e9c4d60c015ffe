//! Flags of etcd that ask for what kvd does otherwise, or has no use for. They are taken, so that a command line for etcd starts
//! kvd, and what they do not do is said.

use crate::config::Config;
use crate::flag::{Flag, Group, Set, flag};
use crate::values::{parse_bool, parse_duration, parse_signed};

const ONE_MEMBER: &str = "this release runs one member";
const NO_TICKS: &str = "checkpoints are taken by time and size, and the log is cut after each";
const LOG_ON_DISK: &str = "the log keeps what no checkpoint has stored, and recycles the rest";
const OLD: &str = "etcd has not had it for years";

/// A flag that is read and has no effect.
const fn inert(name: &'static str, value: &'static str, default: &'static str, why: &'static str) -> Flag {
    let set: Set = match value.as_bytes() {
        b"" => |_, text| parse_bool(text).map(drop),
        b"N" => |_, text| parse_signed(text).map(drop),
        b"DURATION" => |_, text| parse_duration(text).map(drop),
        _ => |_, _| Ok(()),
    };
    let flag = flag(Group::Compatible, name, value, default, set).help("For compatibility.").not_honoured(why);
    if value.is_empty() { flag.switch() } else { flag }
}

/// A flag that would make a cluster of several members find itself.
const fn discovery(name: &'static str, value: &'static str, default: &'static str) -> Flag {
    inert(name, value, default, ONE_MEMBER)
}

/// A flag that says where members find each other: without them nothing comes of it, so it is refused.
const fn meeting(name: &'static str, value: &'static str) -> Flag {
    flag(Group::Compatible, name, value, "", |_, text| {
        if text.is_empty() { Ok(()) } else { Err("this release runs one member, which looks for no others".to_owned()) }
    })
    .help("Refused: this release runs one member, which looks for no others.")
}

/// A flag that is a feature gate today.
const fn once_gate(name: &'static str, set: Set) -> Flag {
    flag(Group::Compatible, name, "", "false", set).switch().help("The older name of a gate of --feature-gates.")
}

fn gate(config: &mut Config, name: &str, text: &str) -> Result<(), String> {
    // Left alone it has its default, which is not to be there.
    if parse_bool(text)? { config.feature_gates.read(&format!("{name}=true")) } else { Ok(()) }
}

#[rustfmt::skip]
pub(crate) const COMPATIBLE: &[Flag] = &[
    inert("backend-batch-interval", "DURATION", "0s", NO_TICKS),
    inert("backend-batch-limit", "N", "0", NO_TICKS),
    flag(Group::Compatible, "backend-bbolt-freelist-type", "TYPE", "map", |_, text| match text {
        "map" | "array" => Ok(()),
        _ => Err("use one of map, array".to_owned()),
    }).help("For compatibility.").not_honoured("LMDB keeps its free pages in one way"),
    flag(Group::Compatible, "discovery-fallback", "WHAT", "exit", |_, text| match text {
        "exit" => Ok(()),
        _ => Err("this release proxies nothing; use exit".to_owned()),
    }).help("For compatibility: exit."),
    meeting("discovery-endpoints", "URLS"),
    meeting("discovery-srv", "DOMAIN"),
    meeting("discovery-token", "TOKEN"),
    discovery("discovery-srv-name", "NAME", ""),
    discovery("discovery-dial-timeout", "DURATION", "2s"),
    discovery("discovery-request-timeout", "DURATION", "5s"),
    discovery("discovery-keepalive-time", "DURATION", "2s"),
    discovery("discovery-keepalive-timeout", "DURATION", "6s"),
    discovery("discovery-insecure-transport", "", "true"),
    discovery("discovery-insecure-skip-tls-verify", "", "false"),
    discovery("discovery-cert", "FILE", ""),
    discovery("discovery-key", "FILE", ""),
    discovery("discovery-cacert", "FILE", ""),
    discovery("discovery-user", "NAME", ""),
    discovery("discovery-password", "PASSWORD", ""),
    inert("downgrade-check-time", "DURATION", "5s", ONE_MEMBER),
    inert("enable-pprof", "", "false", "there is no Go runtime to look into; use perf"),
    inert("enable-v2", "", "false", "kvd never had a v2 store"),
    once_gate("experimental-enable-lease-checkpoint", |config, text| gate(config, "LeaseCheckpoint", text)),
    once_gate("experimental-enable-lease-checkpoint-persist", |config, text| gate(config, "LeaseCheckpointPersist", text)),
    once_gate("experimental-stop-grpc-service-on-defrag", |config, text| gate(config, "StopGRPCServiceOnDefrag", text)),
    once_gate("experimental-txn-mode-write-with-shared-buffer", |config, text| gate(config, "TxnModeWriteWithSharedBuffer", text)),
    inert("force-new-cluster", "", "false", "a directory of kvd has one member in any case"),
    inert("initial-election-tick-advance", "", "true", ONE_MEMBER),
    flag(Group::Compatible, "logger", "NAME", "zap", |_, text| match text {
        "zap" => Ok(()),
        _ => Err(format!("unknown logger option {text:?}")),
    }).help("For compatibility: zap, whose format the log has."),
    inert("max-learners", "N", "1", ONE_MEMBER),
    inert("max-snapshots", "N", "5", "kvd keeps no snapshots of its own"),
    inert("max-wals", "N", "5", LOG_ON_DISK),
    inert("pre-vote", "", "true", ONE_MEMBER),
    inert("raft-read-timeout", "DURATION", "5s", ONE_MEMBER),
    inert("raft-write-timeout", "DURATION", "5s", ONE_MEMBER),
    inert("snapshot-catchup-entries", "N", "5000", LOG_ON_DISK),
    inert("snapshot-count", "N", "10000", NO_TICKS),
    inert("socket-reuse-address", "", "false", "an address can be used again at once in any case"),
    inert("strict-reconfig-check", "", "true", ONE_MEMBER),
    flag(Group::Compatible, "v2-deprecation", "STAGE", "write-only", |_, text| match text {
        "write-only" | "write-only-skip-check" | "write-only-drop-data" | "gone" => Ok(()),
        _ => Err("use one of write-only, write-only-skip-check, write-only-drop-data, gone".to_owned()),
    }).help("For compatibility.").not_honoured("kvd never had a v2 store"),
    inert("cluster-active-size", "", "false", OLD),
    inert("cluster-remove-delay", "", "false", OLD),
    inert("cluster-sync-interval", "", "false", OLD),
    inert("config", "", "false", OLD),
    inert("force", "", "false", OLD),
    inert("max-result-buffer", "", "false", OLD),
    inert("max-retry-attempts", "", "false", OLD),
    inert("peer-election-timeout", "", "false", OLD),
    inert("peer-heartbeat-interval", "", "false", OLD),
    inert("retry-interval", "", "false", OLD),
    inert("snapshot", "", "false", OLD),
    inert("v", "", "false", OLD),
    inert("vv", "", "false", OLD),
];
