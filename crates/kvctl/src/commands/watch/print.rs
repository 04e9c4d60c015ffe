//! The answers of a watch: printed, and handed to a command for each change.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, ExitStatus, Format, Output, Record, Render, RenderError, Style, fields_header, fields_key_value,
    json_message, simple_key_value,
};
use kv_client::WatchSession;
use kv_proto::ApiError;
use kv_proto::etcdserverpb::WatchResponse;
use prost::Message as _;

use super::event::{record, type_name};
use super::handler::Handler;
use crate::hints;
use crate::voice::Voice;

/// Prints a session's only watch until the server ends it.
pub(super) async fn until_the_end(
    session: &mut WatchSession,
    output: &mut Output,
    handler: &Handler,
) -> Result<(), CliError> {
    loop {
        match session.next().await {
            Ok((_, response)) => {
                let (shown, reason) = as_shown(&response);
                print(&shown, output, handler).await?;
                if has_ended(&shown) {
                    return Err(ended_by_server(output.format, &response, &reason));
                }
            }
            Err(error) => {
                let mut failed = ended(output.format, &error.to_string());
                failed.hints = hints::hints(&error);
                return Err(failed);
            }
        }
    }
}

fn has_ended(response: &WatchResponse) -> bool {
    response.canceled || response.compact_revision != 0
}

/// How the command ends with its watch. Lines for people have etcdctl's words, which tell the reason before the error.
fn ended(format: Format, reason: &str) -> CliError {
    let canceled = format!("watch was canceled ({reason})");
    if format == Format::JsonLines {
        return CliError::new(ExitStatus::Interrupted, canceled);
    }
    Voice::of(format).complain(&canceled, &[]);
    CliError::new(ExitStatus::Interrupted, "watch is canceled by the server")
}

fn ended_by_server(format: Format, response: &WatchResponse, reason: &str) -> CliError {
    let failed = ended(format, reason);
    match response.compact_revision {
        0 => failed,
        oldest => failed.with_hint(format!(
            "the oldest revision that can be watched is {oldest}; use `--rev {oldest}`, or leave `--rev` out"
        )),
    }
}

/// Prints an answer and has each change in it handled; of one of several watches, also says why it ended.
pub(super) async fn show(response: &WatchResponse, output: &mut Output, handler: &Handler) -> Result<(), CliError> {
    let (response, reason) = as_shown(response);
    if has_ended(&response) {
        Voice::of(output.format).complain(&format!("watch was canceled ({reason})"), &[]);
    }
    print(&response, output, handler).await
}

async fn print(shown: &WatchResponse, output: &mut Output, handler: &Handler) -> Result<(), CliError> {
    if is_progress(shown) && output.format != Format::JsonLines {
        writeln!(output, "progress notify: {}", shown.header.unwrap_or_default().revision)?;
    }
    output.print(&Changes(shown))?;
    handler.handle(shown, Voice::of(output.format)).await
}

/// Returns an answer the way etcd's client library shows it, and why the watch ended if it did. Of a watch that could not
/// even begin it shows nothing but the end.
fn as_shown(response: &WatchResponse) -> (WatchResponse, String) {
    if response.created && response.canceled {
        let shown = WatchResponse { canceled: true, ..WatchResponse::default() };
        return (shown, response.cancel_reason.clone());
    }
    let mut shown = response.clone();
    let reason = if response.compact_revision != 0 {
        // The server does not say so itself.
        shown.canceled = true;
        ApiError::Compacted.text().to_owned()
    } else if response.cancel_reason.is_empty() {
        ApiError::FutureRevision.text().to_owned()
    } else {
        response.cancel_reason.clone()
    };
    (shown, reason)
}

fn is_progress(response: &WatchResponse) -> bool {
    let revision = response.header.unwrap_or_default().revision;
    response.events.is_empty() && !response.created && !has_ended(response) && revision != 0
}

struct Changes<'a>(&'a WatchResponse);

impl Render for Changes<'_> {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        for event in &self.0.events {
            writeln!(out, "{}", type_name(event))?;
            if let Some(previous) = &event.prev_kv {
                simple_key_value(out, style, previous)?;
            }
            simple_key_value(out, style, &event.kv.clone().unwrap_or_default())?;
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        if is_progress(self.0) {
            let revision = self.0.header.unwrap_or_default().revision;
            return vec![Record::new().with("type", "progress").with("revision", revision)];
        }
        self.0.events.iter().map(record).collect()
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.0.header.as_ref())?;
        for event in &self.0.events {
            writeln!(out, "\"Type\" : {}", type_name(event))?;
            if let Some(previous) = &event.prev_kv {
                fields_key_value(out, style, "Prev", previous)?;
            }
            fields_key_value(out, style, "", &event.kv.clone().unwrap_or_default())?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.WatchResponse", self.0, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        // etcdctl leaves the rest out.
        let shown = WatchResponse { watch_id: 0, cancel_reason: String::new(), fragment: false, ..self.0.clone() };
        Ok(out.write_all(&shown.encode_to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::render;
    use kv_proto::etcdserverpb::ResponseHeader;
    use kv_proto::mvccpb::{Event, KeyValue};

    use super::*;

    #[test]
    fn changes_have_their_kind_and_the_former_pair() {
        let kv = |value: &'static str| KeyValue { key: "k".into(), value: value.into(), ..KeyValue::default() };
        let put = Event { r#type: 0, kv: Some(kv("new")), prev_kv: Some(kv("old")) };
        let delete = Event { r#type: 1, kv: Some(kv("")), prev_kv: None };
        let response = WatchResponse { events: vec![put, delete], ..WatchResponse::default() };
        let mut out = Vec::new();
        render(&Changes(&response), Format::Simple, Style::default(), &mut out).unwrap();
        expect![[r"
            PUT
            k
            old
            k
            new
            DELETE
            k

        "]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }

    #[test]
    fn answers_are_told_apart() {
        let header = Some(ResponseHeader { revision: 7, ..ResponseHeader::default() });
        let progress = WatchResponse { header, ..WatchResponse::default() };
        assert!(is_progress(&progress));
        let compacted = WatchResponse { header, compact_revision: 5, ..WatchResponse::default() };
        assert!(!is_progress(&compacted));
        let (shown, reason) = as_shown(&compacted);
        assert!(shown.canceled);
        assert_eq!(reason, "etcdserver: mvcc: required revision has been compacted");
        let ended = ended_by_server(Format::JsonLines, &compacted, &reason);
        assert!(ended.hints[0].contains("--rev 5") && ended.message.unwrap().contains(&reason));
    }

    #[test]
    fn a_watch_that_never_began_shows_only_its_end() {
        let refused = WatchResponse {
            watch_id: -1,
            created: true,
            canceled: true,
            cancel_reason: "no".into(),
            ..WatchResponse::default()
        };
        let (shown, reason) = as_shown(&refused);
        assert_eq!(shown, WatchResponse { canceled: true, ..WatchResponse::default() });
        assert_eq!(reason, "no");
    }
}
