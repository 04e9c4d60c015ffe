//! An LMDB file read without LMDB, to know that it can be trusted.
//!
//! LMDB maps its file and believes every number in it: a file that was cut ends in a signal, a damaged one in an
//! abort or worse. So before it is mapped, everything that LMDB believes is checked here: the headers, the length, and the
//! structure of every tree. Every page is in exactly one tree, or free.
//!
//! What is known of the structure also finds many rows at once in a file that is mapped: see [`find_rows`].

mod page;
mod page_reader;
mod salvage;
mod search;
mod walk;

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

pub(crate) use self::page::Tree;
use self::page::{HEADER_END, Header};
pub(crate) use self::salvage::{NamedRow, PageUse, Salvage};
pub(crate) use self::search::{FoundRow, find_rows};
pub(crate) use self::walk::FreePage;
use self::walk::{ShowRow, Values, Walk, free_pages};
use crate::storage_error::OpenError;

/// An LMDB file whose header is whole.
#[derive(Debug)]
pub struct LmdbFile {
    path: PathBuf,
    file: File,
    length_bytes: u64,
    header: Header,
}

/// What [`LmdbFile::check`] counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileCheck {
    /// Pages in the trees, the two header pages included.
    pub used_pages: u64,
    /// Pages that are free.
    pub free_pages: u64,
    /// Rows of all tables.
    pub rows: u64,
}

