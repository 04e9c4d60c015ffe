//! Contexts: named ways to connect, in a file that people may also edit.
//!
//! The file is `kvctl/config.toml` where XDG has configuration, or what `KVCTL_CONFIG` names. It holds no secrets: a context says
//! which command prints one, or which variable has it. Comments and the order of the file survive changes by kvctl.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kv_cli::arguments::Source;
use kv_cli::{CliError, ExitStatus, Quoted, system_words};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table};

use crate::global::{DEFAULT_ENDPOINT, GlobalArgs};

/// How many links lead to a file at most, as in Linux.
const LINKS_MAX: usize = 40;

/// What one context says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Profile {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) endpoints: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) discovery_srv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cacert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cert: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) insecure_skip_tls_verify: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) password_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_command: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token_env: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub(crate) protected: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}

/// No file of contexts that is longer is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The file's content.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Contents {
    current: Option<String>,
    contexts: BTreeMap<String, Profile>,
}

/// All contexts, and where they are kept.
#[derive(Debug)]
pub(crate) struct Contexts {
    path: PathBuf,
    /// The file's directory, locked from reading to writing by whoever makes a change.
    _lock: Option<File>,
    document: DocumentMut,
    contents: Contents,
}

impl Contexts {
    /// Reads the file; one that is not there has no contexts.
    pub(crate) fn open() -> Result<Contexts, CliError> {
        Contexts::read(path()?)
    }

    /// Reads the file to change it; nobody else changes it as long as this is there. Makes the directory.
    pub(crate) fn open_to_change() -> Result<Contexts, CliError> {
        Contexts::lock(path()?)
    }

    fn lock(path: PathBuf) -> Result<Contexts, CliError> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        let locked = made.and_then(|()| {
            let directory = File::open(directory)?;
            flock(&directory, FlockOperation::LockExclusive)?;
            Ok(directory)
        });
        let lock = locked.map_err(|error| file_error("lock", directory, &error))?;
        Ok(Contexts { _lock: Some(lock), ..Contexts::read(path)? })
    }

    fn read(path: PathBuf) -> Result<Contexts, CliError> {
        let text = match read_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text.map_err(|error| file_error("read", &path, &error))?,
        };
        // Whoever can write it chooses a command that runs here.
        if fs::metadata(&path).is_ok_and(|metadata| metadata.permissions().mode() & 0o022 != 0) {
            let failed = CliError::new(ExitStatus::Io, format_args!("{} can be changed by others", path.display()));
            return Err(failed.with_hint(format!("chmod 600 {}", path.display())));
        }
        let malformed = |error: &dyn std::fmt::Display| {
            CliError::new(ExitStatus::Io, format_args!("{}: {}", path.display(), error.to_string().trim_end()))
        };
        let contents = toml_edit::de::from_str(&text).map_err(|error| malformed(&error))?;
        let document = text.parse().map_err(|error: toml_edit::TomlError| malformed(&error))?;
        Ok(Contexts { path, _lock: None, document, contents })
    }

    /// Returns the name of the context in use, if one is.
    pub(crate) fn current(&self) -> Option<&str> {
        self.contents.current.as_deref()
    }

    /// Returns every context with its name, in the order of the names.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Profile)> {
        self.contents.contexts.iter().map(|(name, profile)| (name.as_str(), profile))
    }

    /// Returns a context by its name.
    pub(crate) fn find(&self, name: &str) -> Result<&Profile, CliError> {
        self.contents.contexts.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.contents.contexts.keys().map(String::as_str).collect();
            let hint = match known.as_slice() {
                [] => "there are none; `kvctl context add` makes one".to_owned(),
                known => format!("there are {}", known.join(", ")),
            };
            CliError::arguments(format_args!("there is no context {}", Quoted(name.as_bytes()))).with_hint(hint)
        })
    }

    /// Adds or replaces a context and stores the file.
    pub(crate) fn set(&mut self, name: &str, profile: Profile) -> Result<(), CliError> {
        let failed = |error: toml_edit::ser::Error| CliError::new(ExitStatus::Failure, error);
        let table = toml_edit::ser::to_document(&profile).map_err(failed)?.as_table().clone();
        let contexts = self.document.entry("contexts").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        contexts[name] = Item::Table(table);
        self.contents.contexts.insert(name.to_owned(), profile);
        self.store()
    }

    /// Puts a context in use, or none, and stores the file.
    pub(crate) fn select(&mut self, name: Option<&str>) -> Result<(), CliError> {
        match name {
            Some(name) => {
                self.find(name)?;
                self.document["current"] = toml_edit::value(name);
            }
            None => drop(self.document.remove("current")),
        }
        self.contents.current = name.map(str::to_owned);
        self.store()
    }

    /// Removes a context and stores the file. If it was in use, none is.
    pub(crate) fn remove(&mut self, name: &str) -> Result<(), CliError> {
        self.find(name)?;
        if let Some(contexts) = self.document["contexts"].as_table_like_mut() {
            contexts.remove(name);
        }
        self.contents.contexts.remove(name);
        if self.current() == Some(name) { self.select(None) } else { self.store() }
    }

    /// Writes the file whole, readable by its owner only. A link stays one: what it leads to is replaced.
    fn store(&self) -> Result<(), CliError> {
        let failed = |error: io::Error| file_error("write", &self.path, &error);
        let path = followed(&self.path).map_err(failed)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let unfinished = path.with_file_name(name);
        let written =
            File::options().write(true).create_new(true).mode(0o600).open(&unfinished).and_then(|mut file| {
                file.write_all(self.document.to_string().as_bytes())?;
                file.sync_all()?;
                fs::rename(&unfinished, &path)
            });
        written.map_err(|error| {
            // Half a file is of no use to anybody.
            let _ = fs::remove_file(&unfinished);
            failed(error)
        })
    }
}

