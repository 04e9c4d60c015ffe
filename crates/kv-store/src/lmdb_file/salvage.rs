//! Reading whatever is left of a damaged LMDB file: its trees as far as they can be followed, and every leaf page.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

use super::LmdbFile;
use super::page::{DEPTH_MAX, HEADER_END, Header, Node, Page, Tree};
use super::walk::{free_pages, node_data};
use crate::storage_error::OpenError;

/// The page size where no header says it.
const PAGE_BYTES: u64 = 4096;

/// How sure it is that a page belongs to the newest state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PageUse {
    /// A tree leads to it.
    Reached,
    /// No tree that can be followed leads to it, and it is not free.
    Lost,
    /// No tree that can be followed leads to it, and the list of free pages cannot be read.
    Unknown,
    /// It is free: what it holds is old, or was not written to the end.
    Free,
}

/// A row of a table that was found by following its tree.
pub(crate) struct NamedRow {
    pub(crate) table: String,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// What is left of a file.
pub(crate) struct Salvage {
    file: LmdbFile,
    uses: Vec<PageUse>,
    /// Which table the pages that were reached belong to.
    tables: HashMap<u64, String>,
    /// What is wrong with the structure.
    pub(crate) problems: Vec<String>,
}

impl Salvage {
    /// Follows the trees of a file; `small` is told of the rows of all tables but the `skipped` ones.
    pub(crate) fn open(path: &Path, skipped: &[&str], small: &mut dyn FnMut(NamedRow)) -> Result<Self, OpenError> {
        let file = File::open(path).map_err(|source| OpenError::io("open", path, source))?;
        let length = file.metadata().map_err(|source| OpenError::io("read", path, source))?.size();
        let (headers, mut problems) = headers(&file, length);
        let mut best: Option<(Vec<String>, View, LmdbFile)> = None;
        for header in headers {
            let file = file.try_clone().map_err(|source| OpenError::io("open", path, source))?;
            let file = LmdbFile { path: path.to_owned(), file, length_bytes: length, header };
            let view = View::of(&file, skipped);
            match &mut best {
                None => best = Some((view.problems.clone(), view, file)),
                // The older header shows tables that are whole, where those of the newer one are not.
                Some((newer, ..)) if view.problems.is_empty() && !newer.is_empty() => {
                    best = Some((std::mem::take(newer), view, file));
                }
                Some(_) => {}
            }
        }
        let (found, view, mut file) = best.unwrap_or_else(|| {
            let header = Header::of_pages(PAGE_BYTES, (length / PAGE_BYTES).max(1) - 1);
            let file = LmdbFile { path: path.to_owned(), file, length_bytes: length, header };
            (Vec::new(), View::default(), file)
        });
        problems.extend(found);
        let View { reached, free, free_problem, rows, .. } = view;
        problems.extend(free_problem);
        rows.into_iter().for_each(small);
        let pages = length / file.header.page_size;
        let uses = (0..pages).map(|page| match &free {
            _ if reached.contains_key(&page) => PageUse::Reached,
            None => PageUse::Unknown,
            Some(free) if free.contains(&page) || page > file.header.last_page => PageUse::Free,
            Some(_) => PageUse::Lost,
        });
        let uses = uses.collect();
        // From here on every page counts.
        file.header.last_page = pages.max(1) - 1;
        Ok(Self { file, uses, tables: reached, problems })
    }

    /// Returns how many pages there are.
    pub(crate) fn pages(&self) -> u64 {
        self.uses.len() as u64
    }

    pub(crate) fn page_use(&self, page: u64) -> PageUse {
        self.uses.get(page as usize).copied().unwrap_or(PageUse::Unknown)
    }

    /// Says whether a table's tree leads to a page.
    pub(crate) fn is_of(&self, page: u64, table: &str) -> bool {
        self.tables.get(&page).is_some_and(|known| known == table)
    }

    /// Shows every row of a page with its place in it, if it is a leaf.
    pub(crate) fn rows(&self, page: u64, mut each: impl FnMut(u16, &[u8], &[u8])) {
        let Some(page) = self.leaf(page) else { return };
        for place in 0..page.nodes().unwrap_or(0) {
            if let Ok(node) = page.node(place)
                && let Ok(data) = self.data(&node)
            {
                each(place as u16, node.key, &data);
            }
        }
    }

    /// Reads one row again.
    pub(crate) fn row(&self, page: u64, place: u16) -> Option<(Vec<u8>, Vec<u8>)> {
        let page = self.leaf(page)?;
        let node = page.node(place.into()).ok()?;
        Some((node.key.to_vec(), self.data(&node).ok()?))
    }

    fn leaf(&self, number: u64) -> Option<Page> {
        let mut bytes = vec![0; self.file.header.page_size as usize];
        self.file.read(&mut bytes, number * self.file.header.page_size).ok()?;
        Page::of_bytes(number, bytes).ok().filter(Page::is_leaf)
    }

