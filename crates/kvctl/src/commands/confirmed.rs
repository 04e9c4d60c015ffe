//! The answer to a change of the cluster: a line for people, the message otherwise, and no fields, as in etcdctl.

use std::io::{self, Write};

use kv_cli::{Dialect, Record, Render, RenderError, Style, json_message};
use prost::Message;

/// A change that was made.
pub(crate) struct Confirmed<M> {
    /// What is said of it; several lines where there is more to say.
    pub(crate) line: String,
    /// What programs want to know of it.
    pub(crate) record: Record,
    /// The full name of the message's type.
    pub(crate) name: &'static str,
    pub(crate) response: M,
}

impl<M: Message> Render for Confirmed<M> {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        writeln!(out, "{}", self.line)
    }

    fn records(&self) -> Vec<Record> {
        vec![self.record.clone()]
    }

    fn json(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        let dialect = Dialect { hex_ids: style.hex };
        Ok(writeln!(out, "{}", json_message(self.name, &self.response, dialect))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.response.encode_to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use kv_cli::{Format, render};
    use kv_proto::etcdserverpb::{MemberRemoveResponse, ResponseHeader};

    use super::*;

    #[test]
    fn ids_are_hexadecimal_where_that_is_asked_for() {
        let header = Some(ResponseHeader { cluster_id: 255, ..ResponseHeader::default() });
        let response = MemberRemoveResponse { header, ..MemberRemoveResponse::default() };
        let name = "etcdserverpb.MemberRemoveResponse";
        let change = Confirmed { line: "gone".to_owned(), record: Record::new(), name, response };
        let rendered = |format, hex| {
            let mut out = Vec::new();
            let style = Style { hex, ..Style::default() };
            render(&change, format, style, &mut out).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(rendered(Format::Simple, true).unwrap(), "gone\n");
        assert_eq!(rendered(Format::Json, false).unwrap(), "{\"header\":{\"cluster_id\":255}}\n");
        let hexadecimal = "{\"header\":{\"cluster_id\":\"ff\",\"member_id\":\"0\"}}\n";
        assert_eq!(rendered(Format::Json, true).unwrap(), hexadecimal);
        assert!(rendered(Format::Fields, false).is_err());
    }
}
