//! An LMDB file read without LMDB, to know that it can be trusted.
//!
//! LMDB maps its file and believes every page number in it: a file that was cut ends in a signal, a damaged one in an
//! abort or worse. So before it is mapped, its header and length are checked here, and offline the whole structure:
//! every page is in exactly one tree, or free.
//!
//! The layout, of LMDB's data version 1 on a 64-bit little-endian machine:
//!
//! ```text
//! page       0 number, 8 B | 8 -, 2 B | 10 flags, 2 B | 12 end of pointers, 2 B | 14 begin of nodes, 2 B | 16 pointers, 2 B each
//!            (an overflow page has its count of pages, 4 B, at 12)
//! header     pages 0 and 1; the one with the higher transaction is valid:
//!            16 magic, 4 B | 20 version, 4 B | 24 -, 8 B | 32 map size, 8 B | 40 tree of free pages | 88 tree of tables
//!            | 136 last page, 8 B | 144 transaction, 8 B
//! tree       0 -, 4 B (of the free pages: the page size) | 4 flags, 2 B | 6 depth, 2 B | 8 branch, 16 leaf,
//!            24 overflow pages, 8 B each | 32 entries, 8 B | 40 root page, 8 B
//! node       0 size of data or low half of a page number, 4 B | 4 flags or its high part, 2 B | 6 size of key, 2 B
//!            | 8 key, then data
//! ```

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::storage_error::OpenError;

const HEADER_END: usize = 152;
const PAGE_HEADER: usize = 16;
const NODE_HEADER: usize = 8;
const TREE: usize = 48;
const NO_PAGE: u64 = u64::MAX;
const DEPTH_MAX: u16 = 32;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const OVERFLOW: u16 = 4;
const HEADER: u16 = 8;

const KEYS_ARE_NUMBERS: u16 = 8;

const NODE_ON_OVERFLOW_PAGES: u16 = 1;
const NODE_IS_TREE: u16 = 2;

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

#[derive(Debug, Clone, Copy)]
struct Header {
    page_size: u64,
    free: Tree,
    tables: Tree,
    last_page: u64,
    transaction: u64,
}

#[derive(Debug, Clone, Copy)]
struct Tree {
    flags: u16,
    depth: u16,
    entries: u64,
    root: u64,
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
        if tree.root == NO_PAGE {
            return Ok(());
        }
        if tree.depth > DEPTH_MAX {
            return Err(format!("a tree of depth {}", tree.depth));
        }
        self.visit_page(tree, tree.root, tree.depth, page_seen, node_seen)
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
        let expected = if depth == 1 { LEAF } else { BRANCH };
        if page.flags() & (BRANCH | LEAF | OVERFLOW | HEADER) != expected {
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
                if node.flags & NODE_ON_OVERFLOW_PAGES != 0 {
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
        if node.flags & NODE_ON_OVERFLOW_PAGES == 0 {
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
            if node.flags & NODE_IS_TREE != 0 {
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

impl Header {
    fn parse(page: &[u8; HEADER_END]) -> Result<Self, String> {
        const MAGIC: u32 = 0xbeef_c0de;
        const VERSION: u32 = 1;
        let whole = "the header is whole";
        if u16_at(page, 10).expect(whole) & HEADER == 0 || u32_at(page, 16).expect(whole) != MAGIC {
            return Err("it is not a file of LMDB".to_owned());
        }
        let version = u32_at(page, 20).expect(whole);
        if version != VERSION {
            return Err(format!("it is a file of LMDB version {version}, not {VERSION}"));
        }
        let header = Self {
            page_size: u64::from(u32_at(page, 40).expect(whole)),
            free: Tree::parse(&page[40..]).expect(whole),
            tables: Tree::parse(&page[88..]).expect(whole),
            last_page: u64_at(page, 136).expect(whole),
            transaction: u64_at(page, 144).expect(whole),
        };
        if !header.page_size.is_power_of_two() || !(512..=65536).contains(&header.page_size) {
            return Err(format!("{} is not a page size", header.page_size));
        }
        for root in [header.free.root, header.tables.root] {
            if root != NO_PAGE && root > header.last_page {
                return Err(format!("page {root} is behind the last page, {}", header.last_page));
            }
        }
        Ok(header)
    }
}

impl Tree {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..TREE)?;
        Some(Self {
            flags: u16_at(bytes, 4)?,
            depth: u16_at(bytes, 6)?,
            entries: u64_at(bytes, 32)?,
            root: u64_at(bytes, 40)?,
        })
    }

    /// Tells whether two neighbouring keys are in order: as bytes, or as numbers in the tree of free pages.
    fn in_order(self, key: &[u8], next: &[u8]) -> bool {
        if self.flags & KEYS_ARE_NUMBERS == 0 { key < next } else { u64_at(key, 0) < u64_at(next, 0) }
    }
}

/// A branch or leaf page.
struct Page {
    number: u64,
    bytes: Vec<u8>,
}

/// One entry of a page.
struct Node<'a> {
    key: &'a [u8],
    /// In a leaf: the data, or the number of the page it is on.
    data: &'a [u8],
    /// In a leaf: how long the data is.
    size: usize,
    flags: u16,
    /// In a branch: the page below.
    child: u64,
}

impl Page {
    fn read(file: &LmdbFile, number: u64) -> Result<Self, String> {
        if number > file.header.last_page {
            return Err(format!("page {number} is behind the last page, {}", file.header.last_page));
        }
        let mut bytes = vec![0; file.header.page_size as usize];
        file.read(&mut bytes, number * file.header.page_size)
            .map_err(|error| format!("read page {number}: {error}"))?;
        let page = Self { number, bytes };
        if u64_at(&page.bytes, 0) != Some(number) {
            return Err(format!("page {number} does not begin with its number"));
        }
        Ok(page)
    }

    fn flags(&self) -> u16 {
        u16_at(&self.bytes, 10).unwrap_or(0)
    }

    fn nodes(&self) -> Result<usize, String> {
        let end = usize::from(u16_at(&self.bytes, 12).unwrap_or(0));
        if end < PAGE_HEADER || end > self.bytes.len() {
            return Err(format!("page {} has a bad header", self.number));
        }
        Ok((end - PAGE_HEADER) / 2)
    }

    fn node(&self, position: usize) -> Result<Node<'_>, String> {
        self.find_node(position).ok_or_else(|| format!("node {position} of page {} is outside of it", self.number))
    }

    fn find_node(&self, position: usize) -> Option<Node<'_>> {
        let begin = usize::from(u16_at(&self.bytes, PAGE_HEADER + 2 * position)?);
        let node = self.bytes.get(begin..)?;
        let low = u32_at(node, 0)?;
        let flags = u16_at(node, 4)?;
        let key_end = NODE_HEADER + usize::from(u16_at(node, 6)?);
        let key = node.get(NODE_HEADER..key_end)?;
        let size = low as usize;
        let data = if self.flags() & BRANCH != 0 {
            &[]
        } else if flags & NODE_ON_OVERFLOW_PAGES != 0 {
            node.get(key_end..key_end + 8)?
        } else {
            node.get(key_end..key_end.checked_add(size)?)?
        };
        Some(Node { key, data, size, flags, child: u64::from(low) | u64::from(flags) << 32 })
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
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
        let root = |file: &LmdbFile| (file.header.tables.root * file.header.page_size) as usize;
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
