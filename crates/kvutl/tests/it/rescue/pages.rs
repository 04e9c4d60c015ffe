//! Which pages of a store file each change is on, found out without the code that is being tested: a walk over LMDB's trees in a
//! file that is known to be whole.

use std::collections::{BTreeMap, BTreeSet};

use kv_store::Point;

const PAGE_BYTES: usize = 4096;

/// A page's header: its number, 8 B, and 2 B that say nothing; flags, 2 B; then the end of the pointers, 2 B, or of an overflow
/// page how many there are, 4 B.
const PAGE_HEADER: usize = 16;
const BRANCH: u16 = 1;

/// A node: the size of its data or the low half of a page number, 4 B; flags or its high part, 2 B; the size of its key, 2 B.
const NODE_HEADER: usize = 8;
const ON_OVERFLOW_PAGES: u16 = 1;

/// Where a header page has the root of the tree of tables, and its transaction.
const TABLES_ROOT_AT: usize = 88 + 40;
const TRANSACTION_AT: usize = 144;

/// Where the root is in the data of a node that is a tree.
const ROOT_AT: usize = 40;

fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    bytes[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Is told of a row: its key, its data if that is in its node, and the pages it is on.
type EachRow<'a> = &'a mut dyn FnMut(&[u8], &[u8], &[u64]);

/// A store file in memory.
struct File<'a>(&'a [u8]);

impl File<'_> {
    fn page(&self, page: u64) -> &[u8] {
        &self.0[page as usize * PAGE_BYTES..][..PAGE_BYTES]
    }

    /// Tells of every row of a tree.
    fn rows(&self, root: u64, each: EachRow<'_>) {
        let page = self.page(root);
        let flags = number(page, 10, 2) as u16;
        let nodes = (number(page, 12, 2) as usize - PAGE_HEADER) / 2;
        for node in 0..nodes {
            let node = &page[number(page, PAGE_HEADER + 2 * node, 2) as usize..];
            let (key_bytes, node_flags) = (number(node, 6, 2) as usize, number(node, 4, 2));
            let (key, data) = node[NODE_HEADER..].split_at(key_bytes);
            if flags & BRANCH != 0 {
                self.rows(number(node, 0, 4) | node_flags << 32, each);
            } else if node_flags as u16 & ON_OVERFLOW_PAGES != 0 {
                let first = number(data, 0, 8);
                let count = number(self.page(first), 12, 4);
                let pages: Vec<_> = std::iter::once(root).chain(first..first + count).collect();
                each(key, &[], &pages);
            } else {
                each(key, &data[..number(node, 0, 4) as usize], &[root]);
            }
        }
    }

    fn tables(&self) -> BTreeMap<Vec<u8>, u64> {
        let newest = [0, 1].map(|page| self.page(page)).into_iter().max_by_key(|page| number(page, TRANSACTION_AT, 8));
        let root = number(newest.expect("two headers"), TABLES_ROOT_AT, 8);
        let mut tables = BTreeMap::new();
        self.rows(root, &mut |name, tree, _| {
            tables.insert(name.to_vec(), number(tree, ROOT_AT, 8));
        });
        tables
    }
}

/// Returns the pages that every change of a whole file is on, its value included.
pub(super) fn pages_of_changes(file: &[u8]) -> BTreeMap<Point, BTreeSet<u64>> {
    let file = File(file);
    let tables = file.tables();
    let mut changes: BTreeMap<Point, BTreeSet<u64>> = BTreeMap::new();
    for table in ["rev", "value"] {
        let root = tables[table.as_bytes()];
        file.rows(root, &mut |key, _, pages| {
            let half = |at: usize| i64::from_be_bytes(key[at..at + 8].try_into().expect("eight bytes"));
            let at = Point::new(half(0), half(8));
            if table == "rev" {
                changes.insert(at, pages.iter().copied().collect());
            } else {
                changes.get_mut(&at).expect("a piece belongs to a change").extend(pages);
            }
        });
    }
    changes
}

/// Returns the pages that are not what they were, or not there any more.
pub(super) fn changed_pages(before: &[u8], after: &[u8]) -> BTreeSet<u64> {
    let changed = before.chunks(PAGE_BYTES).enumerate().filter(|(number, page)| {
        let begin = number * PAGE_BYTES;
        after.get(begin..begin + page.len()) != Some(*page)
    });
    changed.map(|(number, _)| number as u64).collect()
}
