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
pub(super) const NODE_HEADER: usize = 8;
const TREE: usize = 48;
const NO_PAGE: u64 = u64::MAX;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const OVERFLOW: u16 = 4;
const HEADER: u16 = 8;

const FIXED_MAP: u16 = 1;
const KEYS_ARE_REVERSED: u16 = 2;
const MANY_VALUES: u16 = 4;
const KEYS_ARE_NUMBERS: u16 = 8;
const VALUES_ARE_ALIKE: u16 = 16;
const VALUES_ARE_NUMBERS: u16 = 32;
const VALUES_ARE_REVERSED: u16 = 64;
/// What the tree of free pages must have of these, and no other tree.
const FREE_FLAGS: u16 = KEYS_ARE_NUMBERS;

const NODE_ON_OVERFLOW_PAGES: u16 = 1;
const NODE_IS_TREE: u16 = 2;

/// The deepest tree that is followed; LMDB's own limit.
pub(super) const DEPTH_MAX: u16 = 32;

/// More pages than a file can have, so that no sum of page numbers overflows.
const PAGES_MAX: u64 = 1 << 48;

/// The longest key that LMDB makes.
const KEY_BYTES_MAX: usize = 511;

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
pub(crate) struct Tree {
    flags: u16,
    pub(super) depth: u16,
    pub(super) pages: TreePages,
    pub(super) entries: u64,
    root: u64,
}

/// How many pages of each kind a tree has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TreePages {
    pub(super) branch: u64,
    pub(super) leaf: u64,
    pub(super) overflow: u64,
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
        Ok(header)
    }

    /// Checks what the header of the newest transaction says. The other one may be a mixture: where LMDB cannot write a header
    /// it writes back a part of the old one.
    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(problem) = self.free.problem(FREE_FLAGS).or_else(|| self.tables.problem(0)) {
            return Err(problem);
        }
        if self.last_page > PAGES_MAX {
            return Err(format!("{} is no page to be the last", self.last_page));
        }
        match [self.free, self.tables].into_iter().filter_map(Tree::root).find(|root| *root > self.last_page) {
            Some(root) => Err(format!("page {root} is behind the last page, {}", self.last_page)),
            None => Ok(()),
        }
    }

    /// Makes the header of a file of which nothing but its length is known.
    pub(super) fn of_pages(page_size: u64, last_page: u64) -> Self {
        let (pages, root) = (TreePages::default(), NO_PAGE);
        let none = Tree { flags: 0, depth: 0, pages, entries: 0, root };
        Self { page_size, free: none, tables: none, last_page, transaction: u64::MAX }
    }

    /// Checks what the two headers say of each other: transactions write them in turn.
    pub(super) fn check_pair(first: &Self, second: &Self) -> Result<(), String> {
        if first.page_size != second.page_size {
            return Err(format!("its headers name pages of {} and of {} bytes", first.page_size, second.page_size));
        }
        let (even, odd) = (first.transaction, second.transaction);
        // A new file has both from no transaction.
        let in_turn = even.is_multiple_of(2) && !odd.is_multiple_of(2) && even.abs_diff(odd) == 1;
        if in_turn || (even == 0 && odd == 0) {
            return Ok(());
        }
        Err(format!("its headers are of transactions {even} and {odd}, which do not follow each other"))
    }
}

impl Tree {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..TREE)?;
        Some(Self {
            flags: u16_at(bytes, 4)?,
            depth: u16_at(bytes, 6)?,
            pages: TreePages { branch: u64_at(bytes, 8)?, leaf: u64_at(bytes, 16)?, overflow: u64_at(bytes, 24)? },
            entries: u64_at(bytes, 32)?,
            root: u64_at(bytes, 40)?,
        })
    }

    /// Returns the first page, if there is any.
    pub(super) fn root(self) -> Option<u64> {
        (self.root != NO_PAGE).then_some(self.root)
    }

    /// Says what is wrong with what the header says of itself. The environment's own flags are kept beside those of the
    /// tree of free pages; what LMDB does with keys and values decides.
    fn problem(self, flags: u16) -> Option<String> {
        let kinds = KEYS_ARE_REVERSED
            | MANY_VALUES
            | KEYS_ARE_NUMBERS
            | VALUES_ARE_ALIKE
            | VALUES_ARE_NUMBERS
            | VALUES_ARE_REVERSED
            | FIXED_MAP;
        if self.flags & kinds != flags {
            return Some(format!("a tree has unknown flags {:#x}", self.flags));
        }
        if self.depth > DEPTH_MAX || (self.root == NO_PAGE) != (self.depth == 0) {
            return Some(format!("a tree has a depth of {}", self.depth));
        }
        if self.root == NO_PAGE && (self.entries > 0 || self.pages != TreePages::default()) {
            return Some("a tree without a page has rows".to_owned());
        }
        None
    }

    /// Reads where the tree of a table begins.
    pub(crate) fn of_table(bytes: &[u8]) -> Result<Self, String> {
        let tree = Self::parse(bytes).ok_or("the header of a table is cut")?;
        if bytes.len() != TREE {
            return Err("the header of a table has another length".to_owned());
        }
        tree.problem(0).map_or(Ok(tree), Err)
    }

    /// Tells whether this is the tree of free pages.
    pub(super) fn is_of_numbers(self) -> bool {
        self.flags & KEYS_ARE_NUMBERS != 0
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
    /// How long the node is.
    bytes: usize,
    flags: u16,
}

