//! Keys, values and the answers that carry them: headers, put, delete and transaction.

use std::io::{self, Write};

use kv_proto::etcdserverpb::response_op::Response;
use kv_proto::etcdserverpb::{DeleteRangeResponse, PutResponse, ResponseHeader, TxnResponse};
use kv_proto::mvccpb::KeyValue;
use prost::Message;

use crate::json::{Dialect, message};
use crate::record::write_table;
use crate::{HexEscaped, Quoted, Record, Render, RenderError, Style, TerminalSafe};

/// Prints a key and its value on lines of their own.
pub fn simple_key_value(out: &mut dyn Write, style: Style, kv: &KeyValue) -> io::Result<()> {
    if !style.value_only {
        simple_line(out, style, &kv.key)?;
    }
    simple_line(out, style, &kv.value)
}

fn simple_line(out: &mut dyn Write, style: Style, bytes: &[u8]) -> io::Result<()> {
    if style.hex {
        write!(out, "{}", HexEscaped(bytes))?;
    } else if style.terminal {
        write!(out, "{}", TerminalSafe(bytes))?;
    } else {
        out.write_all(bytes)?;
    }
    out.write_all(b"\n")
}

/// Prints the lines that every answer in `fields` begins with.
pub fn fields_header(out: &mut dyn Write, style: Style, header: Option<&ResponseHeader>) -> io::Result<()> {
    let header = header.copied().unwrap_or_default();
    if style.hex {
        writeln!(out, "\"ClusterID\" : {:x}\n\"MemberID\" : {:x}", header.cluster_id, header.member_id)?;
    } else {
        writeln!(out, "\"ClusterID\" : {}\n\"MemberID\" : {}", header.cluster_id, header.member_id)?;
    }
    // Answers about members have no revision.
    if header.revision > 0 {
        writeln!(out, "\"Revision\" : {}", header.revision)?;
    }
    writeln!(out, "\"RaftTerm\" : {}", header.raft_term)
}

/// Prints the fields of a key, each name with a prefix, which is `Prev` for a former state and otherwise empty.
pub fn fields_key_value(out: &mut dyn Write, style: Style, prefix: &str, kv: &KeyValue) -> io::Result<()> {
    writeln!(out, "\"{prefix}Key\" : {}", Quoted(&kv.key))?;
    writeln!(out, "\"{prefix}CreateRevision\" : {}", kv.create_revision)?;
    writeln!(out, "\"{prefix}ModRevision\" : {}", kv.mod_revision)?;
    writeln!(out, "\"{prefix}Version\" : {}", kv.version)?;
    writeln!(out, "\"{prefix}Value\" : {}", Quoted(&kv.value))?;
    if style.hex {
        writeln!(out, "\"{prefix}Lease\" : {:016x}", kv.lease)
    } else {
        writeln!(out, "\"{prefix}Lease\" : {}", kv.lease)
    }
}

fn json_line(out: &mut dyn Write, name: &str, answer: &impl Message) -> Result<(), RenderError> {
    Ok(writeln!(out, "{}", message(name, answer, Dialect::default()))?)
}

pub(crate) fn encoded(out: &mut dyn Write, answer: &impl Message) -> Result<(), RenderError> {
    Ok(out.write_all(&answer.encode_to_vec())?)
}

/// A record that begins with the revision of an answer.
fn at_revision(header: Option<&ResponseHeader>) -> Record {
    Record::new().with("revision", header.map_or(0, |header| header.revision))
}

fn deleted(answer: &DeleteRangeResponse) -> Record {
    at_revision(answer.header.as_ref()).with("deleted", answer.deleted)
}

impl Render for PutResponse {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        writeln!(out, "OK")?;
        self.prev_kv.iter().try_for_each(|kv| simple_key_value(out, style, kv))
    }

    fn records(&self) -> Vec<Record> {
        let previous = self.prev_kv.as_ref().map(Record::key_value);
        vec![at_revision(self.header.as_ref()).with_some("previous", previous)]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.header.as_ref())?;
        Ok(self.prev_kv.iter().try_for_each(|kv| fields_key_value(out, style, "Prev", kv))?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        json_line(out, "etcdserverpb.PutResponse", self)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        encoded(out, self)
    }
}

