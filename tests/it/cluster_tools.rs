//! The tools' commands for clusters: the tour of [`tools`](crate::tools) goes on with members, leaders and releases.

use crate::tools::{Run, Step, takes_its_place};

/// A single etcd goes on with a learner that never starts.
const TOUR: &[Step] = &[
    Run(&["member", "add"], ""),
    Run(&["member", "add", "b"], ""),
    Run(&["member", "add", "b", "http://b:1"], ""),
    Run(&["member", "add", "b", "--peer-urls=b"], ""),
    Run(&["member", "add", "b", "--peer-urls=http://localhost:2380"], ""),
    Run(&["member", "add", "b", "--peer-urls=http://10.1.2.3:4,http://10.1.2.3:5", "--learner"], ""),
    Run(&["member", "list"], ""),
    Run(&["member", "list", "-w", "json", "--hex"], ""),
    Run(&["member", "add", "c", "--peer-urls=http://10.1.2.3:6", "--learner"], ""),
    Run(&["member", "promote", "$MEMBER"], ""),
    Run(&["member", "promote", "8e9e05c52164694d"], ""),
    Run(&["member", "promote", "77"], ""),
    Run(&["member", "promote", "nonsense"], ""),
    Run(&["member", "promote"], ""),
    Run(&["member", "update", "$MEMBER", "--peer-urls=http://10.1.2.3:7"], ""),
    Run(&["member", "update", "$MEMBER", "--peer-urls=http://10.1.2.3:8", "-w", "json"], ""),
    Run(&["member", "update", "$MEMBER", "--peer-urls=http://10.1.2.3:8", "-w", "json", "--hex"], ""),
    Run(&["member", "update", "$MEMBER", "--peer-urls=http://10.1.2.3:9", "-w", "fields"], ""),
    Run(&["member", "update", "77", "--peer-urls=http://10.1.2.3:9"], ""),
    Run(&["member", "update", "$MEMBER"], ""),
    Run(&["member", "update"], ""),
    Run(&["member", "list", "-w", "fields"], ""),
    Run(&["move-leader", "$MEMBER"], ""),
    Run(&["move-leader", "8e9e05c52164694d"], ""),
    Run(&["move-leader", "8e9e05c52164694d", "-w", "json"], ""),
    Run(&["move-leader", "8e9e05c52164694d", "-w", "protobuf"], ""),
    Run(&["move-leader", "8e9e05c52164694d", "-w", "fields"], ""),
    Run(&["move-leader", "77"], ""),
    Run(&["move-leader", "nonsense"], ""),
    Run(&["move-leader"], ""),
    Run(&["member", "remove", "$MEMBER"], ""),
    Run(&["member", "remove", "$MEMBER", "-w", "json"], ""),
    Run(&["member", "remove", "77"], ""),
    Run(&["member", "remove"], ""),
    Run(&["member", "update", "8e9e05c52164694d", "--peer-urls=http://localhost:2380", "-w", "protobuf"], ""),
    Run(&["downgrade", "validate"], ""),
    Run(&["downgrade", "validate", ""], ""),
    Run(&["downgrade", "validate", "3.6", "3.5"], ""),
    Run(&["downgrade", "validate", "3.5"], ""),
    Run(&["downgrade", "validate", "nonsense"], ""),
    Run(&["downgrade", "validate", "3.6"], ""),
    Run(&["downgrade", "validate", "3.6", "-w", "json"], ""),
    Run(&["downgrade", "validate", "3.6", "-w", "protobuf"], ""),
    Run(&["downgrade", "validate", "3.6", "-w", "fields"], ""),
    Run(&["downgrade", "cancel"], ""),
    Run(&["downgrade", "enable"], ""),
    Run(&["downgrade", "enable", "3.5"], ""),
    Run(&["make-mirror"], ""),
    Run(&["make-mirror", "127.0.0.1:1", "--dest-prefix=a", "--no-dest-prefix"], ""),
];

#[test]
fn kvctl_manages_a_cluster_as_etcdctl_3_7_does() {
    takes_its_place("cluster, kvctl for etcdctl", TOUR);
}
