//! Tables with light boxes, as etcdctl 3.7 draws them.
//!
//! A table that is wider than the terminal that shows it would be broken at its edge, each line into several. There, and only
//! there, a line for each cell is written instead, below the same titles.

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use crate::Style;

const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┌', '─', '┬', '┐'))
    .header_lines(ContentLineStyle::new('│', '│', '│'))
    .header_separator(LineStyle::new('├', '─', '┼', '┤'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// Draws a table: the header centred and in upper case, the cells right-aligned, one line for each row.
pub fn draw(header: &[&str], rows: &[Vec<String>], style: Style) -> String {
    let table = draw_padded(header, rows, &[]);
    if fits(&table, style) { table } else { draw_lines(header, rows) }
}

fn fits(table: &str, style: Style) -> bool {
    // The border has characters of one column only.
    let border = table.lines().next().unwrap_or_default();
    style.width.is_none_or(|width| border.chars().count() <= width)
}

/// Writes each cell on a line, behind its title, with an empty line between rows.
fn draw_lines(header: &[&str], rows: &[Vec<String>]) -> String {
    let titles: Vec<String> = header.iter().map(|name| title(name)).collect();
    let width = titles.iter().map(|title| title.chars().count()).max().unwrap_or_default();
    let row = |cells: &Vec<String>| -> String {
        titles
            .iter()
            .zip(cells)
            .map(|(title, cell)| format!("{title:>width$}  {cell}").trim_end().to_owned() + "\n")
            .collect()
    };
    rows.iter().map(row).collect::<Vec<_>>().join("\n")
}

fn title(name: &str) -> String {
    name.replace('_', " ").to_uppercase()
}

/// Draws a table whose columns have at least the given widths.
fn draw_padded(header: &[&str], rows: &[Vec<String>], widths_min: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let widths_min = widths_min.iter().copied().chain(std::iter::repeat(0));
    let padded = |(name, width): (&&str, usize)| format!("{:^width$}", title(name));
    let titles: Vec<String> = header.iter().zip(widths_min).map(padded).collect();
    table.set_header(titles.clone());
    for row in rows {
        table.add_row(row.iter().map(|text| Cell::new(text).set_alignment(CellAlignment::Right)));
    }
    // Where the space around a title is odd, the wider half belongs on the right.
    let widths = table.column_max_content_widths();
    table.set_header(titles.into_iter().zip(widths).map(|(mut title, width)| {
        if (usize::from(width) - title.len()) % 2 == 1 {
            title.push(' ');
        }
        Cell::new(title).set_alignment(CellAlignment::Center)
    }));
    let mut text = table.to_string();
    if rows.is_empty() {
        // The line below the header would only be doubled.
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('├')).collect();
        text = lines.join("\n");
    }
    text.push('\n');
    text
}

/// A table that is drawn as its rows come, so that it may be longer than what fits in memory. The first page decides how
/// wide the columns are; a wider cell later on is shown whole, out of line.
#[derive(Debug)]
pub(crate) struct PagedTable {
    header: &'static [&'static str],
    style: Style,
    widths: Vec<usize>,
    /// Whether the first page was too wide for the terminal.
    in_lines: bool,
    /// The line below the table, once it has begun.
    end: Option<String>,
}

impl PagedTable {
    /// A table without rows.
    pub(crate) fn new(header: &'static [&'static str], style: Style) -> PagedTable {
        PagedTable { header, style, widths: Vec::new(), in_lines: false, end: None }
    }

    /// Returns what is drawn for more rows.
    pub(crate) fn page(&mut self, rows: &[Vec<String>]) -> String {
        if rows.is_empty() {
            return String::new();
        }
        if self.in_lines {
            return format!("\n{}", draw_lines(self.header, rows));
        }
        let text = draw_padded(self.header, rows, &self.widths);
        if self.end.is_none() && !fits(&text, self.style) {
            self.in_lines = true;
            return draw_lines(self.header, rows);
        }
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let end = lines.pop().expect("a table has a border");
        if self.end.is_some() {
            lines.drain(..HEADER_LINES);
        } else {
            let columns = end.trim_end().trim_matches(['└', '┘']).split('┴');
            // A space stands on both sides of each cell.
            self.widths = columns.map(|border| border.chars().count() - 2).collect();
            self.end = Some(end.to_owned());
        }
        lines.concat()
    }

    /// Returns what ends the table.
    pub(crate) fn finish(self) -> String {
        match self.end {
            Some(end) => end,
            None if self.in_lines => String::new(),
            None => draw(self.header, &[], self.style),
        }
    }
}

/// The border, the titles and the line below them.
const HEADER_LINES: usize = 3;

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn cells_are_right_aligned_below_a_centred_header() {
        let rows = vec![vec!["127.0.0.1:2379".into(), "674782633".into(), "6".into()]];
        expect![[r"
            ┌────────────────┬───────────┬───────────────┐
            │    ENDPOINT    │   HASH    │ HASH REVISION │
            ├────────────────┼───────────┼───────────────┤
            │ 127.0.0.1:2379 │ 674782633 │             6 │
            └────────────────┴───────────┴───────────────┘
        "]]
        .assert_eq(&draw(&["endpoint", "hash", "hash_revision"], &rows, Style::default()));
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        expect![[r"
            ┌──────────┬──────┐
            │ ENDPOINT │ HASH │
            └──────────┴──────┘
        "]]
        .assert_eq(&draw(&["endpoint", "hash"], &[], Style::default()));
    }

    #[test]
    fn pages_continue_a_table() {
        let row = |key: &str, value: &str| vec![key.to_owned(), value.to_owned()];
        let mut table = PagedTable::new(&["key", "value"], Style::default());
        let mut text = table.page(&[row("a", "123456"), row("bc", "1")]);
        text += &table.page(&[]);
        text += &table.page(&[row("d", "2")]);
        text += &table.page(&[row("e", "wider than before")]);
        text += &table.finish();
        expect![[r#"
            ┌─────┬────────┐
            │ KEY │ VALUE  │
            ├─────┼────────┤
            │   a │ 123456 │
            │  bc │      1 │
            │   d │      2 │
            │   e │ wider than before │
            └─────┴────────┘
        "#]]
        .assert_eq(&text);
        let empty = PagedTable::new(&["key"], Style::default());
        assert_eq!(empty.finish(), draw(&["key"], &[], Style::default()));
    }

    #[test]
    fn what_is_wider_than_the_terminal_has_a_line_for_each_cell() {
        let row = |key: &str, value: &str| vec![key.to_owned(), value.to_owned(), String::new()];
        let header = &["key", "mod_revision", "lease"];
        let narrow = |width| Style { width: Some(width), ..Style::default() };
        let mut table = PagedTable::new(header, narrow(20));
        let text = table.page(&[row("a", "2"), row("b", "3")]) + &table.page(&[row("c", "4")]) + &table.finish();
        expect![[r#"
                     KEY  a
            MOD REVISION  2
                   LEASE

                     KEY  b
            MOD REVISION  3
                   LEASE

                     KEY  c
            MOD REVISION  4
                   LEASE
        "#]]
        .assert_eq(&text);
        // As wide as the terminal is not too wide.
        let rows = [row("a", "2")];
        let whole = draw(header, &rows, Style::default());
        let width = whole.lines().next().unwrap().chars().count();
        assert_eq!(draw(header, &rows, narrow(width)), whole);
        assert!(draw(header, &rows, narrow(width - 1)).starts_with("         KEY  a\n"));
    }
}