/// Reads a file of contexts. A device may never end.
fn read_file(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(io::Error::other("this is too long for a file with contexts"));
    }
    Ok(text)
}

/// Returns where links lead to in the end, where there need not be a file yet.
fn followed(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // It is there and no link, or not there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "too many levels of symbolic links"))
}

fn file_error(action: &str, path: &Path, error: &io::Error) -> CliError {
    CliError::new(ExitStatus::Io, format_args!("{action} {}: {}", path.display(), system_words(error)))
}

fn path() -> Result<PathBuf, CliError> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = set("KVCTL_CONFIG") {
        return Ok(path);
    }
    // XDG takes no relative path for one.
    let configuration = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    let configuration = configuration.or_else(|| Some(set("HOME")?.join(".config")));
    configuration.map(|directory| directory.join("kvctl").join("config.toml")).ok_or_else(|| {
        CliError::new(ExitStatus::Io, "there is no place for contexts: HOME is not set")
            .with_hint("set KVCTL_CONFIG to a file")
    })
}

/// The context that a command is run with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) profile: Profile,
    /// Whether another server than the context's is talked to, which is not to get its secrets.
    pub(crate) is_elsewhere: bool,
}

/// Finds the context that applies and lets the options that were not given have its values.
///
/// The context in use is taken as a whole or not at all: where a server is named on the line or in the environment, it says
/// nothing. One that is named on the line stands in place of everything in the environment that says where to connect and as
/// whom. What else is on the line goes before it. `source` tells where an option comes from, by its long name.
pub(crate) fn choose(
    globals: &mut GlobalArgs,
    source: &dyn Fn(&str) -> Source,
    may_use_current: bool,
) -> Result<Option<Chosen>, CliError> {
    let names_server = || ["endpoints", "discovery-srv"].iter().any(|flag| source(flag) != Source::Default);
    let name = match &globals.context {
        Some(name) if name.is_empty() => return Ok(None),
        Some(name) => name.clone(),
        None if !may_use_current || names_server() => return Ok(None),
        None if path().map_or(true, |path| !path.exists()) => return Ok(None),
        None => match Contexts::open()?.current() {
            Some(name) => name.to_owned(),
            None => return Ok(None),
        },
    };
    let profile = Contexts::open()?.find(&name)?.clone();
    let is_elsewhere = if source("context") == Source::Line {
        forget(globals, &|flag| source(flag) == Source::Environment);
        apply(&profile, globals, &|flag| source(flag) == Source::Line)
    } else {
        apply(&profile, globals, &|flag| source(flag) != Source::Default)
    };
    Ok(Some(Chosen { name, profile, is_elsewhere }))
}

/// Puts the options that say where to connect and as whom back to their defaults, where they come from the environment.
fn forget(globals: &mut GlobalArgs, is_forgotten: &dyn Fn(&str) -> bool) {
    if is_forgotten("endpoints") {
        globals.endpoints = vec![DEFAULT_ENDPOINT.to_owned()];
    }
    for (flag, text) in [
        ("discovery-srv", &mut globals.discovery_srv),
        ("discovery-srv-name", &mut globals.discovery_srv_name),
        ("user", &mut globals.user),
        ("password", &mut globals.password),
        ("auth-jwt-token", &mut globals.auth_jwt_token),
    ] {
        if is_forgotten(flag) {
            text.clear();
        }
    }
    for (flag, file) in [("cacert", &mut globals.cacert), ("cert", &mut globals.cert), ("key", &mut globals.key_file)] {
        if is_forgotten(flag) {
            *file = None;
        }
    }
    if is_forgotten("insecure-skip-tls-verify") {
        globals.insecure_skip_tls_verify = false;
    }
}

