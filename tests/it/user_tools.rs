//! The tools' commands for users and roles: the tour of [`tools`](crate::tools) goes on with authentication.

use crate::harness::Kind;
use crate::tools::{Run, Step, same_words, takes_its_place};

const TOUR: &[Step] = &[
    // Users and roles, while nobody is asked yet.
    Run(&["auth", "enable"], ""),
    Run(&["auth", "disable"], ""),
    Run(&["auth", "enable", "now"], ""),
    Run(&["user", "add", "root:secret"], ""),
    Run(&["user", "add", "root:again"], ""),
    Run(&["user", "add", "ann", "--interactive=false"], "password\n"),
    Run(&["user", "add", "ben:with:colon", "-w", "json"], ""),
    Run(&["user", "add", "cat", "--new-user-password=x", "-w", "fields"], ""),
    Run(&["user", "add", "dan", "--no-password"], ""),
    Run(&["user", "add", "eve:x", "-w", "table"], ""),
    Run(&["user", "add", ":x"], ""),
    Run(&["user", "add", "", "--new-user-password=x"], ""),
    Run(&["user", "add"], ""),
    Run(&["user", "list"], ""),
    Run(&["user", "list", "-w", "json"], ""),
    Run(&["user", "list", "-w", "fields"], ""),
    Run(&["user", "list", "all"], ""),
    Run(&["role", "add", "reader"], ""),
    Run(&["role", "add", "reader"], ""),
    Run(&["role", "add", "writer", "-w", "json"], ""),
    Run(&["role", "add", "other", "-w", "fields"], ""),
    Run(&["role", "add", ""], ""),
    Run(&["role", "add"], ""),
    Run(&["role", "list"], ""),
    Run(&["role", "list", "-w", "json"], ""),
    Run(&["role", "list", "-w", "fields"], ""),
    Run(&["role", "grant-permission", "reader", "read", "k"], ""),
    Run(&["role", "grant-permission", "reader", "READ", "m", "n"], ""),
    Run(&["role", "grant-permission", "writer", "readwrite", "k", "--prefix"], ""),
    Run(&["role", "grant-permission", "writer", "write", "w", "--from-key", "-w", "json"], ""),
    Run(&["role", "grant-permission", "writer", "write", "", "--prefix"], ""),
    Run(&["role", "grant-permission", "writer", "fly", "k"], ""),
    Run(&["role", "grant-permission", "writer", "read"], ""),
    Run(&["role", "grant-permission", "writer", "read", "k", "a"], ""),
    Run(&["role", "grant-permission", "writer", "read", "k", "l", "--prefix"], ""),
    Run(&["role", "grant-permission", "nobody", "read", "k"], ""),
    Run(&["role", "get", "reader"], ""),
    Run(&["role", "get", "writer"], ""),
    Run(&["role", "get", "writer", "-w", "json"], ""),
    Run(&["role", "get", "writer", "-w", "fields"], ""),
    Run(&["role", "get", "nobody"], ""),
    Run(&["role", "get"], ""),
    Run(&["role", "revoke-permission", "writer", "", "--prefix"], ""),
    Run(&["role", "revoke-permission", "writer", "w", "--from-key"], ""),
    Run(&["role", "revoke-permission", "reader", "m", "n"], ""),
    Run(&["role", "revoke-permission", "reader", "m", "n"], ""),
    Run(&["role", "revoke-permission", "reader"], ""),
    Run(&["user", "grant-role", "ann", "reader"], ""),
    Run(&["user", "grant-role", "ann", "reader"], ""),
    Run(&["user", "grant-role", "ben", "writer", "-w", "json"], ""),
    Run(&["user", "grant-role", "ann", "nobody"], ""),
    Run(&["user", "grant-role", "nobody", "reader"], ""),
    Run(&["user", "grant-role", "ann"], ""),
    Run(&["user", "get", "ann"], ""),
    Run(&["user", "get", "ann", "-w", "json"], ""),
    Run(&["user", "get", "ann", "--detail"], ""),
    Run(&["user", "get", "nobody"], ""),
    Run(&["user", "get"], ""),
    Run(&["user", "passwd", "ann", "--interactive=false"], "changed\n"),
    Run(&["user", "passwd", "nobody", "--interactive=false"], "x\n"),
    Run(&["user", "passwd"], ""),
    // From here on everybody is asked.
    Run(&["auth", "enable"], ""),
    Run(&["put", "k", "1"], ""),
    Run(&["get", "k", "--user=ann:wrong"], ""),
    Run(&["get", "k", "--user=nobody:x"], ""),
    Run(&["put", "k", "1", "--user=ann:changed"], ""),
    Run(&["put", "k", "1", "--user=ben:with:colon"], ""),
    Run(&["get", "k", "--user=ann:changed"], ""),
    Run(&["get", "k", "--user=ann", "--password=changed"], ""),
    Run(&["get", "k", "--prefix", "--user=ann:changed"], ""),
    Run(&["txn", "--user=ann:changed"], "value(\"k\") = \"1\"\n\nget k\n\nput k 2\n\n"),
    Run(&["user", "get", "ann", "--user=ann:changed"], ""),
    Run(&["user", "list", "--user=ann:changed"], ""),
    Run(&["user", "list", "--user=root:secret"], ""),
    Run(&["role", "get", "reader", "--user=ann:changed"], ""),
    Run(&["user", "delete", "root", "--user=root:secret"], ""),
    Run(&["role", "delete", "root", "--user=root:secret"], ""),
    Run(&["user", "revoke-role", "root", "root", "--user=root:secret"], ""),
    Run(&["user", "revoke-role", "ann", "reader", "--user=root:secret"], ""),
    Run(&["user", "revoke-role", "ann", "reader", "--user=root:secret"], ""),
    Run(&["get", "k", "--user=ann:changed"], ""),
    Run(&["role", "delete", "writer", "--user=root:secret", "-w", "json"], ""),
    Run(&["role", "delete", "writer", "--user=root:secret"], ""),
    Run(&["user", "get", "ben", "--user=root:secret"], ""),
    Run(&["user", "delete", "ben", "--user=root:secret"], ""),
    Run(&["user", "delete", "ben", "--user=root:secret"], ""),
    Run(&["user", "delete", "--user=root:secret"], ""),
    Run(&["compaction", "2", "--user=ann:changed"], ""),
    Run(&["member", "list", "--user=ann:changed"], ""),
    Run(&["endpoint", "hashkv", "--user=ann:changed"], ""),
    Run(&["auth", "disable", "--user=ann:changed"], ""),
    Run(&["auth", "disable", "--user=root:secret"], ""),
    Run(&["get", "k"], ""),
];

