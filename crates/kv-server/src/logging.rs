//! The log: one JSON object a line, as tools that read etcd's log expect, or lines for people.
//!
//! Everything goes through here: our own events, openraft's, and panics. Spans are not recorded.

use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::journal::Journal;
use crate::log_file::{LogFile, Rotation};
use crate::timestamp::timestamp;

/// How the server logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// What is left out.
    pub level: LogLevel,
    /// How a line looks.
    pub format: LogFormat,
    /// Where the lines go: to each of these.
    pub outputs: Vec<LogOutput>,
    /// Whether a full file is followed by a new one.
    pub rotate: bool,
    /// When a file is full, as `--log-rotation-config-json` has it.
    pub rotation: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: LogLevel::Info,
            format: LogFormat::Json,
            outputs: vec![LogOutput::Stderr],
            rotate: false,
            rotation: ROTATION.to_owned(),
        }
    }
}

/// [`LogConfig::rotation`] unless set otherwise.
pub(crate) const ROTATION: &str =
    r#"{"maxsize": 100, "maxage": 0, "maxbackups": 0, "localtime": false, "compress": false}"#;

impl LogConfig {
    /// Says whether the outputs can be opened, without making any.
    pub(crate) fn check(&self) -> io::Result<()> {
        for output in &self.outputs {
            let LogOutput::File(path) = output else { continue };
            match OpenOptions::new().append(true).open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                    let directory = directory.unwrap_or(Path::new("."));
                    rustix::fs::access(directory, rustix::fs::Access::WRITE_OK)?;
                }
                opened => drop(opened?),
            }
        }
        Ok(())
    }

    /// Reads when a file is full; nothing where it never is.
    pub(crate) fn rotation(&self) -> Result<Option<Rotation>, String> {
        if !self.rotate {
            return Ok(None);
        }
        let files = self.outputs.iter().filter(|output| matches!(output, LogOutput::File(_))).count();
        if files != 1 {
            return Err("--log-outputs requires a single file path when --log-rotate-config-json is defined".to_owned());
        }
        Rotation::parse(&self.rotation).map(Some)
    }
}

/// The least that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// Changes of state and above.
    Info,
    /// What was carried on from and above.
    Warn,
    /// What needs a person.
    Error,
    /// Nothing: the server has no level above `Error`.
    Fatal,
}

impl LogLevel {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" => Ok(Self::Warn),
            "error" => Ok(Self::Error),
            "dpanic" | "panic" | "fatal" => Ok(Self::Fatal),
            _ => Err(format!("unrecognized level: {text:?}")),
        }
    }

    fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::DEBUG,
            Self::Info => LevelFilter::INFO,
            Self::Warn => LevelFilter::WARN,
            Self::Error => LevelFilter::ERROR,
            Self::Fatal => LevelFilter::OFF,
        }
    }
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object.
    Json,
    /// Columns separated by tabs.
    Console,
}

/// Where lines go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogOutput {
    /// The standard error.
    Stderr,
    /// The standard output.
    Stdout,
    /// The journal of systemd, by its own protocol.
    Journal,
    /// The end of a file.
    File(PathBuf),
}

impl LogOutput {
    /// Reads a name.
    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "default" | "stderr" => Self::Stderr,
            "systemd/journal" => Self::Journal,
            "stdout" => Self::Stdout,
            file => Self::File(PathBuf::from(file)),
        }
    }

    fn open(&self, rotation: Option<Rotation>) -> io::Result<Place> {
        Ok(match (self, rotation) {
            (Self::Stderr, _) => Place::writer(io::stderr()),
            (Self::Stdout, _) => Place::writer(io::stdout()),
            (Self::Journal, _) => Place::Journal(Journal::open()?),
            (Self::File(path), Some(rotation)) => Place::writer(LogFile::open(path, rotation)?),
            (Self::File(path), None) => Place::writer(OpenOptions::new().create(true).append(true).open(path)?),
        })
    }
}

/// An output that is open.
enum Place {
    Writer(Box<dyn Write + Send>),
    Journal(Journal),
}

impl Place {
    fn writer(writer: impl Write + Send + 'static) -> Self {
        Self::Writer(Box::new(writer))
    }

    /// Adds a line. `text` ends it.
    fn add(&mut self, level: Level, caller: &str, text: &str) -> io::Result<()> {
        match self {
            Self::Writer(writer) => writer.write_all(text.as_bytes()).and_then(|()| writer.flush()),
            // What the journal does not take is not lost, if somebody collects the standard error.
            Self::Journal(journal) => journal
                .send(level, caller, text.trim_end_matches('\n'))
                .or_else(|_| io::stderr().write_all(text.as_bytes())),
        }
    }
}