/// Lets the options that were not given have a context's values. Returns whether what was given leads to another server than
/// the context's, where it has no user.
fn apply(profile: &Profile, globals: &mut GlobalArgs, is_given: &dyn Fn(&str) -> bool) -> bool {
    if !profile.endpoints.is_empty() && !is_given("endpoints") {
        globals.endpoints.clone_from(&profile.endpoints);
    }
    if let Some(domain) =
        profile.discovery_srv.as_ref().filter(|_| !is_given("discovery-srv") && !is_given("endpoints"))
    {
        globals.discovery_srv.clone_from(domain);
    }
    for (id, option, value) in [
        ("cacert", &mut globals.cacert, &profile.cacert),
        ("cert", &mut globals.cert, &profile.cert),
        ("key", &mut globals.key_file, &profile.key),
    ] {
        if let Some(file) = value.as_ref().filter(|_| !is_given(id)) {
            *option = Some(file.into());
        }
    }
    if !is_given("insecure-skip-tls-verify") {
        globals.insecure_skip_tls_verify = profile.insecure_skip_tls_verify;
    }
    // The DNS goes before endpoints, which are used where it knows nothing.
    let is_known = |endpoint: &String| profile.endpoints.iter().any(|known| known == endpoint.trim());
    let is_elsewhere = (is_given("endpoints") && !globals.endpoints.iter().all(is_known))
        || (is_given("discovery-srv") && profile.discovery_srv.as_ref() != Some(&globals.discovery_srv));
    if let Some(user) = profile.user.as_ref().filter(|_| !is_given("user") && !is_elsewhere) {
        globals.user.clone_from(user);
    }
    is_elsewhere
}

impl Chosen {
    /// Gets the password of the context's user, if the context says from where.
    pub(crate) fn password(&self) -> Result<Option<String>, CliError> {
        self.secret("password", self.profile.password_command.as_deref(), self.profile.password_env.as_deref())
    }

    /// Gets the context's token, if it says from where.
    pub(crate) fn token(&self) -> Result<Option<String>, CliError> {
        self.secret("token", self.profile.token_command.as_deref(), self.profile.token_env.as_deref())
    }

