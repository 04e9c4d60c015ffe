//! Records what a process does to files, by strace, and reads the record.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The system calls that change files or make changes durable.
const CALLS: &str = "trace=openat,lseek,open,creat,pwrite64,pwritev,pwritev2,write,writev,fsync,fdatasync,sync_file_range,sync,syncfs,\
                     ftruncate,truncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,link,linkat,\
                     symlink,symlinkat,rmdir,copy_file_range,sendfile,msync";
/// More than the largest single write.
const DATA_BYTES_MAX: &str = "268435456";
/// How long strace may take to write its last line after the process has ended.
const COMPLETE_WITHIN: Duration = Duration::from_secs(60);

/// A moment on the system's clock.
pub(crate) type Moment = f64;

/// One completed system call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) start: Moment,
    pub(crate) end: Moment,
    pub(crate) action: Action,
}

/// What a call did.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Open { path: PathBuf, descriptor: i32, create: bool, truncate: bool, synchronous: bool },
    Write { path: PathBuf, descriptor: i32, offset: Offset, data: Vec<u8>, synchronous: bool },
    Seek { path: PathBuf, descriptor: i32, position: u64 },
    Truncate { path: PathBuf, length: u64 },
    Allocate { path: PathBuf, end: u64 },
    PunchHole { path: PathBuf, offset: u64, length: u64 },
    Sync { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
    MakeDirectory { path: PathBuf },
}

/// Where a write goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Offset {
    At(u64),
    /// At the descriptor's own position.
    Current,
}

/// Returns the command that records the command after it into `file`.
pub(crate) fn recorder(file: &Path) -> Vec<String> {
    // -D makes the recorded process our child and not strace, so that it is ours to signal and to wait for.
    let options = ["strace", "-D", "-f", "-y", "-xx", "-ttt", "-T", "--seccomp-bpf", "-s", DATA_BYTES_MAX];
    let mut command: Vec<String> = options.iter().map(ToString::to_string).collect();
    command.extend(["-e", CALLS, "-o"].map(str::to_owned));
    command.push(file.to_str().expect("the test's path is text").to_owned());
    command
}

/// Reads the record of the process `pid`, which has ended, and returns what it did to `directory` and in it, in order.
pub(crate) fn read(file: &Path, pid: u32, directory: &Path) -> Vec<Call> {
    let last = format!("{pid} ");
    let deadline = Instant::now() + COMPLETE_WITHIN;
    let text = loop {
        let text = fs::read_to_string(file).expect("read what strace wrote");
        if text.lines().last().is_some_and(|line| line.starts_with(&last) && line.contains("+++ ")) {
            break text;
        }
        assert!(Instant::now() < deadline, "strace does not finish; its last line: {:?}", text.lines().last());
        thread::sleep(Duration::from_millis(20));
    };
    let parent = directory.parent().expect("the directory is not the root");
    let concerns = |path: &Path| path == parent || path.starts_with(directory);
    calls(&text).into_iter().filter(|call| concerns(call.action.path())).collect()
}

impl Action {
    fn path(&self) -> &Path {
        match self {
            Action::Open { path, .. }
            | Action::Write { path, .. }
            | Action::Seek { path, .. }
            | Action::Truncate { path, .. }
            | Action::Allocate { path, .. }
            | Action::PunchHole { path, .. }
            | Action::Sync { path }
            | Action::Rename { to: path, .. }
            | Action::Remove { path }
            | Action::MakeDirectory { path } => path,
        }
    }
}

/// Returns the calls of a record in the order of their starts. A call that other threads interrupt stands on two lines.
fn calls(text: &str) -> Vec<Call> {
    let mut unfinished: HashMap<&str, (Moment, String)> = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        // The process ids are padded to a column.
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let Some((moment, rest)) = rest.trim_start().split_once(' ') else { continue };
        let moment: Moment = moment.parse().unwrap_or_else(|error| panic!("{error}: {}", shortened(line)));
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if let Some(beginning) = rest.strip_suffix(" <unfinished ...>") {
            unfinished.insert(pid, (moment, beginning.to_owned()));
        } else if rest.starts_with("<... ") {
            let (_, ending) = rest.split_once(" resumed>").unwrap_or_else(|| panic!("{}", shortened(line)));
            let (start, beginning) = unfinished.remove(pid).expect("what is resumed was begun");
            calls.extend(call(start, &(beginning + ending)));
        } else {
            calls.extend(call(moment, rest));
        }
    }
    calls.sort_by(|left, right| left.start.total_cmp(&right.start));
    calls
}

