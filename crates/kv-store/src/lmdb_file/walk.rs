//! Walking the trees of an LMDB file, page by page, believing nothing.

use std::borrow::Cow;

use super::page::{DEPTH_MAX, Node, PAGE_HEADER, Page, Tree, TreePages, check_overflow, u64_at};
use super::page_reader::PageReader;
use super::{FileCheck, LmdbFile};

/// One free page, and the transaction that freed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FreePage {
    pub(crate) page: u64,
    pub(crate) freed_by: u64,
}

/// A walk over everything, which notes every page it meets.
pub(super) struct Walk<'a> {
    file: &'a LmdbFile,
    reader: PageReader<'a>,
    values: Values,
    seen: Vec<bool>,
    used_pages: u64,
}

/// What is read of pages that hold nothing but one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// Nothing: there may be very many.
    Unread,
    /// Their headers.
    Headers,
}

impl<'a> Walk<'a> {
    pub(super) fn new(file: &'a LmdbFile, values: Values) -> Self {
        Self {
            file,
            reader: PageReader::new(file),
            values,
            seen: vec![false; file.header.last_page as usize + 1],
            used_pages: 0,
        }
    }

    /// Walks all trees, and shows the rows of the tables that somebody asks for.
    pub(super) fn all(mut self, shown: &[&str], show: ShowRow<'_>) -> Result<FileCheck, String> {
        let header = self.file.header;
        self.mark(0, 2)?;
        let mut free = Vec::new();
        self.tree(header.free, &mut |node, file| {
            if !node.is_row() {
                return Err("a row of the free pages is something else".to_owned());
            }
            take_free(file, node, &mut free)
        })?;
        let mut tables = Vec::new();
        self.tree(header.tables, &mut |node, _| {
            if !node.is_tree() {
                return Err("something else stands among the tables".to_owned());
            }
            tables.push((node.key.to_vec(), Tree::of_table(node.data)?));
            Ok(())
        })?;
        let mut rows = 0;
        for (name, table) in tables {
            rows += table.entries;
            let shown = shown.iter().find(|shown| shown.as_bytes() == name);
            self.tree(table, &mut |node, file| {
                if !node.is_row() {
                    return Err("a row of a table is something else".to_owned());
                }
                if let Some(name) = shown {
                    show(name, node.key, &node_data(file, node)?);
                }
                Ok(())
            })?;
        }
        let used_pages = self.used_pages;
        for free in &free {
            self.mark(free.page, 1)?;
        }
        match self.seen.iter().position(|seen| !seen) {
            Some(lost) => Err(format!("page {lost} is neither used nor free")),
            None => Ok(FileCheck { used_pages, free_pages: free.len() as u64, rows }),
        }
    }

    /// Walks a tree, which must have what its header says.
    fn tree(&mut self, tree: Tree, row: RowSeen<'_>) -> Result<(), String> {
        let Some(root) = tree.root() else { return Ok(()) };
        let mut counted = Counted { tree, pages: TreePages::default(), rows: 0 };
        self.page(&mut counted, root, tree.depth, Between { from: None, to: None }, row)?;
        let Counted { pages, rows, .. } = counted;
        if rows != tree.entries {
            return Err(format!("a tree has {rows} rows instead of {}", tree.entries));
        }
        // The pages of the list of free pages are given up one by one while it is written.
        if pages != tree.pages && !tree.is_of_numbers() {
            return Err(format!("a tree has {pages:?} instead of {:?}", tree.pages));
        }
        Ok(())
    }

