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
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_content_arrangement(ContentArrangement::Disabled);
    let titles: Vec<String> = header.iter().map(|title| title.replace('_', " ").to_uppercase()).collect();
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
}
