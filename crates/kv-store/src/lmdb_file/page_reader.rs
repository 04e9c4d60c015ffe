//! Reading many pages of a file, several at a time where they follow each other.

use super::LmdbFile;
use super::page::Page;

/// How many pages are read at a time at most. What was read should still be in the processor's cache when it is used.
const PAGES_MAX: u64 = 32;

/// Reads pages in whatever order. As long as each is the one behind the last, it reads ever more of them at a time: most of
/// a tree was written in order, and values that nobody asks for may lie between its pages elsewhere.
pub(super) struct PageReader<'a> {
    file: &'a LmdbFile,
    /// The pages read last, from `first` on.
    pages: Vec<u8>,
    first: u64,
    count: u64,
}

impl<'a> PageReader<'a> {
    pub(super) fn new(file: &'a LmdbFile) -> Self {
        Self { file, pages: Vec::new(), first: 0, count: 0 }
    }

    /// Reads a page.
    pub(super) fn read(&mut self, number: u64) -> Result<Page, String> {
        self.file.check_number(number)?;
        let size = self.file.header.page_size as usize;
        if !(self.first..self.first + self.count).contains(&number) {
            let follows = number == self.first + self.count;
            let wanted = if follows { (2 * self.count).clamp(1, PAGES_MAX) } else { 1 };
            self.fill(number, wanted.min(self.file.whole_pages().saturating_sub(number).max(1)))?;
        }
        let start = (number - self.first) as usize * size;
        Page::of_bytes(number, self.pages[start..start + size].to_vec())
    }

    fn fill(&mut self, first: u64, count: u64) -> Result<(), String> {
        let size = self.file.header.page_size;
        (self.first, self.count) = (first, 0);
        self.pages.resize((count * size) as usize, 0);
        let read = self.file.read(&mut self.pages, first * size);
        read.map_err(|error| format!("read page {first}: {error}"))?;
        self.count = count;
        Ok(())
    }
}