    fn page(
        &mut self,
        counted: &mut Counted,
        number: u64,
        depth: u16,
        between: Between<'_>,
        row: RowSeen<'_>,
    ) -> Result<(), String> {
        self.mark(number, 1)?;
        let tree = counted.tree;
        let page = at_depth(self.reader.read(number)?, number, depth)?;
        let nodes = page.nodes()?;
        // LMDB stops the process where a branch leads to one page only, but in the tree of free pages.
        if nodes < if depth > 1 && !tree.is_of_numbers() { 2 } else { 1 } {
            return Err(format!("page {number} has too few nodes"));
        }
        let out_of_order = || format!("page {number} has its keys out of order");
        let mut last = between.from;
        let mut filled = 0;
        for position in 0..nodes {
            let node = page.node(position)?;
            filled += node.filled();
            // The first key of a branch stands for everything before the second.
            let is_key = position > 0 || depth == 1;
            if is_key {
                if node.key.is_empty() || (tree.is_of_numbers() && node.key.len() != 8) {
                    return Err(format!("page {number} has a bad key"));
                }
                // The first key of a page may be the one that led to it.
                let follows = last.is_none_or(|last| {
                    tree.in_order(last, node.key) || (position == usize::from(depth > 1) && last == node.key)
                });
                if !follows || between.to.is_some_and(|to| !tree.in_order(node.key, to)) {
                    return Err(out_of_order());
                }
                last = Some(node.key);
            }
            if depth > 1 {
                let to = if position + 1 < nodes { Some(page.node(position + 1)?.key) } else { between.to };
                self.page(counted, node.child, depth - 1, Between { from: last, to }, row)?;
                continue;
            }
            counted.rows += 1;
            if node.is_on_overflow_pages() {
                let (first, pages) = overflow_pages(self.file, &node)?;
                self.mark(first, pages)?;
                counted.pages.overflow += pages;
                if self.values == Values::Headers {
                    check_value(self.file, first, pages)?;
                }
            }
            row(&node, self.file)?;
        }
        page.check_filled(filled)?;
        *if depth > 1 { &mut counted.pages.branch } else { &mut counted.pages.leaf } += 1;
        Ok(())
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

/// Is shown every row of a table, its key and its data.
pub(super) type ShowRow<'f> = &'f mut dyn FnMut(&str, &[u8], &[u8]);

/// Is shown every row of a tree.
type RowSeen<'f> = &'f mut dyn FnMut(&Node<'_>, &LmdbFile) -> Result<(), String>;

/// What was met of a tree.
struct Counted {
    tree: Tree,
    pages: TreePages,
    rows: u64,
}

/// The keys that may stand in a part of a tree: from one on, up to another one.
#[derive(Clone, Copy)]
struct Between<'a> {
    from: Option<&'a [u8]>,
    to: Option<&'a [u8]>,
}

/// Checks the headers of all values that have pages of their own, of the rows from one key up to and including another.
pub(super) fn check_values(file: &LmdbFile, table: Tree, from: &[u8], to: &[u8]) -> Result<(), String> {
    let Some(root) = table.root() else { return Ok(()) };
    check_values_below(file, root, table.depth, from, to)
}

fn check_values_below(file: &LmdbFile, number: u64, depth: u16, from: &[u8], to: &[u8]) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("page {number} is deeper than its tree"));
    }
    let page = read_page(file, number, depth)?;
    let nodes = page.nodes()?;
    for position in 0..nodes {
        let node = page.node(position)?;
        if depth == 1 {
            if node.key >= from && node.key <= to && node.is_on_overflow_pages() {
                let (first, pages) = overflow_pages(file, &node)?;
                check_value(file, first, pages)?;
            }
            continue;
        }
        let begins_behind = position > 0 && node.key > to;
        let ends_before = position + 1 < nodes && page.node(position + 1)?.key <= from;
        if !begins_behind && !ends_before {
            check_values_below(file, node.child, depth - 1, from, to)?;
        }
    }
    Ok(())
}

fn check_value(file: &LmdbFile, first: u64, pages: u64) -> Result<(), String> {
    let mut header = [0; PAGE_HEADER];
    let read = file.read(&mut header, first * file.header.page_size);
    read.map_err(|error| format!("read page {first}: {error}"))?;
    check_overflow(&header, first, pages)
}

/// Finds where the tree of a table begins.
pub(super) fn table(file: &LmdbFile, name: &str) -> Result<Tree, String> {
    // There are so few that they share a page, but a later release may have more.
    let tables = file.header.tables;
    let mut found = None;
    if let Some(root) = tables.root() {
        find_table(file, root, tables.depth, name.as_bytes(), &mut found)?;
    }
    found.ok_or_else(|| format!("table {name} is missing"))
}

