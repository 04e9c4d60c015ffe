//! `kvctl endpoint hashkv`: a digest of each server's history.

use std::io::{self, Write};

use kv_cli::{
    CliError, Dialect, Quoted, Record, Render, RenderError, Style, draw_table, fields_header, json_message,
    parse_revision,
};
use kv_proto::etcdserverpb::{HashKvRequest, HashKvResponse};

use super::json_list;
use crate::session::{Context, connect, failure};

const EXAMPLES: &str = "\
Examples:
  Members that agree have the same hash at the same revision:
    $ kvctl endpoint hashkv --cluster --rev 1000
";

/// Print a digest of each server's history
///
/// The columns are: endpoint, hash, revision up to which it was made.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct HashKvArgs {
    /// Newest revision to include [default: the newest there is]
    #[arg(long, value_name = "REVISION", default_value = "0", hide_default_value = true, value_parser = parse_revision)]
    rev: i64,
}

struct HashList(Vec<(String, HashKvResponse)>);

pub(crate) async fn run(context: &Context, cluster: bool, args: &HashKvArgs) -> Result<(), CliError> {
    let options = context.options()?;
    let mut output = context.output()?;
    let mut list = HashList(Vec::new());
    let mut last_error = None;
    for endpoint in super::endpoints(context, &options, cluster).await? {
        let client = connect(std::slice::from_ref(&endpoint), options.clone()).await?;
        match client.hash_kv(HashKvRequest { revision: args.rev }, context.deadline()).await {
            Ok(response) => list.0.push((endpoint, response)),
            Err(error) => {
                let text = format!("Failed to get the hash of endpoint {endpoint} ({error})");
                context.voice().complain(&text, &[]);
                last_error = Some(error);
            }
        }
    }
    output.print(&list)?;
    last_error.map_or(Ok(()), |error| Err(failure(&error)))
}

impl HashList {
    fn rows(&self) -> Vec<Vec<String>> {
        let row = |(endpoint, answer): &(String, HashKvResponse)| {
            vec![endpoint.clone(), answer.hash.to_string(), answer.hash_revision.to_string()]
        };
        self.0.iter().map(row).collect()
    }
}

impl Render for HashList {
    fn simple(&self, out: &mut dyn Write, _style: Style) -> io::Result<()> {
        self.rows().iter().try_for_each(|row| writeln!(out, "{}", row.join(", ")))
    }

    fn records(&self) -> Vec<Record> {
        let record = |(endpoint, answer): &(String, HashKvResponse)| {
            Record::new()
                .with("endpoint", endpoint.as_str())
                .with("hash", answer.hash)
                .with("hash_revision", answer.hash_revision)
                .with("compact_revision", answer.compact_revision)
        };
        self.0.iter().map(record).collect()
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        for (endpoint, answer) in &self.0 {
            fields_header(out, style, answer.header.as_ref())?;
            writeln!(out, "\"Endpoint\" : {}", Quoted(endpoint.as_bytes()))?;
            writeln!(out, "\"Hash\" : {}\n\"HashRevision\" : {}\n", answer.hash, answer.hash_revision)?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        let answer = |(endpoint, answer): &(String, HashKvResponse)| {
            (endpoint.clone(), json_message("etcdserverpb.HashKVResponse", answer, Dialect::default()))
        };
        let answers: Vec<_> = self.0.iter().map(answer).collect();
        Ok(json_list(out, "HashKV", &answers)?)
    }

    fn table(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        write!(out, "{}", draw_table(&["endpoint", "hash", "hash_revision"], &self.rows(), style))
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn hashes_are_numbers() {
        let answer = HashKvResponse { header: None, hash: 4_143_613_957, compact_revision: -1, hash_revision: 3 };
        let list = HashList(vec![("a:1".to_owned(), answer)]);
        let mut out = Vec::new();
        render(&list, Format::Simple, Style::default(), &mut out).unwrap();
        render(&list, Format::Json, Style::default(), &mut out).unwrap();
        expect![[r#"
            a:1, 4143613957, 3
            [{"Endpoint":"a:1","HashKV":{"hash":4143613957,"compact_revision":-1,"hash_revision":3}}]
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
