//! Disks of a fixed size, that fill up: file systems in memory in a mount namespace of the process that uses them, which needs no
//! privileges: `unshare -rm`. Tests reach them through the process's entry in /proc.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use rustix::io::Errno;

use super::{Kind, Server};

/// Returns what a command is run under, so that it finds a disk of so many bytes mounted at `at`.
pub(crate) fn on_a_disk_at(at: &Path, bytes: u64) -> Vec<String> {
    let mount = format!("mount -t tmpfs -o size={bytes} tmpfs '{}' && exec \"$@\"", at.display());
    ["unshare", "-rm", "sh", "-c", &mount, "sh"].map(str::to_owned).to_vec()
}

/// Starts a kvd whose data directory is a disk of so many bytes; returns it and the disk as the test sees it.
pub(crate) fn server_on_a_disk(bytes: u64, flags: &[&str]) -> (Server, PathBuf) {
    let mut server = Server::start_with(Kind::Kvd, flags);
    server.stop();
    let directory = server.data_directory();
    server.wrap_next_start(&on_a_disk_at(&directory, bytes));
    server.start_again();
    let root = Path::new("/proc").join(server.pid().to_string()).join("root");
    let disk = root.join(directory.strip_prefix("/").expect("an absolute path"));
    (server, disk)
}

/// Returns how many bytes are free.
pub(crate) fn free_bytes(disk: &Path) -> u64 {
    let free = rustix::fs::statvfs(disk).expect("the disk can be reached");
    free.f_bavail * free.f_frsize
}

/// Takes room away until so many bytes are free; the file goes when the test removes it.
pub(crate) fn leave_free(disk: &Path, bytes: u64) -> PathBuf {
    let filler = disk.join("filler");
    take(&filler, free_bytes(disk).checked_sub(bytes).expect("so much is free"));
    filler
}

/// Makes a file so much longer, or by what is left where the server has taken some of it meanwhile.
pub(crate) fn take(filler: &Path, bytes: u64) {
    let file = File::options().create(true).append(true).open(filler).expect("the disk can be reached");
    let length = file.metadata().expect("the file").len();
    let mut bytes = bytes;
    while bytes > 0 {
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), length, bytes) {
            Ok(()) => return,
            Err(Errno::NOSPC) => bytes = (bytes - bytes.min(4096)).min(free_bytes(filler)),
            Err(error) => panic!("fill the disk: {error}"),
        }
    }
}