fn find_table(file: &LmdbFile, number: u64, depth: u16, name: &[u8], found: &mut Option<Tree>) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("page {number} is deeper than its tree"));
    }
    let page = read_page(file, number, depth)?;
    for position in 0..page.nodes()? {
        let node = page.node(position)?;
        if depth > 1 {
            find_table(file, node.child, depth - 1, name, found)?;
        } else if node.key == name && node.is_tree() {
            *found = Some(Tree::of_table(node.data)?);
        }
    }
    Ok(())
}

/// Finds the free pages, looking at nothing else.
pub(super) fn free_pages(file: &LmdbFile) -> Result<Vec<FreePage>, String> {
    let mut free = Vec::new();
    let tree = file.header.free;
    if let Some(root) = tree.root() {
        free_pages_below(file, root, tree.depth.min(DEPTH_MAX), &mut free)?;
    }
    Ok(free)
}

fn free_pages_below(file: &LmdbFile, number: u64, depth: u16, free: &mut Vec<FreePage>) -> Result<(), String> {
    if depth == 0 {
        return Err(format!("page {number} is deeper than its tree"));
    }
    let page = read_page(file, number, depth)?;
    for position in 0..page.nodes()? {
        let node = page.node(position)?;
        if depth == 1 {
            take_free(file, &node, free)?;
        } else {
            free_pages_below(file, node.child, depth - 1, free)?;
        }
    }
    Ok(())
}

/// Reads a page of a tree that is `depth` pages above its rows, counting itself.
fn read_page(file: &LmdbFile, number: u64, depth: u16) -> Result<Page, String> {
    at_depth(Page::read(file, number)?, number, depth)
}

fn at_depth(page: Page, number: u64, depth: u16) -> Result<Page, String> {
    if if depth == 1 { page.is_leaf() } else { page.is_branch() } {
        Ok(page)
    } else {
        Err(format!("page {number} is of another kind than its place in the tree"))
    }
}

/// Reads a row of the free pages: their count, then their numbers from the greatest to the least.
fn take_free(file: &LmdbFile, node: &Node<'_>, free: &mut Vec<FreePage>) -> Result<(), String> {
    let freed_by = u64_at(node.key, 0).ok_or("a row of the free pages has no transaction")?;
    if freed_by > file.header.transaction {
        return Err(format!("pages were freed by transaction {freed_by}, which is to come"));
    }
    let data = node_data(file, node)?;
    let count = u64_at(&data, 0).ok_or("a row of the free pages is empty")?;
    if count > data.len() as u64 / 8 - 1 {
        return Err("a row of the free pages is cut".to_owned());
    }
    let mut before = file.header.last_page + 1;
    for position in 0..count as usize {
        let page = u64_at(&data, 8 + 8 * position).ok_or("a row of the free pages is cut")?;
        if page >= before {
            return Err(format!("free page {page} is behind the last page, or out of order"));
        }
        before = page;
        free.push(FreePage { page, freed_by });
    }
    Ok(())
}

/// Returns where a long value is: its first page and how many there are.
fn overflow_pages(file: &LmdbFile, node: &Node<'_>) -> Result<(u64, u64), String> {
    let first = u64_at(node.data, 0).ok_or("a node has no page for its value")?;
    let pages = (node.size as u64 + PAGE_HEADER as u64).div_ceil(file.header.page_size);
    if first.checked_add(pages).is_none_or(|end| end > file.header.last_page + 1) {
        return Err(format!("page {first} of a value is behind the last page"));
    }
    Ok((first, pages))
}

pub(super) fn node_data<'a>(file: &LmdbFile, node: &Node<'a>) -> Result<Cow<'a, [u8]>, String> {
    if !node.is_on_overflow_pages() {
        return Ok(Cow::Borrowed(node.data));
    }
    let (first, _) = overflow_pages(file, node)?;
    let mut data = vec![0; node.size];
    let place = first * file.header.page_size + PAGE_HEADER as u64;
    file.read(&mut data, place).map_err(|error| error.to_string())?;
    Ok(Cow::Owned(data))
}