    fn data(&self, node: &Node<'_>) -> Result<Vec<u8>, String> {
        if node.is_row() { node_data(&self.file, node).map(Cow::into_owned) } else { Err("not a row".to_owned()) }
    }
}

/// Reads the headers that are whole, the newer one first, and says what is wrong with the others.
fn headers(file: &File, length: u64) -> (Vec<Header>, Vec<String>) {
    let mut headers: Vec<Header> = Vec::new();
    let mut problems = Vec::new();
    for number in 0..2 {
        let page_size = headers.first().map_or(PAGE_BYTES, |header| header.page_size);
        let mut page = [0; HEADER_END];
        let read = file.read_exact_at(&mut page, number * page_size).map_err(|error| error.to_string());
        let header = read.and_then(|()| Header::parse(&page));
        match header.and_then(|header| header.check().map(|()| header)) {
            Ok(header) => headers.push(header),
            Err(problem) => problems.push(format!("header page {number}: {problem}")),
        }
    }
    headers.sort_by_key(|header| std::cmp::Reverse(header.transaction));
    if let Some(newest) = headers.first()
        && newest.last_page >= length / newest.page_size
    {
        problems.push(format!("it ends after {length} bytes, and page {} is the last in use", newest.last_page));
    }
    (headers, problems)
}

/// What the trees below a header lead to.
#[derive(Default)]
struct View {
    reached: HashMap<u64, String>,
    /// Nothing if the list cannot be read.
    free: Option<HashSet<u64>>,
    free_problem: Option<String>,
    rows: Vec<NamedRow>,
    /// What is wrong with the tables.
    problems: Vec<String>,
}

impl View {
    fn of(file: &LmdbFile, skipped: &[&str]) -> Self {
        let mut view = Self::default();
        match free_pages(file) {
            Ok(free) => view.free = Some(free.into_iter().map(|free| free.page).collect()),
            Err(problem) => view.free_problem = Some(format!("free pages: {problem}")),
        }
        let mut tables = Vec::new();
        view.follow(file, file.header.tables, "tables", &mut |_, node| {
            match Tree::of_table(node.data).ok().filter(|_| node.is_tree()) {
                Some(tree) => tables.push((String::from_utf8_lossy(node.key).into_owned(), tree)),
                None => return Err(format!("the header of table {:?} is damaged", String::from_utf8_lossy(node.key))),
            }
            Ok(())
        });
        for (name, tree) in tables {
            let is_skipped = skipped.contains(&name.as_str());
            view.follow(file, tree, &name, &mut |rows, node| {
                if !is_skipped {
                    let (table, key) = (name.clone(), node.key.to_vec());
                    rows.push(NamedRow { table, key, value: node_data(file, node)?.into_owned() });
                }
                Ok(())
            });
        }
        view
    }

    fn follow(&mut self, file: &LmdbFile, tree: Tree, name: &str, row: RowSeen<'_>) {
        if let Some(root) = tree.root() {
            let found = self.page(file, name, root, tree.depth.min(DEPTH_MAX), row);
            if found < tree.entries {
                self.problems.push(format!("table {name}: {found} of {} rows are where they belong", tree.entries));
            }
        }
    }

    /// Follows a page of a tree; returns how many rows there are below it.
    fn page(&mut self, file: &LmdbFile, name: &str, number: u64, depth: u16, row: RowSeen<'_>) -> u64 {
        let mut problem = |detail: String| {
            self.problems.push(format!("table {name}: {detail}"));
            0
        };
        let page = match Page::read(file, number) {
            Ok(page) if if depth == 1 { page.is_leaf() } else { page.is_branch() } => page,
            Ok(_) => return problem(format!("page {number} is of another kind than its place in the tree")),
            Err(detail) => return problem(detail),
        };
        let nodes = match page.nodes() {
            Ok(nodes) => nodes,
            Err(detail) => return problem(detail),
        };
        if self.reached.insert(number, name.to_owned()).is_some() {
            self.problems.push(format!("table {name}: page {number} is in two places"));
            return 0;
        }
        let mut rows = 0;
        for position in 0..nodes {
            match page.node(position) {
                Err(detail) => self.problems.push(format!("table {name}: {detail}")),
                Ok(node) if depth > 1 => rows += self.page(file, name, node.child, depth - 1, row),
                Ok(node) => match row(&mut self.rows, &node) {
                    Ok(()) => rows += 1,
                    Err(detail) => self.problems.push(format!("table {name}: {detail}")),
                },
            }
        }
        rows
    }
}

/// Is shown every row of a tree, and where to put those of small tables.
type RowSeen<'f> = &'f mut dyn FnMut(&mut Vec<NamedRow>, &Node<'_>) -> Result<(), String>;
