//! The write-ahead log's files.
//!
//! A log is a directory of segment files. [`Log`] appends entries to it in memory at once, and on disk with
//! one write and one sync for everything that is waiting. Opening it again gives back what was reported as
//! durable, in [`Recovery`] and [`Log::read`], or says what is damaged. [`Reader`] does the same without writing.
//!
//! ```
//! use kv_log::{Entry, Log, Options, Payload, Position, Salt};
//!
//! let dir = tempfile::tempdir()?;
//! let log = Log::open(dir.path(), Options::new(Salt::random()?))?;
//! let entry = Entry { position: Position { term: 1, index: 0 }, payload: Payload::Command("put".into()) };
//! let (done, durable) = std::sync::mpsc::channel();
//! log.append(vec![entry.clone()], move |written| done.send(written).expect("somebody waits"));
//! assert_eq!(log.read(0..1, 1024)?, [entry.clone()]);
//! durable.recv()??;
//! drop(log);
//!
//! let log = Log::open(dir.path(), Options::new(Salt::random()?))?;
//! assert_eq!(log.recovery().last, Some(entry.position));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What the files look like is in `format.rs`; how a torn end is told from damage, in `recovery.rs`.
//!
//! | module | what it does |
//! |---|---|
//! | `types`, `error`, `options`, `metrics` | the words of the interface |
//! | `log`, `reader` | a log open for writing; one open for reading |
//! | `format` | every byte of a file |
//! | `slot`, `segment`, `recovery` | names, one file, all files |
//! | `shared`, `writer`, `tail`, `pool` | the queue, group sync, the end on disk, files made beforehand |
//! | `read`, `cache`, `table` | entries back from memory and files |
//! | `salvage` | what is left of a damaged log |
//! | `disk`, `blocks` | the file system, aligned memory |

mod blocks;
mod cache;
mod disk;
mod error;
mod format;
mod log;
mod metrics;
mod options;
mod pool;
mod read;
mod reader;
mod recovery;
mod salvage;
mod segment;
mod shared;
mod slot;
mod table;
mod tail;
mod types;
mod writer;

pub use disk::{Disk, DiskFile, FileSystem, SyncMode};
pub use error::{OpenError, ReadError, WriteError, WriteErrorKind};
pub use format::ENTRY_BYTES_MAX;
pub use log::Log;
pub use metrics::{Metrics, SYNC_BUCKET_SECONDS, SYNC_BUCKETS};
pub use options::{BATCH_BYTES, CACHE_BYTES, Event, FIRST_SEGMENT_BYTES, Options, SEGMENT_BYTES, SPARE_SEGMENTS, Salt};
pub use reader::Reader;
pub use salvage::Salvaged;
pub use types::{Entry, Payload, Position, Recovery, State, TornTail, Vote};
