//! Tables with light boxes, as etcdctl 3.7 draws them.

use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┌', '─', '┬', '┐'))
    .header_lines(ContentLineStyle::new('│', '│', '│'))
    .header_separator(LineStyle::new('├', '─', '┼', '┤'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// Draws a table: the header centred and in upper case, the cells right-aligned, one line for each row.
pub fn draw(header: &[&str], rows: &[Vec<String>]) -> String {
    draw_padded(header, rows, &[])
}

/// Draws a table whose columns have at least the given widths.
fn draw_padded(header: &[&str], rows: &[Vec<String>], widths_min: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let widths_min = widths_min.iter().copied().chain(std::iter::repeat(0));
    let title = |(title, width): (&&str, usize)| format!("{:^width$}", title.replace('_', " ").to_uppercase());
    let titles: Vec<String> = header.iter().zip(widths_min).map(title).collect();
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
    widths: Vec<usize>,
    /// The line below the table, once it has begun.
    end: Option<String>,
}

impl PagedTable {
    /// A table without rows.
    pub(crate) fn new(header: &'static [&'static str]) -> PagedTable {
        PagedTable { header, widths: Vec::new(), end: None }
    }

    /// Returns what is drawn for more rows.
    pub(crate) fn page(&mut self, rows: &[Vec<String>]) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let text = draw_padded(self.header, rows, &self.widths);
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
        self.end.unwrap_or_else(|| draw(self.header, &[]))
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
        .assert_eq(&draw(&["endpoint", "hash", "hash_revision"], &rows));
    }

    #[test]
    fn a_table_without_rows_is_its_header() {
        expect![[r"
            ┌──────────┬──────┐
            │ ENDPOINT │ HASH │
            └──────────┴──────┘
        "]]
        .assert_eq(&draw(&["endpoint", "hash"], &[]));
    }

    #[test]
    fn pages_continue_a_table() {
        let row = |key: &str, value: &str| vec![key.to_owned(), value.to_owned()];
        let mut table = PagedTable::new(&["key", "value"]);
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
        assert_eq!(PagedTable::new(&["key"]).finish(), draw(&["key"], &[]));
    }
}
