//! The answer of a read, printed as its pages come: the bytes are those of one whole answer, whatever the pages.

use std::io::{self, Write};

use kv_proto::etcdserverpb::RangeResponse;
use prost::Message as _;

use crate::json::{Dialect, message};
use crate::kv::{encoded, fields_header, fields_key_value, simple_key_value};
use crate::record::{key_value_cells, key_value_columns, write_table};
use crate::table::PagedTable;
use crate::{Format, Record, Render, RenderError, Style};

/// Rows of a table that are drawn at a time.
const TABLE_ROWS: usize = 256;

/// Prints the pages of one read. The header is the first page's.
///
/// Only one page is held in memory, so a range may be larger than it.
#[derive(Debug)]
pub struct RangePrinter<W: Write> {
    out: W,
    format: Format,
    style: Style,
    table: PagedTable,
    pages: usize,
    keys: usize,
    /// The revision that the first page has in its header.
    revision: i64,
}

impl<W: Write> RangePrinter<W> {
    /// Begins an answer.
    pub fn new(out: W, format: Format, style: Style) -> RangePrinter<W> {
        let table = PagedTable::new(key_value_columns(!style.keys_only), style);
        RangePrinter { out, format, style, table, pages: 0, keys: 0, revision: 0 }
    }

    /// Prints the next keys.
    ///
    /// # Errors
    ///
    /// Fails where the output cannot be written.
    pub fn page(&mut self, page: &RangeResponse) -> Result<(), RenderError> {
        let first_page = self.pages == 0;
        self.pages += 1;
        if first_page {
            self.revision = page.header.map_or(0, |header| header.revision);
        }
        let with_value = !self.style.keys_only;
        match self.format {
            Format::Simple => page.kvs.iter().try_for_each(|kv| simple_key_value(&mut self.out, self.style, kv))?,
            Format::Fields => {
                if first_page {
                    fields_header(&mut self.out, self.style, page.header.as_ref())?;
                }
                page.kvs.iter().try_for_each(|kv| fields_key_value(&mut self.out, self.style, "", kv))?;
            }
            Format::Json => {
                if first_page {
                    self.json_header(page)?;
                }
                self.json_keys(page)?;
            }
            Format::Protobuf => {
                // Encoded messages are joined by writing them one after the other.
                let header = if first_page { page.header } else { None };
                let part = RangeResponse { header, kvs: page.kvs.clone(), more: false, count: 0 };
                self.out.write_all(&part.encode_to_vec())?;
            }
            Format::JsonLines => {
                let record = if with_value { Record::key_value } else { Record::key_only };
                page.kvs.iter().try_for_each(|kv| writeln!(self.out, "{}", record(kv)))?;
            }
            Format::Table => {
                // Cells take many times what they show, so only so many are made at a time.
                for kvs in page.kvs.chunks(TABLE_ROWS) {
                    let rows: Vec<_> = kvs.iter().map(|kv| key_value_cells(kv, with_value)).collect();
                    self.out.write_all(self.table.page(&rows).as_bytes())?;
                }
            }
        }
        self.keys += page.kvs.len();
        Ok(())
    }

    /// Ends the answer: whether there are more keys than were asked for, and how many there are in all. Then all of it is
    /// written.
    ///
    /// # Errors
    ///
    /// Fails where the output cannot be written.
    pub fn finish(mut self, more: bool, count: i64) -> Result<(), RenderError> {
        let counted = Record::new().with("count", count).with("revision", self.revision);
        match self.format {
            // Of a mere count nothing has been printed yet.
            Format::JsonLines if self.style.count_only => writeln!(self.out, "{counted}")?,
            Format::Table if self.style.count_only => write_table(&mut self.out, &[], &[counted], self.style)?,
            Format::Simple | Format::JsonLines => {}
            Format::Table => self.out.write_all(self.table.finish().as_bytes())?,
            Format::Fields => writeln!(self.out, "\"More\" : {more}\n\"Count\" : {count}")?,
            Format::Json => {
                if self.keys > 0 {
                    self.out.write_all(b"]")?;
                }
                if more {
                    self.out.write_all(b",\"more\":true")?;
                }
                if count != 0 {
                    write!(self.out, ",\"count\":{count}")?;
                }
                self.out.write_all(b"}\n")?;
            }
            Format::Protobuf => {
                let end = RangeResponse { header: None, kvs: Vec::new(), more, count };
                self.out.write_all(&end.encode_to_vec())?;
            }
        }
        Ok(self.out.flush()?)
    }