impl Node<'_> {
    /// Returns how much of its page the node takes.
    pub(super) fn filled(&self) -> usize {
        self.bytes.next_multiple_of(2)
    }

    /// Tells whether the data is on pages of its own.
    pub(super) fn is_on_overflow_pages(&self) -> bool {
        self.flags & NODE_ON_OVERFLOW_PAGES != 0
    }

    /// Tells whether the data is where another tree begins, and nothing else.
    pub(super) fn is_tree(&self) -> bool {
        self.flags == NODE_IS_TREE
    }

    /// Tells whether the data is what the row holds, and nothing else.
    pub(super) fn is_row(&self) -> bool {
        self.flags & !NODE_ON_OVERFLOW_PAGES == 0
    }
}

impl Page {
    pub(super) fn read(file: &LmdbFile, number: u64) -> Result<Self, String> {
        file.check_number(number)?;
        let mut bytes = vec![0; file.header.page_size as usize];
        file.read(&mut bytes, number * file.header.page_size)
            .map_err(|error| format!("read page {number}: {error}"))?;
        Self::of_bytes(number, bytes)
    }

    /// Takes bytes for a page, if they begin with its number.
    pub(super) fn of_bytes(number: u64, bytes: Vec<u8>) -> Result<Self, String> {
        let page = Self { number, bytes };
        if u64_at(&page.bytes, 0) != Some(number) {
            return Err(format!("page {number} does not begin with its number"));
        }
        Ok(page)
    }

    /// Tells whether this is a leaf, and nothing else.
    pub(super) fn is_leaf(&self) -> bool {
        is_leaf(&self.bytes)
    }

    /// Tells whether this is a branch, and nothing else.
    pub(super) fn is_branch(&self) -> bool {
        self.flags() == BRANCH
    }

    fn flags(&self) -> u16 {
        u16_at(&self.bytes, 10).unwrap_or(0)
    }

    pub(super) fn nodes(&self) -> Result<usize, String> {
        let (end, begin) = (self.pointers_end(), self.nodes_begin());
        if end < PAGE_HEADER || end % 2 != 0 || begin < end || begin > self.bytes.len() {
            return Err(format!("page {} has a bad header", self.number));
        }
        Ok((end - PAGE_HEADER) / 2)
    }

    fn pointers_end(&self) -> usize {
        usize::from(u16_at(&self.bytes, 12).unwrap_or(0))
    }

    fn nodes_begin(&self) -> usize {
        usize::from(u16_at(&self.bytes, 14).unwrap_or(0))
    }

    /// Checks that the nodes fill the end of the page without a gap, if they are `filled` bytes together.
    pub(super) fn check_filled(&self, filled: usize) -> Result<(), String> {
        if self.nodes_begin() + filled == self.bytes.len() {
            return Ok(());
        }
        Err(format!("the nodes of page {} do not fill it as its header says", self.number))
    }

    pub(super) fn node(&self, position: usize) -> Result<Node<'_>, String> {
        self.find_node(position).ok_or_else(|| format!("node {position} of page {} is outside of it", self.number))
    }

    fn find_node(&self, position: usize) -> Option<Node<'_>> {
        let begin = usize::from(u16_at(&self.bytes, PAGE_HEADER + 2 * position)?);
        if begin < self.nodes_begin() || begin % 2 != 0 {
            return None;
        }
        let node = self.bytes.get(begin..)?;
        let low = u32_at(node, 0)?;
        let flags = u16_at(node, 4)?;
        let key_end = NODE_HEADER + usize::from(u16_at(node, 6)?);
        let key = node.get(NODE_HEADER..key_end).filter(|key| key.len() <= KEY_BYTES_MAX)?;
        let size = low as usize;
        let data = if self.is_branch() {
            &[]
        } else if flags & NODE_ON_OVERFLOW_PAGES != 0 {
            node.get(key_end..key_end + 8)?
        } else {
            node.get(key_end..key_end.checked_add(size)?)?
        };
        let bytes = key_end + data.len();
        Some(Node { key, data, size, bytes, flags, child: u64::from(low) | u64::from(flags) << 32 })
    }
}

/// Tells whether a page is a leaf, and nothing else.
pub(super) fn is_leaf(page: &[u8]) -> bool {
    u16_at(page, 10) == Some(LEAF)
}

/// Checks the header of the first page of a value that has pages of its own.
pub(super) fn check_overflow(header: &[u8; PAGE_HEADER], first: u64, pages: u64) -> Result<(), String> {
    let is_whole = u64_at(header, 0) == Some(first)
        && u16_at(header, 10) == Some(OVERFLOW)
        && u32_at(header, 12).map(u64::from) == Some(pages);
    if is_whole { Ok(()) } else { Err(format!("page {first} has not the header of a value of {pages} pages")) }
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().copied().map(u16::from_le_bytes)
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().copied().map(u32::from_le_bytes)
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().copied().map(u64::from_le_bytes)
}