/// What 3.4 does not know.
const STATUS: &[Step] = &[
    Run(&["auth", "status"], ""),
    Run(&["auth", "status", "-w", "json"], ""),
    Run(&["auth", "status", "-w", "fields"], ""),
    Run(&["auth", "status", "--user=root:secret"], ""),
    Run(&["auth", "status", "now"], ""),
];

/// Questions that are asked without a terminal; what `stty` says of that is etcdctl's own.
const QUESTIONS: &[Step] =
    &[Run(&["user", "add", "ann"], "password\npassword\n"), Run(&["user", "passwd", "ann"], "changed\nchanged\n")];

/// What older servers allow by mistake, or refuse in other words: a range that ends before it begins, and what only
/// administrators may do.
const OTHERWISE_BEFORE_3_7: &[&str] =
    &["role grant-permission writer read k a", "compaction 2 --user=ann:changed", "endpoint hashkv --user=ann:changed"];

fn tour_of_older_ones() -> Vec<Step> {
    TOUR.iter().copied().filter(|step| !OTHERWISE_BEFORE_3_7.contains(&step.name().as_str())).collect()
}

#[test]
fn etcdctl_3_4_manages_kvds_users_as_etcds() {
    same_words("users", Kind::Etcd34, Kind::Etcd34, &tour_of_older_ones());
}

#[test]
fn etcdctl_3_5_manages_kvds_users_as_etcds() {
    same_words("users", Kind::Etcd35, Kind::Etcd35, &[STATUS, &tour_of_older_ones(), STATUS].concat());
}

#[test]
fn etcdctl_3_7_manages_kvds_users_as_etcds() {
    same_words("users", Kind::Etcd37, Kind::Etcd37, &[STATUS, TOUR, STATUS, QUESTIONS].concat());
}

#[test]
fn kvctl_manages_etcd_3_7s_users_as_kvds() {
    same_words("users", Kind::Kvd, Kind::Etcd37, &[STATUS, TOUR, STATUS, QUESTIONS].concat());
}

#[test]
fn kvctl_manages_users_as_etcdctl_3_7_does() {
    takes_its_place("users, kvctl for etcdctl", &[STATUS, TOUR, STATUS].concat());
}
