//! The answer of a command that etcdutl only logs: nothing in its formats, a result for programs in `jsonl` and a table.

use std::io::{self, Write};

use kv_cli::{Record, Render, RenderError, Style};

/// What was done.
#[derive(Debug)]
pub(crate) struct Done(pub(crate) Record);

impl Render for Done {
    fn simple(&self, _out: &mut dyn Write, _style: Style) -> io::Result<()> {
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        vec![self.0.clone()]
    }

    fn fields(&self, _out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(())
    }

    fn json(&self, _out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(())
    }

    fn protobuf(&self, _out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn only_our_own_formats_have_a_result() {
        let done = Done(Record::new().with("revision", 7));
        for format in Format::ALL {
            let mut out = Vec::new();
            render(&done, format, Style::default(), &mut out).unwrap();
            let has_result = matches!(format, Format::JsonLines | Format::Table);
            assert_eq!(String::from_utf8(out).unwrap().contains('7'), has_result, "{format:?}");
        }
    }
}