    fn json_header(&mut self, page: &RangeResponse) -> Result<(), RenderError> {
        let header = page.header.unwrap_or_default();
        let header = message("etcdserverpb.ResponseHeader", &header, Dialect::default());
        Ok(write!(self.out, "{{\"header\":{header}")?)
    }

    fn json_keys(&mut self, page: &RangeResponse) -> Result<(), RenderError> {
        for (index, kv) in page.kvs.iter().enumerate() {
            self.out.write_all(if self.keys + index == 0 { b",\"kvs\":[" } else { b"," })?;
            self.out.write_all(message("mvccpb.KeyValue", kv, Dialect::default()).as_bytes())?;
        }
        Ok(())
    }
}

/// A whole answer of a read; [`RangePrinter`] prints one that comes in pages.
impl Render for RangeResponse {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        self.kvs.iter().try_for_each(|kv| simple_key_value(out, style, kv))
    }

    fn records(&self) -> Vec<Record> {
        self.kvs.iter().map(Record::key_value).collect()
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        print_range(self, Format::Fields, style, out)
    }

    fn json(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        print_range(self, Format::Json, style, out)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        encoded(out, self)
    }
}

fn print_range(
    response: &RangeResponse,
    format: Format,
    style: Style,
    mut out: &mut dyn Write,
) -> Result<(), RenderError> {
    let mut printer = RangePrinter::new(&mut out, format, style);
    printer.page(response)?;
    printer.finish(response.more, response.count)
}

#[cfg(test)]
mod tests {
    use kv_proto::etcdserverpb::ResponseHeader;
    use kv_proto::mvccpb::KeyValue;

    use super::*;

    fn answer() -> RangeResponse {
        let kv = |key: &'static str, value: &'static str, lease| KeyValue {
            key: key.into(),
            create_revision: 2,
            mod_revision: 3,
            version: 2,
            value: value.into(),
            lease,
        };
        RangeResponse {
            header: Some(ResponseHeader { cluster_id: u64::MAX, member_id: 1, revision: 9, raft_term: 2 }),
            kvs: vec![kv("a", "1", 0), kv("b", "", 7), KeyValue::default(), kv("", "x\n", 0), kv("e", "\"", 0)],
            more: true,
            count: 12,
        }
    }

    fn print(answer: &RangeResponse, format: Format, page_size: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut printer = RangePrinter::new(&mut out, format, Style::default());
        for kvs in answer.kvs.chunks(page_size) {
            printer.page(&RangeResponse { kvs: kvs.to_vec(), ..answer.clone() }).unwrap();
        }
        printer.finish(answer.more, answer.count).unwrap();
        out
    }

    #[test]
    fn pages_do_not_show() {
        // The first page of a table decides how wide its columns are.
        for format in Format::ALL.into_iter().filter(|&format| format != Format::Table) {
            let whole = print(&answer(), format, 100);
            for page_size in 1..5 {
                assert_eq!(print(&answer(), format, page_size), whole, "{format:?} by {page_size}");
            }
        }
    }

    #[test]
    fn the_joined_pages_are_the_message() {
        assert_eq!(RangeResponse::decode(print(&answer(), Format::Protobuf, 2).as_slice()), Ok(answer()));
        let mut expected = message("etcdserverpb.RangeResponse", &answer(), Dialect::default());
        expected.push('\n');
        assert_eq!(String::from_utf8(print(&answer(), Format::Json, 2)).unwrap(), expected);
    }

    #[test]
    fn an_empty_answer() {
        let empty = RangeResponse { header: answer().header, ..RangeResponse::default() };
        let mut out = Vec::new();
        crate::render(&empty, Format::Json, Style::default(), &mut out).unwrap();
        let mut expected = message("etcdserverpb.RangeResponse", &empty, Dialect::default());
        expected.push('\n');
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_count_is_a_record() {
        let empty = RangeResponse { header: answer().header, count: 7, ..RangeResponse::default() };
        let mut out = Vec::new();
        let style = Style { count_only: true, ..Style::default() };
        let mut printer = RangePrinter::new(&mut out, Format::JsonLines, style);
        printer.page(&empty).unwrap();
        printer.finish(false, 7).unwrap();
        assert_eq!(out, b"{\"count\":7,\"revision\":9}\n");
    }
}