impl LmdbFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] if it is cut inside the header or is no file of LMDB.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let io_error = |source| OpenError::io("read", path, source);
        let damaged = |detail| OpenError::Damaged { path: path.to_owned(), detail };
        let file = File::open(path).map_err(|source| OpenError::io("open", path, source))?;
        let read_header = |place: u64| {
            let mut page = [0; HEADER_END];
            match file.read_exact_at(&mut page, place) {
                Ok(()) => Header::parse(&page).map_err(damaged),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Err(damaged("it ends inside its header".to_owned()))
                }
                Err(error) => Err(io_error(error)),
            }
        };
        let first = read_header(0)?;
        let second = read_header(first.page_size)?;
        Header::check_pair(&first, &second).map_err(damaged)?;
        let header = if second.transaction > first.transaction { second } else { first };
        header.check().map_err(damaged)?;
        // After the header, because a process that writes makes the file longer and then changes the header.
        let length_bytes = file.metadata().map_err(io_error)?.size();
        Ok(Self { path: path.to_owned(), file, length_bytes, header })
    }

    /// Checks that every page in use is in the file; free ones at its end may be missing.
    ///
    /// Costs nothing where the file is as long as it says.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] with how many bytes are missing.
    pub fn check_length(&self) -> Result<(), OpenError> {
        let Header { page_size, last_page, .. } = self.header;
        let pages = self.length_bytes / page_size;
        if last_page < pages {
            return Ok(());
        }
        let free = self.free_pages().unwrap_or_default();
        let free = free.iter().filter(|free| (pages..=last_page).contains(&free.page)).count() as u64;
        let missing = last_page + 1 - pages - free.min(last_page + 1 - pages);
        if missing == 0 {
            return Ok(());
        }
        let length = self.length_bytes;
        Err(self
            .damaged(format!("it was cut: it ends after {length} bytes, and {missing} pages in use are behind that")))
    }

    /// Checks everything that LMDB believes without looking: that every page is in exactly one tree, or free, that every tree
    /// is in order, and that every header counts what is there.
    ///
    /// Reads all pages but those that hold nothing but one value. Only for a file that nobody writes to.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] with the page and what is wrong with it.
    pub fn check_structure(&self) -> Result<FileCheck, OpenError> {
        self.check_structure_showing(&[], &mut |_, _, _| {})
    }

    /// Checks the same, and shows all rows of some tables on the way. The tables come in the order of their names, the rows in
    /// that of their keys.
    ///
    /// # Errors
    ///
    /// As [`check_structure`](Self::check_structure).
    pub(crate) fn check_structure_showing(&self, tables: &[&str], show: ShowRow<'_>) -> Result<FileCheck, OpenError> {
        self.check_length()?;
        Walk::new(self, Values::Unread).all(tables, show).map_err(|detail| self.damaged(detail))
    }

    /// Checks the same, and the header of every page that holds nothing but one value.
    ///
    /// Reads all pages, so it takes long where values are long.
    ///
    /// # Errors
    ///
    /// As [`check_structure`](Self::check_structure).
    pub fn check(&self) -> Result<FileCheck, OpenError> {
        self.check_length()?;
        Walk::new(self, Values::Headers).all(&[], &mut |_, _, _| {}).map_err(|detail| self.damaged(detail))
    }

    /// Finds the free pages of the newest transaction.
    ///
    /// Only right while nobody writes, or inside a write transaction.
    pub(crate) fn free_pages(&self) -> Result<Vec<FreePage>, String> {
        free_pages(self)
    }

    /// Checks the headers of the pages with nothing but one value, of a part of a table's rows: from one key up to and including
    /// another. LMDB believes them when it deletes the rows.
    ///
    /// Only right while nobody writes, or inside a write transaction that has changed nothing yet.
    pub(crate) fn check_values(&self, table: &str, from: &[u8], to: &[u8]) -> Result<(), String> {
        walk::check_values(self, walk::table(self, table)?, from, to)
    }

    /// Returns how many bytes a page has.
    pub(crate) fn page_size(&self) -> u64 {
        self.header.page_size
    }

    /// Checks that there can be such a page.
    fn check_number(&self, page: u64) -> Result<(), String> {
        let last = self.header.last_page;
        if page > last { Err(format!("page {page} is behind the last page, {last}")) } else { Ok(()) }
    }

    /// Returns how many pages the file has, used or not.
    fn whole_pages(&self) -> u64 {
        (self.length_bytes / self.header.page_size).min(self.header.last_page + 1)
    }

    fn read(&self, into: &mut [u8], place: u64) -> io::Result<()> {
        self.file.read_exact_at(into, place)
    }

    fn damaged(&self, detail: String) -> OpenError {
        OpenError::Damaged { path: self.path.clone(), detail }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::env::{EnvOptions, Environment};

    const OPTIONS: EnvOptions = EnvOptions { map_size_bytes: 64 << 20, readers_max: 8, sync: false };

    /// A file with rows of all sizes, of which a part was deleted again.
    fn file(directory: &Path) -> PathBuf {
        let path = directory.join("file.mdb");
        let environment = Environment::open(&path, OPTIONS).unwrap();
        for round in 0..20u64 {
            let mut txn = environment.write_txn().unwrap();
            for number in 0..100 {
                let key = (round * 100 + number).to_be_bytes();
                environment.rev.put(&mut txn, &key, &vec![1; (number * number) as usize]).unwrap();
                if round > 0 && number % 3 > 0 {
                    environment.rev.delete(&mut txn, &(round * 100 + number - 100).to_be_bytes()).unwrap();
                }
            }
            txn.commit().unwrap();
        }
        path
    }

    #[test]
    fn every_page_is_accounted_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(directory.path());
        let environment = Environment::open(&path, OPTIONS).unwrap();
        let check = LmdbFile::open(&path).unwrap().check().unwrap();
        assert_eq!(check.rows, environment.rev.len(&environment.read_txn().unwrap()).unwrap());
        assert_eq!(check.used_pages + check.free_pages, environment.env().info().last_page_number as u64 + 1);
        assert!(check.free_pages > 20, "{check:?}");
    }

    #[test]
    fn a_file_that_lacks_only_free_pages_is_whole() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(directory.path());
        let whole = LmdbFile::open(&path).unwrap();
        let free: Vec<_> = whole.free_pages().unwrap().into_iter().map(|free| free.page).collect();
        let used_end = (0..=whole.header.last_page).rev().find(|page| !free.contains(page)).unwrap() + 1;

        let bytes = fs::read(&path).unwrap();
        let cut = |pages: u64| {
            fs::write(&path, &bytes[..bytes.len().min((pages * whole.header.page_size) as usize)]).unwrap();
            LmdbFile::open(&path).unwrap().check_length()
        };
        cut(used_end).unwrap();
        let error = cut(used_end - 1).unwrap_err().to_string();
        assert!(error.contains("it was cut") && error.contains("1 pages in use"), "{error}");
        cut(3).unwrap_err();
    }

    fn check_damage(damage: impl Fn(&LmdbFile, &mut Vec<u8>), expected: &Expect) {
        let directory = tempfile::tempdir().unwrap();
        let path = file(directory.path());
        let mut bytes = fs::read(&path).unwrap();
        damage(&LmdbFile::open(&path).unwrap(), &mut bytes);
        fs::write(&path, bytes).unwrap();
        let error = LmdbFile::open(&path).and_then(|file| file.check()).unwrap_err().to_string();
        expected.assert_eq(error.split(" is damaged: ").nth(1).unwrap());
    }

    #[test]
    fn damage_to_the_structure_is_named() {
        let root = |file: &LmdbFile| (file.header.tables.root().unwrap() * file.header.page_size) as usize;
        check_damage(|file, bytes| bytes[root(file)] ^= 1, &expect!["page 120 does not begin with its number"]);
        check_damage(
            |file, bytes| bytes[root(file) + 10] = 1,
            &expect!["page 120 is of another kind than its place in the tree"],
        );
        check_damage(|file, bytes| bytes[root(file) + 13] = 0xff, &expect!["page 120 has a bad header"]);
        check_damage(|file, bytes| bytes[root(file) + 17] = 0xff, &expect!["node 0 of page 120 is outside of it"]);
    }

    /// Whatever single byte of the trees' pages is changed, the check ends with an answer.
    #[test]
    fn no_damage_is_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let path = file(directory.path());
        let bytes = fs::read(&path).unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        let mut noticed = 0;
        for step in 0..500 {
            // Near the beginning of a page, where its own structure is.
            let at = (step * 4096 + step * 7 % 64) % bytes.len();
            file.write_all_at(&[!bytes[at]], at as u64).unwrap();
            noticed += usize::from(LmdbFile::open(&path).and_then(|file| file.check()).is_err());
            file.write_all_at(&[bytes[at]], at as u64).unwrap();
        }
        assert!(noticed > 20, "only {noticed} were noticed");
        LmdbFile::open(&path).unwrap().check().unwrap();
    }
}
