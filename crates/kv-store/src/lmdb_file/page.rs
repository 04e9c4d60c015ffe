//! The layout of LMDB's pages, read without trusting any of it.
//!
//! This is data version 1 on a 64-bit little-endian machine:
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

use super::LmdbFile;

/// How much of a header page is looked at.
pub(super) const HEADER_END: usize = 152;
/// How much of a page comes before what it holds.
pub(super) const PAGE_HEADER: usize = 16;
const NODE_HEADER: usize = 8;
const TREE: usize = 48;
const NO_PAGE: u64 = u64::MAX;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const OVERFLOW: u16 = 4;
const HEADER: u16 = 8;

const KEYS_ARE_NUMBERS: u16 = 8;

const NODE_ON_OVERFLOW_PAGES: u16 = 1;
const NODE_IS_TREE: u16 = 2;

/// The root of everything, as of one transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    pub(super) page_size: u64,
    /// The tree of free pages.
    pub(super) free: Tree,
    /// The tree of the tables' own trees.
    pub(super) tables: Tree,
    pub(super) last_page: u64,
    pub(super) transaction: u64,
}

/// Where a tree begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree {
    flags: u16,
    pub(super) depth: u16,
    pub(super) entries: u64,
    root: u64,
}

impl Header {
    pub(super) fn parse(page: &[u8; HEADER_END]) -> Result<Self, String> {
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
        for root in [header.free, header.tables].into_iter().filter_map(Tree::root) {
            if root > header.last_page {
                return Err(format!("page {root} is behind the last page, {}", header.last_page));
            }
        }
        Ok(header)
    }
}

impl Tree {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..TREE)?;
        Some(Self {
            flags: u16_at(bytes, 4)?,
            depth: u16_at(bytes, 6)?,
            entries: u64_at(bytes, 32)?,
            root: u64_at(bytes, 40)?,
        })
    }

    /// Returns the first page, if there is any.
    pub(super) fn root(self) -> Option<u64> {
        (self.root != NO_PAGE).then_some(self.root)
    }

    /// Tells whether two neighbouring keys are in order: as bytes, or as numbers in the tree of free pages.
    pub(super) fn in_order(self, key: &[u8], next: &[u8]) -> bool {
        if self.flags & KEYS_ARE_NUMBERS == 0 { key < next } else { u64_at(key, 0) < u64_at(next, 0) }
    }
}

/// A branch or leaf page.
pub(super) struct Page {
    number: u64,
    bytes: Vec<u8>,
}

/// One entry of a page.
pub(super) struct Node<'a> {
    pub(super) key: &'a [u8],
    /// In a leaf: the data, or the number of the page it is on.
    pub(super) data: &'a [u8],
    /// In a leaf: how long the data is.
    pub(super) size: usize,
    /// In a branch: the page below.
    pub(super) child: u64,
    flags: u16,
}

impl Node<'_> {
    /// Tells whether the data is on pages of its own.
    pub(super) fn is_on_overflow_pages(&self) -> bool {
        self.flags & NODE_ON_OVERFLOW_PAGES != 0
    }

    /// Tells whether the data is where another tree begins.
    pub(super) fn is_tree(&self) -> bool {
        self.flags & NODE_IS_TREE != 0
    }
}

impl Page {
    pub(super) fn read(file: &LmdbFile, number: u64) -> Result<Self, String> {
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

    /// Tells whether this is a leaf, and nothing else.
    pub(super) fn is_leaf(&self) -> bool {
        self.kind() == LEAF
    }

    /// Tells whether this is a branch, and nothing else.
    pub(super) fn is_branch(&self) -> bool {
        self.kind() == BRANCH
    }

    fn kind(&self) -> u16 {
        u16_at(&self.bytes, 10).unwrap_or(0) & (BRANCH | LEAF | OVERFLOW | HEADER)
    }

    pub(super) fn nodes(&self) -> Result<usize, String> {
        let end = usize::from(u16_at(&self.bytes, 12).unwrap_or(0));
        if end < PAGE_HEADER || end > self.bytes.len() {
            return Err(format!("page {} has a bad header", self.number));
        }
        Ok((end - PAGE_HEADER) / 2)
    }

    pub(super) fn node(&self, position: usize) -> Result<Node<'_>, String> {
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
        let data = if self.is_branch() {
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

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
