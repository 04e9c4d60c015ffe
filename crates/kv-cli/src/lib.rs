//! What the two tools share: output formats, errors and exit statuses, arguments read the way etcdctl reads them.
//!
//! `kvctl` prints answers that came over the network and `kvutl` prints answers that it computed from a data
//! directory; both come out of the printers here, so the bytes cannot differ. Nothing in this crate speaks to a
//! network or needs an async runtime.
//!
//! - [`Render`] and [`Format`] are the output formats, [`RangePrinter`] the answer of a read, page by page. [`Record`] is
//!   what `jsonl` and tables show.
//! - [`CliError`] carries what goes to stderr and an [`ExitStatus`]; [`report`] prints it in one place.
//! - [`arguments`] turns a command line into what clap reads, with etcdctl's rules and error texts.
//! - [`SnapshotFile`] writes a snapshot, [`DigestCheck`] judges one.
//! - [`ReadArgs`] are the flags of `get`, [`Generated`] makes man pages and completion scripts.

pub mod arguments;
mod bytes;
mod error;
mod findings;
mod generated;
mod json;
mod kv;
mod output;
mod progress;
mod range;
mod read_args;
mod record;
mod render;
mod snapshot;
mod table;
mod terminal;
mod values;

pub use crate::bytes::{Escaped, HexEscaped, Quoted, TerminalSafe, UnquoteError, Unquoted, unquote};
pub use crate::error::{CliError, ExitStatus, report, report_json, system_words};
pub use crate::findings::{Finding, Findings, Severity};
pub use crate::generated::{CommandStatuses, Generated, Lookup, Shell};
pub use crate::json::{Dialect, JsonString, message as json_message};
pub use crate::kv::{fields_header, fields_key_value, simple_key_value};
pub use crate::output::{Output, unbuffered_stdout};
pub use crate::progress::Progress;
pub use crate::range::RangePrinter;
pub use crate::read_args::{ReadArgs, key_range, prefix_end};
pub use crate::record::{Record, Value};
pub use crate::render::{Format, Outcome, OwnOutcome, Render, RenderError, Style, render};
pub use crate::snapshot::{
    DIGEST_BYTES, DigestCheck, DigestError, SaveError, SnapshotFile, decompressed, has_digest, is_compressed,
};
pub use crate::table::draw as draw_table;
pub use crate::terminal::{confirm, is_interactive, is_terminal_output, terminal_width};
pub use crate::values::{GoDuration, HumanSize, parse_bool, parse_duration, parse_id, parse_int, parse_revision};

/// The release of etcd whose tools these are equal to; they call themselves so under the names of etcd's.
pub const ETCD_VERSION: &str = "3.7.1";

/// The version of etcd's API that is spoken.
pub const API_VERSION: &str = "3.7";