/// Reads `name(arguments) = result <seconds>`; a failed call did nothing.
fn call(start: Moment, text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(').unwrap_or_else(|| panic!("{}", shortened(text)));
    let (arguments, result) = rest.rsplit_once(") = ").unwrap_or_else(|| {
        // Arguments and result are aligned with spaces when short.
        rest.rsplit_once(" = ")
            .map(|(arguments, result)| (arguments.trim_end().trim_end_matches(')'), result))
            .expect("a result")
    });
    if result.trim() == "?" {
        // The process was killed in the middle, and nobody was told of a result.
        return None;
    }
    let (result, seconds) = result.rsplit_once(" <").unwrap_or_else(|| panic!("no duration: {}", shortened(text)));
    let seconds: f64 =
        seconds.trim_end_matches('>').parse().unwrap_or_else(|error| panic!("{error}: {}", shortened(text)));
    let number: i64 = result.split(['<', ' ']).next().and_then(|number| number.parse().ok())?;
    if number < 0 {
        return None;
    }
    let arguments = split(arguments);
    let action = action(name, &arguments, number)?;
    Some(Call { start, end: start + seconds, action })
}

fn action(name: &str, arguments: &[&str], result: i64) -> Option<Action> {
    Some(match name {
        "open" | "creat" | "truncate" | "link" | "linkat" | "symlink" | "symlinkat" | "copy_file_range"
        | "sendfile" | "sync" | "syncfs" | "sync_file_range" | "msync" | "rmdir" => {
            panic!("{name} is not modelled: teach power_cut what it does")
        }
        "openat" => {
            let flags = arguments[2];
            Action::Open {
                path: resolve(arguments[0], arguments[1]),
                descriptor: i32::try_from(result).expect("a descriptor"),
                create: flags.contains("O_CREAT"),
                truncate: flags.contains("O_TRUNC"),
                synchronous: flags.contains("O_DSYNC") || flags.contains("O_SYNC"),
            }
        }
        "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2" => {
            let (descriptor, path) = descriptor(arguments[0])?;
            let mut data = if name.contains("writev") { vectors(arguments[1]) } else { quoted(arguments[1]) };
            data.truncate(usize::try_from(result).expect("not negative"));
            let offset = match name {
                "write" | "writev" => Offset::Current,
                _ => Offset::At(arguments[3].parse().expect("an offset")),
            };
            let synchronous = arguments.get(5).or(arguments.get(4)).is_some_and(|flags| flags.contains("SYNC"));
            Action::Write { path, descriptor, offset, data, synchronous }
        }
        "lseek" => {
            let (descriptor, path) = descriptor(arguments[0])?;
            Action::Seek { path, descriptor, position: u64::try_from(result).expect("not negative") }
        }
        "fsync" | "fdatasync" => Action::Sync { path: descriptor(arguments[0])?.1 },
        "ftruncate" => Action::Truncate { path: descriptor(arguments[0])?.1, length: arguments[1].parse().ok()? },
        "fallocate" => {
            let path = descriptor(arguments[0])?.1;
            let (offset, length): (u64, u64) = (arguments[2].parse().ok()?, arguments[3].parse().ok()?);
            match arguments[1] {
                "0" => Action::Allocate { path, end: offset + length },
                // Blocks behind the end: nothing that is ever read.
                "FALLOC_FL_KEEP_SIZE" => return None,
                mode if mode.contains("PUNCH_HOLE") => Action::PunchHole { path, offset, length },
                mode => panic!("fallocate with {mode} is not modelled"),
            }
        }
        "rename" => Action::Rename { from: path(arguments[0]), to: path(arguments[1]) },
        "renameat" | "renameat2" => {
            Action::Rename { from: resolve(arguments[0], arguments[1]), to: resolve(arguments[2], arguments[3]) }
        }
        "unlink" => Action::Remove { path: path(arguments[0]) },
        "unlinkat" => Action::Remove { path: resolve(arguments[0], arguments[1]) },
        "mkdir" => Action::MakeDirectory { path: path(arguments[0]) },
        "mkdirat" => Action::MakeDirectory { path: resolve(arguments[0], arguments[1]) },
        _ => panic!("{name} was not asked for"),
    })
}

/// Splits arguments at commas outside of brackets. Strings are written in hexadecimal and hold neither.
fn split(arguments: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, byte) in arguments.bytes().enumerate() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(arguments[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(arguments[from..].trim());
    parts
}

/// `5<\x2f…>`: the descriptor and the path it stands for. A socket or pipe stands for none.
fn descriptor(argument: &str) -> Option<(i32, PathBuf)> {
    let (number, rest) = argument.split_once('<')?;
    let path = bytes(rest.trim_end_matches('>'));
    path.starts_with(b"/").then(|| (number.parse().expect("a descriptor"), PathBuf::from(OsString::from_vec(path))))
}

/// The path that a directory argument and a path argument stand for together.
fn resolve(directory: &str, argument: &str) -> PathBuf {
    let base = directory.split_once('<').map(|(_, rest)| bytes(rest.trim_end_matches('>'))).unwrap_or_default();
    PathBuf::from(OsString::from_vec(base)).join(path(argument))
}

fn path(argument: &str) -> PathBuf {
    PathBuf::from(OsString::from_vec(quoted(argument)))
}

/// `[{iov_base="…", iov_len=4}, …]`
fn vectors(argument: &str) -> Vec<u8> {
    argument.split("iov_base=").skip(1).flat_map(quoted).collect()
}

/// The first quoted string of a text.
fn quoted(text: &str) -> Vec<u8> {
    let (_, rest) = text.split_once('"').unwrap_or_else(|| panic!("no string: {}", shortened(text)));
    let (inside, after) = rest.split_once('"').expect("a closing quote");
    assert!(!after.starts_with("..."), "strace cut a string short");
    bytes(inside)
}

/// `\x2f\x74…`; strace leaves a text that is not hexadecimal alone, such as the name of a socket.
fn bytes(text: &str) -> Vec<u8> {
    if !text.starts_with("\\x") {
        return text.as_bytes().to_vec();
    }
    text.split("\\x").skip(1).map(|pair| u8::from_str_radix(&pair[..2], 16).expect("two hexadecimal digits")).collect()
}

fn shortened(text: &str) -> &str {
    &text[..text.len().min(200)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_in_order_with_interrupted_calls_put_together() {
        let record = r#"7 10.000000 openat(AT_FDCWD<\x2f>, "\x2f\x64\x2f\x61", O_RDWR|O_CREAT|O_DSYNC|O_CLOEXEC, 0644) = 3<\x2f\x64\x2f\x61> <0.000010>
8 10.000100 fdatasync(3<\x2f\x64\x2f\x61> <unfinished ...>
7   10.000200 pwritev2(3<\x2f\x64\x2f\x61>, [{iov_base="\x61\x62", iov_len=2}, {iov_base="\x63", iov_len=1}], 2, 4096, 0) = 3 <0.000010>
8 10.000300 <... fdatasync resumed>)        = 0 <0.000200>
7 10.000400 unlink("\x2f\x64\x2f\x62") = -1 ENOENT (No such file or directory) <0.000001>
7 10.000500 write(4<socket:[1]>, "\x61", 1) = 1 <0.000001>
7 10.000600 +++ exited with 0 +++
"#;
        let calls = calls(record);
        assert_eq!(calls.len(), 3, "{calls:?}");
        let path = PathBuf::from("/d/a");
        let open = Action::Open { path: path.clone(), descriptor: 3, create: true, truncate: false, synchronous: true };
        assert_eq!(calls[0].action, open);
        assert_eq!(calls[1].action, Action::Sync { path: path.clone() });
        assert!((calls[1].end - 10.0003).abs() < 1e-6);
        let data = b"abc".to_vec();
        let write = Action::Write { path, descriptor: 3, offset: Offset::At(4096), data, synchronous: false };
        assert_eq!(calls[2].action, write);
    }
}
