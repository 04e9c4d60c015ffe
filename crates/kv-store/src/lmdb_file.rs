//! An LMDB file read without LMDB, to know that it can be trusted.
//!
//! LMDB maps its file and believes every page number in it: a file that was cut ends in a signal, a damaged one in an
//! abort or worse. So before it is mapped, its header and length are checked here, and offline the whole structure:
//! every page is in exactly one tree, or free.

mod page;

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use self::page::{HEADER_END, Header, Node, PAGE_HEADER, Page, Tree, u64_at};
use crate::storage_error::OpenError;

/// The deepest tree that is followed; LMDB's own limit.
const DEPTH_MAX: u16 = 32;

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

/// One free page, and the transaction that freed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FreePage {
    pub(crate) page: u64,
    pub(crate) freed_by: u64,
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
        let header = if second.transaction > first.transaction { second } else { first };
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

    /// Checks that every page is in exactly one tree, or free, and that every tree is in order.
    ///
    /// Reads all pages but those that hold nothing but values. Only for a file that nobody writes to.
    ///
    /// # Errors
    ///
    /// [`OpenError::Damaged`] with the page and what is wrong with it.
    pub fn check(&self) -> Result<FileCheck, OpenError> {
        self.check_length()?;
        let mut walk =
            Walk { file: self, seen: vec![false; self.header.last_page as usize + 1], rows: 0, used_pages: 0 };
        walk.all().map_err(|detail| self.damaged(detail))
    }

    /// Finds the free pages of the newest transaction.
    ///
    /// Only right while nobody writes, or inside a write transaction.
    pub(crate) fn free_pages(&self) -> Result<Vec<FreePage>, String> {
        let mut free = Vec::new();
        self.visit(self.header.free, &mut |_, _| Ok(()), &mut |node| {
            let freed_by = u64_at(node.key, 0).ok_or("a row of the free pages has no transaction")?;
            let data = self.node_data(&node)?;
            let count = u64_at(&data, 0).ok_or("a row of the free pages is empty")?;
            for position in 0..count as usize {
                let page = u64_at(&data, 8 + 8 * position).ok_or("a row of the free pages is cut")?;
                if page > self.header.last_page {
                    return Err(format!("free page {page} is behind the last page"));
                }
                free.push(FreePage { page, freed_by });
            }
            Ok(())
        })?;
        Ok(free)
    }

    /// Returns how many bytes a page has.
    pub(crate) fn page_size(&self) -> u64 {
        self.header.page_size
    }

    /// Visits every page and every node of leaves of a tree.
    fn visit(
        &self,
        tree: Tree,
        page_seen: &mut dyn FnMut(u64, u64) -> Result<(), String>,
        node_seen: &mut dyn FnMut(Node<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let Some(root) = tree.root() else { return Ok(()) };
        if tree.depth > DEPTH_MAX {
            return Err(format!("a tree of depth {}", tree.depth));
        }
        self.visit_page(tree, root, tree.depth, page_seen, node_seen)
    }

    fn visit_page(
        &self,
        tree: Tree,
        number: u64,
        depth: u16,
        page_seen: &mut dyn FnMut(u64, u64) -> Result<(), String>,
        node_seen: &mut dyn FnMut(Node<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if depth == 0 {
            return Err(format!("page {number} is deeper than its tree"));
        }
        page_seen(number, 1)?;
        let page = Page::read(self, number)?;
        if !(if depth == 1 { page.is_leaf() } else { page.is_branch() }) {
            return Err(format!("page {number} is of another kind than its place in the tree"));
        }
        let mut last_key: Option<Vec<u8>> = None;
        for position in 0..page.nodes()? {
            let node = page.node(position)?;
            // The first key of a branch stands for everything before the second and is empty.
            if position > 0 || depth == 1 {
                if last_key.as_deref().is_some_and(|last| !tree.in_order(last, node.key)) {
                    return Err(format!("page {number} has its keys out of order"));
                }
                last_key = Some(node.key.to_vec());
            }
            if depth == 1 {
                if node.is_on_overflow_pages() {
                    let (first, pages) = self.overflow_pages(&node)?;
                    page_seen(first, pages)?;
                }
                node_seen(node)?;
            } else {
                self.visit_page(tree, node.child, depth - 1, page_seen, node_seen)?;
            }
        }
        Ok(())
    }

    /// Returns where a long value is: its first page and how many there are.
    fn overflow_pages(&self, node: &Node<'_>) -> Result<(u64, u64), String> {
        let first = u64_at(node.data, 0).ok_or("a node has no page for its value")?;
        let pages = (node.size as u64 + PAGE_HEADER as u64).div_ceil(self.header.page_size);
        if first.checked_add(pages).is_none_or(|end| end > self.header.last_page + 1) {
            return Err(format!("page {first} of a value is behind the last page"));
        }
        Ok((first, pages))
    }

    fn node_data(&self, node: &Node<'_>) -> Result<Vec<u8>, String> {
        if !node.is_on_overflow_pages() {
            return Ok(node.data.to_vec());
        }
        let (first, _) = self.overflow_pages(node)?;
        let mut data = vec![0; node.size];
        self.read(&mut data, first * self.header.page_size + PAGE_HEADER as u64).map_err(|error| error.to_string())?;
        Ok(data)
    }

    fn read(&self, into: &mut [u8], place: u64) -> io::Result<()> {
        self.file.read_exact_at(into, place)
    }

    fn damaged(&self, detail: String) -> OpenError {
        OpenError::Damaged { path: self.path.clone(), detail }
    }
}

/// A walk over everything, which notes every page it meets.
struct Walk<'a> {
    file: &'a LmdbFile,
    seen: Vec<bool>,
    rows: u64,
    used_pages: u64,
}