/// Something to log that was found out before there was a log.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    level: Level,
    pub(crate) message: String,
    fields: Fields,
}

impl Notice {
    pub(crate) fn info(message: impl Into<String>) -> Self {
        Self { level: Level::INFO, message: message.into(), fields: Fields::new() }
    }

    pub(crate) fn warn(message: impl Into<String>) -> Self {
        Self { level: Level::WARN, ..Self::info(message) }
    }

    pub(crate) fn error(message: impl Into<String>) -> Self {
        Self { level: Level::ERROR, ..Self::info(message) }
    }

    pub(crate) fn field(mut self, name: &str, value: impl Into<FieldValue>) -> Self {
        self.fields.push((name.to_owned(), value.into().0));
        self
    }
}

/// Names and values in the order they were given, which a map would lose.
type Fields = Vec<(String, Value)>;

/// A field's value.
pub(crate) struct FieldValue(Value);

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for FieldValue {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl From<u32> for FieldValue {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<i64> for FieldValue {
    fn from(number: i64) -> Self {
        Self(number.into())
    }
}

impl From<&[String]> for FieldValue {
    fn from(texts: &[String]) -> Self {
        Self(texts.into())
    }
}

/// Writes log lines. A clone writes to the same places.
#[derive(Clone)]
pub(crate) struct Log {
    inner: Arc<Inner>,
}

struct Inner {
    level: LogLevel,
    format: LogFormat,
    outputs: Mutex<Vec<Place>>,
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Log").field("level", &self.inner.level).finish_non_exhaustive()
    }
}

impl Log {
    /// Opens the outputs.
    pub(crate) fn open(config: &LogConfig) -> io::Result<Self> {
        let rotation = config.rotation().map_err(io::Error::other)?;
        let outputs = config.outputs.iter().map(|output| output.open(rotation)).collect::<io::Result<Vec<_>>>()?;
        Ok(Self::new(config, outputs))
    }

    fn new(config: &LogConfig, outputs: Vec<Place>) -> Self {
        let inner = Inner { level: config.level, format: config.format, outputs: Mutex::new(outputs) };
        Self { inner: Arc::new(inner) }
    }

    /// Makes this the log of the whole process: its events and its panics.
    pub(crate) fn install(&self) {
        if tracing::subscriber::set_global_default(self.clone()).is_err() {
            // Somebody who embeds the server logs in their own way.
            return;
        }
        let log = self.clone();
        std::panic::set_hook(Box::new(move |panic| log.write_panic(panic)));
    }

    /// Writes what was found out earlier.
    pub(crate) fn notice(&self, notice: &Notice) {
        self.write(notice.level, None, "kv-server/main.rs", &notice.message, notice.fields.clone());
    }

    fn write_panic(&self, panic: &std::panic::PanicHookInfo<'_>) {
        let caller = panic.location().map(|place| caller(place.file(), place.line())).unwrap_or_default();
        let thread = std::thread::current().name().unwrap_or("unnamed").into();
        let mut fields = vec![("thread".to_owned(), thread)];
        let backtrace = std::backtrace::Backtrace::capture();
        if backtrace.status() == std::backtrace::BacktraceStatus::Captured {
            fields.push(("stacktrace".to_owned(), backtrace.to_string().into()));
        }
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("of an unknown kind");
        self.write(Level::ERROR, None, &caller, &format!("panic: {message}"), fields);
    }

    fn write(&self, level: Level, logger: Option<&str>, caller: &str, message: &str, fields: Fields) {
        if level > self.inner.level.filter() {
            return;
        }
        let timestamp = timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let severity = level;
        let level = level.as_str().to_ascii_lowercase();
        let mut line = match self.inner.format {
            LogFormat::Json => {
                let mut pairs = vec![("level".to_owned(), level.into()), ("ts".to_owned(), timestamp.into())];
                pairs.extend(logger.map(|logger| ("logger".to_owned(), logger.into())));
                pairs.push(("caller".to_owned(), caller.into()));
                pairs.push(("msg".to_owned(), message.into()));
                pairs.extend(fields);
                json_object(&pairs)
            }
            LogFormat::Console => {
                let fields = if fields.is_empty() { String::new() } else { format!("\t{}", json_object(&fields)) };
                let logger = logger.map(|logger| format!("{logger}\t")).unwrap_or_default();
                format!("{timestamp}\t{level}\t{logger}{caller}\t{message}{fields}")
            }
        };
        line.push('\n');
        for output in self.inner.outputs.lock().iter_mut() {
            // A log that cannot be written must not stop the server, and there is nobody to tell.
            let _ = output.add(severity, caller, &line);
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= allowed(metadata.target(), self.inner.level)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.inner.level.filter())
    }

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut visitor = Collect::default();
        event.record(&mut visitor);
        let caller = caller(metadata.file().unwrap_or_default(), metadata.line().unwrap_or_default());
        let raft = is_raft(metadata.target());
        self.write(*metadata.level(), raft.then_some("raft"), &caller, &visitor.message, visitor.fields);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Libraries are one step quieter than we are: their `info` tells of each of their steps.
fn allowed(target: &str, level: LogLevel) -> LevelFilter {
    if target.starts_with("kv_") || level == LogLevel::Fatal {
        level.filter()
    } else {
        level.filter().min(LevelFilter::WARN)
    }
}

fn is_raft(target: &str) -> bool {
    target.starts_with("openraft") || target.starts_with("kv_raft")
}

/// Fields that hold a list of texts.
const LISTS: [&str; 2] = ["dns_names", "ip_addresses"];

#[derive(Default)]
struct Collect {
    message: String,
    fields: Fields,
}

impl Collect {
    fn insert(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.message = text,
            (name, value) => self.fields.push((name.replace('_', "-"), value)),
        }
    }
}

impl Visit for Collect {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        // An event has no lists; a list of names written for debugging is JSON, unless a name is strange.
        let list = LISTS.contains(&field.name()).then(|| serde_json::from_str(&text).ok()).flatten();
        self.insert(field, list.unwrap_or(text.into()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        self.insert(field, text.into());
    }
}

fn json_object(pairs: &[(String, Value)]) -> String {
    let mut text = String::from("{");
    for (name, value) in pairs {
        if text.len() > 1 {
            text.push(',');
        }
        let _ = write!(text, "{}:{value}", Value::from(name.as_str()));
    }
    text.push('}');
    text
}

/// Shortens a source path to the crate and what is inside its `src`.
fn caller(file: &str, line: u32) -> String {
    let short = match file.rsplit_once("/src/") {
        Some((before, inside)) => format!("{}/{inside}", before.rsplit('/').next().unwrap_or_default()),
        None => file.rsplit('/').next().unwrap_or_default().to_owned(),
    };
    format!("{short}:{line}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(config: &LogConfig, events: impl FnOnce()) -> String {
        let buffer = Buffer::default();
        let log = Log::new(config, vec![Place::writer(buffer.clone())]);
        tracing::subscriber::with_default(log, events);
        let bytes = buffer.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_line_is_one_object_with_the_keys_tools_expect() {
        let text = logged(&LogConfig::default(), || {
            tracing::info!(data_dir = "a \"b\"\n", term = 2u64, ok = true, "ready to serve client requests");
        });
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["level"], "info");
        assert_eq!(line["msg"], "ready to serve client requests");
        assert_eq!((&line["data-dir"], &line["term"], &line["ok"]), (&"a \"b\"\n".into(), &2.into(), &true.into()));
        let caller = line["caller"].as_str().unwrap();
        assert!(caller.starts_with("kv-server/logging.rs:"), "{caller}");
        assert!(text.starts_with("{\"level\":\"info\",\"ts\":"), "{text}");
        let ts = line["ts"].as_str().unwrap();
        assert!(ts.len() == 27 && ts.ends_with('Z'), "{ts}");
        assert_eq!(text.matches('\n').count(), 1);
    }

    #[test]
    fn levels_below_the_chosen_one_and_libraries_chatter_are_left_out() {
        let text = logged(&LogConfig { level: LogLevel::Warn, ..LogConfig::default() }, || {
            tracing::info!("quiet");
            tracing::error!("loud");
        });
        assert!(text.contains("loud") && !text.contains("quiet"));
        let text = logged(&LogConfig::default(), || {
            tracing::info!(target: "openraft::core", "chatter");
            tracing::warn!(target: "openraft::core", "trouble");
        });
        assert!(!text.contains("chatter") && text.contains("\"logger\":\"raft\""), "{text}");
    }

    #[test]
    fn console_lines_have_columns() {
        let config = LogConfig { format: LogFormat::Console, ..LogConfig::default() };
        let text = logged(&config, || tracing::warn!(count = 1u64, "slow"));
        let columns: Vec<_> = text.trim_end().split('\t').collect();
        assert_eq!((columns[1], columns[3], columns[4]), ("warn", "slow", "{\"count\":1}"));
    }

    #[test]
    fn callers_name_the_crate() {
        assert_eq!(caller("crates/kv-server/src/service/kv.rs", 3), "kv-server/service/kv.rs:3");
        assert_eq!(caller("/x/openraft-0.10.0/src/core/raft_core.rs", 9), "openraft-0.10.0/core/raft_core.rs:9");
    }
}
