//! The answer to a change of users or roles: a line for people, what changed for programs, and nothing but a header otherwise.

use std::io::{self, Write};

use kv_cli::{Dialect, Record, Render, RenderError, Style, TerminalSafe, fields_header, json_message};
use kv_proto::etcdserverpb::ResponseHeader;
use prost::Message;

/// A change that was made.
pub(crate) struct Acknowledged<M> {
    /// What is said of it.
    pub(crate) line: Vec<u8>,
    /// What programs want to know of it, but for the revision.
    pub(crate) record: Record,
    /// The full name of the message's type.
    pub(crate) name: &'static str,
    pub(crate) header: Option<ResponseHeader>,
    pub(crate) response: M,
}

impl<M: Message> Render for Acknowledged<M> {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        line(out, style, &self.line)
    }

    fn records(&self) -> Vec<Record> {
        let revision = self.header.map_or(0, |header| header.revision);
        vec![self.record.clone().with("revision", revision)]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        Ok(fields_header(out, style, self.header.as_ref())?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message(self.name, &self.response, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.response.encode_to_vec())?)
    }
}

/// Prints a line that holds names or keys, which may be any bytes.
pub(crate) fn line(out: &mut dyn Write, style: Style, text: &[u8]) -> io::Result<()> {
    if style.terminal {
        write!(out, "{}", TerminalSafe(text))?;
    } else {
        out.write_all(text)?;
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use kv_cli::{Format, render};
    use kv_proto::etcdserverpb::AuthRoleAddResponse;

    use super::*;

    #[test]
    fn a_change_in_every_format() {
        let header = Some(ResponseHeader { cluster_id: 1, member_id: 2, revision: 3, raft_term: 4 });
        let response = AuthRoleAddResponse { header };
        let name = "etcdserverpb.AuthRoleAddResponse";
        let record = Record::new().with("role", "r").with("created", true);
        let change = Acknowledged { line: b"Role r created".to_vec(), record, name, header, response };
        let rendered = |format| {
            let mut out = Vec::new();
            render(&change, format, Style::default(), &mut out).map(|()| out)
        };
        assert_eq!(rendered(Format::Simple).unwrap(), b"Role r created\n");
        assert_eq!(
            rendered(Format::Fields).unwrap(),
            b"\"ClusterID\" : 1\n\"MemberID\" : 2\n\"Revision\" : 3\n\"RaftTerm\" : 4\n"
        );
        assert_eq!(
            rendered(Format::Json).unwrap(),
            b"{\"header\":{\"cluster_id\":1,\"member_id\":2,\"revision\":3,\"raft_term\":4}}\n"
        );
        assert_eq!(rendered(Format::Protobuf).unwrap(), change.response.encode_to_vec());
        assert_eq!(rendered(Format::JsonLines).unwrap(), b"{\"role\":\"r\",\"created\":true,\"revision\":3}\n");
        let mut out = Vec::new();
        let style = Style { terminal: true, ..Style::default() };
        render(&Acknowledged { line: b"\x1b[2J".to_vec(), ..change }, Format::Simple, style, &mut out).unwrap();
        assert!(!out.contains(&0x1b));
    }
}