impl Walk<'_> {
    fn all(&mut self) -> Result<FileCheck, String> {
        let file = self.file;
        self.mark(0, 2)?;
        self.tree(file.header.free)?;
        let mut tables = Vec::new();
        self.nodes(file.header.tables, &mut |node| {
            if node.is_tree() {
                tables.push(Tree::parse(node.data).ok_or("the header of a table is cut")?);
            }
            Ok(())
        })?;
        for table in tables {
            self.rows += self.tree(table)?;
        }
        let used_pages = self.used_pages;
        let free = file.free_pages()?;
        for free in &free {
            self.mark(free.page, 1)?;
        }
        match self.seen.iter().position(|seen| !seen) {
            Some(lost) => Err(format!("page {lost} is neither used nor free")),
            None => Ok(FileCheck { used_pages, free_pages: free.len() as u64, rows: self.rows }),
        }
    }

    /// Walks a tree; returns its count of rows, which must be what its header says.
    fn tree(&mut self, tree: Tree) -> Result<u64, String> {
        let rows = self.nodes(tree, &mut |_| Ok(()))?;
        if rows == tree.entries { Ok(rows) } else { Err(format!("a tree has {rows} rows instead of {}", tree.entries)) }
    }

    fn nodes(&mut self, tree: Tree, seen: &mut dyn FnMut(Node<'_>) -> Result<(), String>) -> Result<u64, String> {
        let mut rows = 0;
        let file = self.file;
        file.visit(tree, &mut |first, pages| self.mark(first, pages), &mut |node| {
            rows += 1;
            seen(node)
        })?;
        Ok(rows)
    }

    fn mark(&mut self, first: u64, pages: u64) -> Result<(), String> {
        for page in first..first + pages {
            match self.seen.get_mut(page as usize) {
                None => return Err(format!("page {page} is behind the last page, {}", self.file.header.last_page)),
                Some(true) => return Err(format!("page {page} is in two places")),
                Some(seen) => *seen = true,
            }
        }
        self.used_pages += pages;
        Ok(())
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