impl Render for DeleteRangeResponse {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        writeln!(out, "{}", self.deleted)?;
        self.prev_kvs.iter().try_for_each(|kv| simple_key_value(out, style, kv))
    }

    fn records(&self) -> Vec<Record> {
        let count = deleted(self);
        let previous = self.prev_kvs.iter().map(|kv| Record::new().with("previous", Record::key_value(kv)));
        [count].into_iter().chain(previous).collect()
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        // Each key has a row, and the count stands in all of them: alone in a row, it would leave most of it empty.
        let count = deleted(self);
        let previous = self.prev_kvs.iter().map(|kv| count.clone().with("previous", Record::key_value(kv)));
        let rows = if self.prev_kvs.is_empty() { vec![count.clone()] } else { previous.collect() };
        write_table(out, &[], &rows, style)
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.header.as_ref())?;
        writeln!(out, "\"Deleted\" : {}", self.deleted)?;
        Ok(self.prev_kvs.iter().try_for_each(|kv| fields_key_value(out, style, "Prev", kv))?)
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        json_line(out, "etcdserverpb.DeleteRangeResponse", self)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        encoded(out, self)
    }
}

impl Render for TxnResponse {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        writeln!(out, "{}", if self.succeeded { "SUCCESS" } else { "FAILURE" })?;
        for operation in &self.responses {
            writeln!(out)?;
            match &operation.response {
                Some(Response::ResponseRange(answer)) => answer.simple(out, style)?,
                Some(Response::ResponsePut(answer)) => answer.simple(out, style)?,
                Some(Response::ResponseDeleteRange(answer)) => answer.simple(out, style)?,
                Some(Response::ResponseTxn(answer)) => answer.simple(out, style)?,
                None => {}
            }
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        let mut records = vec![at_revision(self.header.as_ref()).with("succeeded", self.succeeded)];
        for (index, operation) in self.responses.iter().enumerate() {
            let (name, results) = match &operation.response {
                Some(Response::ResponseRange(answer)) => ("get", answer.records()),
                Some(Response::ResponsePut(answer)) => ("put", answer.records()),
                Some(Response::ResponseDeleteRange(answer)) => ("del", answer.records()),
                Some(Response::ResponseTxn(answer)) => ("txn", answer.records()),
                None => continue,
            };
            let result = |record| Record::new().with("operation", index + 1).with("command", name).and(record);
            records.extend(results.into_iter().map(result));
        }
        records
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.header.as_ref())?;
        writeln!(out, "\"Succeeded\" : {}", self.succeeded)?;
        for operation in &self.responses {
            match &operation.response {
                Some(Response::ResponseRange(answer)) => answer.fields(out, style)?,
                Some(Response::ResponsePut(answer)) => answer.fields(out, style)?,
                Some(Response::ResponseDeleteRange(answer)) => answer.fields(out, style)?,
                Some(Response::ResponseTxn(answer)) => answer.fields(out, style)?,
                None => {}
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        json_line(out, "etcdserverpb.TxnResponse", self)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        encoded(out, self)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use kv_proto::etcdserverpb::{RangeResponse, ResponseOp};

    use super::*;
    use crate::{Format, render};

    fn kv() -> KeyValue {
        KeyValue {
            key: "foo".into(),
            create_revision: 2,
            mod_revision: 3,
            version: 2,
            value: b"b\xffr"[..].into(),
            lease: 255,
        }
    }

    fn header() -> ResponseHeader {
        ResponseHeader { cluster_id: 10, member_id: 11, revision: 3, raft_term: 2 }
    }

    #[track_caller]
    fn check(answer: &dyn Render, format: Format, style: Style, expected: &Expect) {
        let mut out = Vec::new();
        render(answer, format, style, &mut out).unwrap();
        expected.assert_eq(&String::from_utf8_lossy(&out));
    }

    #[test]
    fn put_shows_the_former_pair() {
        let answer = PutResponse { header: Some(header()), prev_kv: Some(kv()) };
        check(
            &answer,
            Format::Simple,
            Style { terminal: true, ..Style::default() },
            &expect![[r"
            OK
            foo
            b\xffr
        "]],
        );
        check(
            &answer,
            Format::Fields,
            Style { hex: true, ..Style::default() },
            &expect![[r#"
            "ClusterID" : a
            "MemberID" : b
            "Revision" : 3
            "RaftTerm" : 2
            "PrevKey" : "foo"
            "PrevCreateRevision" : 2
            "PrevModRevision" : 3
            "PrevVersion" : 2
            "PrevValue" : "b\xffr"
            "PrevLease" : 00000000000000ff
        "#]],
        );
        check(
            &PutResponse::default(),
            Format::Json,
            Style::default(),
            &expect![[r"
            {}
        "]],
        );
    }

    #[test]
    fn del_shows_the_count_first() {
        let answer = DeleteRangeResponse { header: Some(header()), deleted: 1, prev_kvs: vec![kv()] };
        check(
            &answer,
            Format::Simple,
            Style { hex: true, ..Style::default() },
            &expect![[r"
            1
            \x66\x6f\x6f
            \x62\xff\x72
        "]],
        );
    }

    #[test]
    fn del_has_a_row_for_each_key() {
        let answer = DeleteRangeResponse { header: Some(header()), deleted: 2, prev_kvs: vec![kv(), kv()] };
        let style = Style { width: Some(20), ..Style::default() };
        check(
            &answer,
            Format::Table,
            style,
            &expect![[r#"
                            REVISION  3
                             DELETED  2
                        PREVIOUS KEY  foo
                      PREVIOUS VALUE  b\xffr
            PREVIOUS CREATE REVISION  2
               PREVIOUS MOD REVISION  3
                    PREVIOUS VERSION  2
                      PREVIOUS LEASE  00000000000000ff

                            REVISION  3
                             DELETED  2
                        PREVIOUS KEY  foo
                      PREVIOUS VALUE  b\xffr
            PREVIOUS CREATE REVISION  2
               PREVIOUS MOD REVISION  3
                    PREVIOUS VERSION  2
                      PREVIOUS LEASE  00000000000000ff
        "#]],
        );
        check(
            &DeleteRangeResponse { prev_kvs: Vec::new(), ..answer },
            Format::Table,
            Style::default(),
            &expect![[r#"
            ┌──────────┬─────────┐
            │ REVISION │ DELETED │
            ├──────────┼─────────┤
            │        3 │       2 │
            └──────────┴─────────┘
        "#]],
        );
    }

    #[test]
    fn answers_in_a_transaction_follow_an_empty_line() {
        let operation = |response| ResponseOp { response: Some(response) };
        let range = RangeResponse { header: Some(header()), kvs: vec![kv()], more: false, count: 1 };
        let answer = TxnResponse {
            header: Some(header()),
            succeeded: true,
            responses: vec![
                operation(Response::ResponsePut(PutResponse::default())),
                operation(Response::ResponseRange(range)),
                operation(Response::ResponseDeleteRange(DeleteRangeResponse::default())),
            ],
        };
        check(
            &answer,
            Format::Simple,
            Style { terminal: true, ..Style::default() },
            &expect![[r"
            SUCCESS

            OK

            foo
            b\xffr

            0
        "]],
        );
        check(
            &answer,
            Format::Fields,
            Style::default(),
            &expect![[r#"
            "ClusterID" : 10
            "MemberID" : 11
            "Revision" : 3
            "RaftTerm" : 2
            "Succeeded" : true
            "ClusterID" : 0
            "MemberID" : 0
            "RaftTerm" : 0
            "ClusterID" : 10
            "MemberID" : 11
            "Revision" : 3
            "RaftTerm" : 2
            "Key" : "foo"
            "CreateRevision" : 2
            "ModRevision" : 3
            "Version" : 2
            "Value" : "b\xffr"
            "Lease" : 255
            "More" : false
            "Count" : 1
            "ClusterID" : 0
            "MemberID" : 0
            "RaftTerm" : 0
            "Deleted" : 0
        "#]],
        );
    }
}
