//! The container file: what it says is tried with the binaries under test, in namespaces of their own, as the image would be run.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::Kind;

/// Returns what follows an instruction, each time it is given.
fn instructions<'a>(file: &'a str, instruction: &str) -> Vec<&'a str> {
    file.lines().filter_map(|line| line.strip_prefix(instruction)?.strip_prefix(' ')).collect()
}

/// Returns the words of a command in its JSON form.
fn words(command: &str) -> Vec<String> {
    let json = &command[command.find('[').expect("commands are in JSON, since there is no shell")..];
    serde_json::from_str(json).expect("JSON")
}

/// kvd with the image's variables becomes healthy by the image's health check, keeps its data in the image's volume, and ends in
/// time. It has the file system to read only but for the volume, and port 2379 of a network of its own.
#[test]
fn the_container_file_makes_a_healthy_server() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/Containerfile");
    let file = fs::read_to_string(path).expect("read the container file");
    let [volume] = instructions(&file, "VOLUME")[..] else { panic!("one volume") };
    let [entry] = instructions(&file, "ENTRYPOINT")[..] else { panic!("one entry") };
    let [health] = instructions(&file, "HEALTHCHECK")[..] else { panic!("one health check") };
    let copied = instructions(&file, "COPY").join("\n");
    for program in ["kvd", "kvctl", "kvutl"] {
        assert!(copied.contains(&format!(" {program} ")), "{program} is not in the image");
    }
    assert_eq!(words(entry), ["/usr/bin/kvd"]);
    let health = words(health);
    assert_eq!(health[0], "/usr/bin/kvctl");

    let script = format!(
        r#"mount --rbind / /mnt
        mount -o remount,bind,ro /mnt
        mount -t tmpfs tmpfs /mnt/var/lib
        mkdir /mnt{volume}
        ip link set lo up
        chroot /mnt "$1" >/mnt/var/lib/log 2>&1 &
        until chroot /mnt "$2" {check} 2>/dev/null; do kill -0 $!; done
        test -e /mnt{volume}/default.kvd/CURRENT
        kill $!
        wait $! || test $? = 143"#,
        check = health[1..].join(" "),
    );
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "--net", "timeout", "60", "bash", "-ec", &script, "-"]);
    command.arg(Kind::Kvd.server()).arg(Kind::Kvd.client_tool()).env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.envs(instructions(&file, "ENV").iter().filter_map(|line| line.split_once('=')));
    let output = command.output().expect("unshare is installed");
    let said = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success() && said[0].contains("is healthy"), "{}: {said:?}", output.status);
}
