//! What the tool is made of.

use std::process::Command;

/// Copies of data directories are looked at where there is no network, so nothing here may need one.
#[test]
fn nothing_speaks_to_a_network() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--package", "kvutl", "--edges", "normal", "--prefix", "none", "--offline", "--locked"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).expect("names of crates are text");
    let crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(crates.contains(&"kv-store") && crates.contains(&"kv-log"), "{tree}");
    for banned in ["tokio", "hyper", "tonic", "h2", "rustls", "socket2", "kv-client", "kv-raft", "kv-server"] {
        assert!(!crates.contains(&banned), "kvutl links {banned}");
    }
}