    fn secret(&self, what: &str, command: Option<&str>, variable: Option<&str>) -> Result<Option<String>, CliError> {
        let failed = |reason: String| {
            CliError::new(ExitStatus::BadConnection, format_args!("get the {what} of context {}: {reason}", self.name))
        };
        if let Some(name) = variable {
            let value = env::var(name).map_err(|_| failed(format!("the variable {name} is not set")))?;
            return Ok(Some(value));
        }
        let Some(line) = command else { return Ok(None) };
        let printed = Command::new("sh").arg("-c").arg(line).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
        let printed = printed.map_err(|error| failed(error.to_string()))?;
        if !printed.status.success() {
            return Err(failed(format!("{} failed: {}", Quoted(line.as_bytes()), printed.status)));
        }
        let secret = String::from_utf8(printed.stdout).map_err(|_| failed("it is not UTF-8".to_owned()))?;
        Ok(Some(secret.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn open(text: &str) -> (PathBuf, Result<Contexts, CliError>) {
        let mut random = [0; 8];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty()).unwrap();
        let directory = env::temp_dir().join(format!("kvctl-contexts-{:016x}", u64::from_le_bytes(random)));
        fs::create_dir(&directory).unwrap();
        let path = directory.join("config.toml");
        fs::write(&path, text).unwrap();
        let contexts = Contexts::read(path.clone());
        (path, contexts)
    }

    #[test]
    fn a_file_that_does_not_end_is_refused() {
        let error = Contexts::read("/dev/zero".into()).unwrap_err();
        assert_eq!(error.message.as_deref(), Some("read /dev/zero: this is too long for a file with contexts"));
    }

    #[test]
    fn changes_keep_what_people_wrote() {
        let text = "# mine\ncurrent = \"a\" # for now\n\n[contexts.a]\nendpoints = [\"h:1\"]\nprotected = true\n";
        let (path, contexts) = open(text);
        let mut contexts = contexts.unwrap();
        assert!(contexts.find("a").unwrap().protected);
        let profile = Profile {
            endpoints: vec!["b:1".to_owned(), "b:2".to_owned()],
            password_command: Some("pass \"show\" x".to_owned()),
            ..Profile::default()
        };
        contexts.set("b.c", profile.clone()).unwrap();
        let stored = fs::read_to_string(&path).unwrap();
        assert!(stored.starts_with(text), "{stored}");
        assert_eq!(Contexts::read(path.clone()).unwrap().find("b.c"), Ok(&profile));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

        contexts.remove("a").unwrap();
        let read = Contexts::read(path.clone()).unwrap();
        assert_eq!((read.current(), read.all().count()), (None, 1));
        assert!(contexts.select(Some("a")).is_err());
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn a_link_stays_one() {
        let (path, _) = open("");
        let link = path.with_file_name("link");
        for target in ["config.toml", "new.toml"] {
            std::os::unix::fs::symlink(target, &link).unwrap();
            Contexts::lock(link.clone()).unwrap().set("a", Profile::default()).unwrap();
            assert_eq!(fs::read_link(&link).unwrap(), Path::new(target));
            assert!(Contexts::read(path.with_file_name(target)).unwrap().find("a").is_ok());
            fs::remove_file(&link).unwrap();
        }
        std::os::unix::fs::symlink("link", &link).unwrap();
        assert!(followed(&link).is_err());
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn changes_at_the_same_time_are_all_kept() {
        let (path, _) = open("");
        std::thread::scope(|scope| {
            for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                let path = path.clone();
                scope.spawn(move || Contexts::lock(path).unwrap().set(name, Profile::default()).unwrap());
            }
        });
        assert_eq!(Contexts::read(path.clone()).unwrap().all().count(), 8);
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    #[test]
    fn what_is_not_understood_or_not_ones_own_is_refused() {
        for text in ["current = ", "[contexts.a]\nendpoint = \"h:1\"\n", "[contexts.a]\npassword = \"x\"\n"] {
            let (path, contexts) = open(text);
            let error = contexts.unwrap_err();
            assert!(error.status == ExitStatus::Io && error.message.unwrap().contains("config.toml"), "{text}");
            fs::remove_dir_all(path.parent().unwrap()).unwrap();
        }
        let (path, _) = open("");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(Contexts::read(path.clone()).unwrap_err().message.unwrap().contains("changed by others"));
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
    }

    /// A context with everything against a line and an environment; returns the options then, and whether the server is another.
    fn applied(line: &[&str], is_given: &dyn Fn(&str) -> bool) -> (GlobalArgs, bool) {
        let command = GlobalArgs::augment_args(clap::Command::new("kvctl").no_binary_name(true));
        let mut globals = GlobalArgs::from_arg_matches(&command.get_matches_from(line)).unwrap();
        let profile = Profile {
            endpoints: vec!["a:1".to_owned(), "a:2".to_owned()],
            insecure_skip_tls_verify: true,
            user: Some("ann".to_owned()),
            ..Profile::default()
        };
        let is_elsewhere = apply(&profile, &mut globals, is_given);
        (globals, is_elsewhere)
    }

    #[test]
    fn another_server_gets_no_user_of_a_context() {
        let endpoints = |flag: &str| flag == "endpoints";
        for (line, is_given, elsewhere) in [
            ("", &(|_: &str| false) as &dyn Fn(&str) -> bool, false),
            ("--endpoints=a:2", &endpoints, false),
            ("--endpoints=a:2,b:1", &endpoints, true),
            ("--discovery-srv=b", &|flag| flag == "discovery-srv", true),
        ] {
            let line: Vec<&str> = line.split_whitespace().collect();
            let (globals, is_elsewhere) = applied(&line, is_given);
            assert_eq!(is_elsewhere, elsewhere, "{line:?}");
            assert_eq!(globals.user, if elsewhere { "" } else { "ann" }, "{line:?}");
        }
    }

    #[test]
    fn verification_that_is_switched_on_stays_on() {
        assert!(applied(&[], &|_| false).0.insecure_skip_tls_verify);
        assert!(!applied(&[], &|flag| flag == "insecure-skip-tls-verify").0.insecure_skip_tls_verify);
    }

    #[test]
    fn secrets_come_from_elsewhere() {
        let chosen = |command: Option<&str>, variable: Option<&str>| {
            let profile = Profile {
                password_command: command.map(str::to_owned),
                password_env: variable.map(str::to_owned),
                ..Profile::default()
            };
            Chosen { name: "a".to_owned(), profile, is_elsewhere: false }.password()
        };
        assert_eq!(chosen(None, None), Ok(None));
        assert_eq!(chosen(Some("echo secret"), None), Ok(Some("secret".to_owned())));
        assert_eq!(chosen(Some("exit 3"), None).unwrap_err().status, ExitStatus::BadConnection);
        assert!(chosen(None, Some("KVCTL_NO_SUCH_VARIABLE")).unwrap_err().message.unwrap().contains("is not set"));
    }
}
