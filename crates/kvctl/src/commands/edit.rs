//! `kvctl edit`: change a value in an editor, unless somebody else changes it meanwhile.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use kv_cli::{CliError, ExitStatus, Quoted, system_words};
use kv_proto::etcdserverpb::{PutRequest, RangeRequest};
use tokio::process::Command;

use super::child;
use super::held::EndSignals;
use crate::guard::Guard;
use crate::session::{Context, Session, failure};

const EXAMPLES: &str = "\
Examples:
  Change a value in the editor that is set in EDITOR:
    $ kvctl edit /app/config.json

  The same by a program:
    $ EDITOR='sed -i s/green/blue/' kvctl edit /app/color
";

/// Change a value in an editor
///
/// Opens the value in the editor that VISUAL or EDITOR names, else in vi, and writes it when the editor has ended with status
/// 0 and the value is another one. A key that is not there is made. The key keeps its lease. If somebody else changed the
/// key meanwhile, nothing is written and the exit status is 11. Whenever something was typed and not written, it is kept in a
/// file, which is named. Editors end a file with a
/// line feed; where the value had none at its end, one is taken away again.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl edit [OPTIONS] <KEY>", after_long_help = EXAMPLES)]
pub(crate) struct EditArgs {
    /// Key whose value to change
    #[arg(value_name = "KEY")]
    key: Option<OsString>,
}

pub(crate) async fn run(context: &Context, args: &EditArgs) -> Result<(), CliError> {
    let Some(key) = args.key.clone().filter(|key| !key.is_empty()) else {
        return Err(CliError::arguments("edit needs a key"));
    };
    let key = key.into_vec();
    let Session { client, mut output } = context.session().await?;
    let look = RangeRequest { key: key.clone().into(), ..RangeRequest::default() };
    let found = client.range(look, context.deadline()).await.map_err(|error| failure(&error))?;
    let found = found.kvs.into_iter().next();
    let before = found.as_ref().map(|kv| kv.value.clone()).unwrap_or_default();

    let failed = |error: io::Error| {
        let (place, words) = (env::temp_dir(), system_words(&error));
        CliError::new(ExitStatus::Io, format_args!("prepare the value for the editor in {}: {words}", place.display()))
            .with_hint("TMPDIR names another place")
    };
    let draft = Draft::create(&key, &before).map_err(failed)?;
    let edited = edit(&draft.file).await;
    let read = fs::read(&draft.file);
    if let Err(error) = edited {
        // What was typed is worth more than a clean directory.
        let is_typed = read.is_ok_and(|typed| typed != before);
        return Err(if is_typed { error.with_hint(draft.keep_and_name()) } else { error });
    }
    let after = read.map_err(|error| {
        let (file, words) = (draft.file.display(), system_words(&error));
        CliError::new(ExitStatus::Io, format_args!("read what was edited: open {file}: {words}"))
    })?;
    let after = without_added_line_feed(&before, after);
    if after == before {
        context.voice().say("nothing was changed");
        return Ok(());
    }
    let guard = Guard { revision: Some(found.as_ref().map_or(0, |kv| kv.mod_revision)), value: None };
    let request =
        PutRequest { key: key.into(), value: after.into(), ignore_lease: found.is_some(), ..PutRequest::default() };
    match guard.put(&client, request, context.deadline()).await {
        Ok(written) => output.print(&written),
        Err(error) => Err(CliError::from(error).with_hint(draft.keep_and_name())),
    }
}

async fn edit(file: &Path) -> Result<(), CliError> {
    let named = ["VISUAL", "EDITOR"].into_iter().find_map(|name| env::var_os(name).filter(|editor| !editor.is_empty()));
    let editor = named.unwrap_or_else(|| "vi".into());
    // It may be a name with options, so a shell reads it, as with other programs that start editors.
    let mut line = editor.clone();
    line.push(" \"$1\"");
    let mut command = Command::new("sh");
    command.arg("-c").arg(line).arg("kvctl").arg(file);
    let mut signals = EndSignals::with_hangup()?;
    let failed = |error: io::Error| CliError::new(ExitStatus::Failure, child::not_started(OsStr::new("sh"), &error));
    let mut running = command.spawn().map_err(failed)?;
    let ended = child::wait(&mut running, &mut signals).await.map_err(failed)?;
    if ended.success() {
        return Ok(());
    }
    let editor = Quoted(editor.as_bytes());
    Err(CliError::new(
        ExitStatus::Failure,
        format_args!("nothing was written: {editor} ended with {}", child::ended(ended)),
    )
    .with_hint("VISUAL or EDITOR names the editor"))
}

fn without_added_line_feed(before: &[u8], mut after: Vec<u8>) -> Vec<u8> {
    if !before.ends_with(b"\n") && after.ends_with(b"\n") {
        after.pop();
    }
    after
}

/// The value in a file that nobody else can read, removed when this is dropped.
#[derive(Debug)]
struct Draft {
    directory: PathBuf,
    file: PathBuf,
    kept: bool,
}

impl Draft {
    fn create(key: &[u8], value: &[u8]) -> io::Result<Draft> {
        let mut random = [0; 8];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
        let directory = env::temp_dir().join(format!("kvctl-edit-{:016x}", u64::from_le_bytes(random)));
        DirBuilder::new().mode(0o700).create(&directory)?;
        let draft = Draft { file: directory.join(file_name(key)), directory, kept: false };
        File::options().write(true).create_new(true).mode(0o600).open(&draft.file)?.write_all(value)?;
        Ok(draft)
    }

    /// Leaves the file where it is, and says where that is.
    fn keep_and_name(mut self) -> String {
        self.kept = true;
        format!("what was typed is in {}", self.file.display())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed is at least private.
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

/// Returns the last part of a key as a file's name, by which editors know what is in it.
fn file_name(key: &[u8]) -> String {
    let last = key.rsplit(|&byte| byte == b'/').find(|part| !part.is_empty()).unwrap_or_default();
    let safe: String = last.iter().map(|&byte| char::from(byte)).filter(|&letter| is_plain(letter)).take(100).collect();
    if safe.trim_matches('.').is_empty() { "value".to_owned() } else { safe }
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-')
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_line_feed_that_the_editor_added_is_taken_away() {
        for (before, after, expected) in
            [("a", "b\n", "b"), ("a", "b", "b"), ("a\n", "b\n", "b\n"), ("a", "b\n\n", "b\n"), ("", "\n", "")]
        {
            assert_eq!(
                without_added_line_feed(before.as_bytes(), after.into()),
                expected.as_bytes(),
                "{before} {after}"
            );
        }
    }

    #[test]
    fn a_file_is_named_for_its_key() {
        for (key, name) in
            [("/app/config.json", "config.json"), ("/app/", "app"), ("..", "value"), ("a b$c", "abc"), ("/", "value")]
        {
            assert_eq!(file_name(key.as_bytes()), name, "{key}");
        }
    }

    #[test]
    fn a_draft_is_private_and_gone_unless_it_is_kept() {
        let draft = Draft::create(b"k", b"secret").unwrap();
        let (directory, file) = (draft.directory.clone(), draft.file.clone());
        for (path, mode) in [(&directory, 0o700), (&file, 0o600)] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
        }
        drop(draft);
        assert!(!file.exists() && !directory.exists());
        let draft = Draft::create(b"k", b"typed").unwrap();
        let (directory, file) = (draft.directory.clone(), draft.file.clone());
        assert!(draft.keep_and_name().ends_with(file.to_str().unwrap()));
        assert_eq!(fs::read(&file).unwrap(), b"typed");
        fs::remove_dir_all(directory).unwrap();
    }
}
