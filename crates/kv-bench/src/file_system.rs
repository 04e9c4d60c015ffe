//! Which file system a directory is on.

use std::path::Path;

use rustix::fs::statfs;

use crate::BenchError;

/// File systems that keep everything in memory: a sync costs nothing there, so nothing measured there means anything.
const IN_MEMORY: [(i64, &str); 2] = [(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs")];

/// Fails if `directory` is on a file system that is kept in memory.
pub(crate) fn refuse_memory(directory: &Path) -> Result<(), BenchError> {
    let asked = statfs(directory);
    let found = asked.map_err(|errno| BenchError::io(format!("ask about {}", directory.display()))(errno.into()))?;
    refuse(directory, found.f_type)
}

fn refuse(directory: &Path, magic: i64) -> Result<(), BenchError> {
    match IN_MEMORY.iter().find(|(known, _)| *known == magic) {
        None => Ok(()),
        Some((_, file_system)) => Err(BenchError::InMemory { directory: directory.to_path_buf(), file_system }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_refused_and_a_disk_is_not() {
        let refused = refuse(Path::new("/dev/shm"), 0x0102_1994).expect_err("it is memory");
        assert!(refused.to_string().starts_with("/dev/shm is in memory (tmpfs)"), "{refused}");
        // ext4.
        refuse(Path::new("/"), 0xef53).expect("it is a disk");
        refuse_memory(Path::new("/proc")).expect("it is no place for data, but no memory either");
    }
}
