//! The process `kvd`: from the command line to the exit status.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use kv_proto::url;
use rustix::mm::{MlockAllFlags, mlockall};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::auth::check_tokens;
use crate::config::Config;
use crate::flags::{self, Invocation, Refusal};
use crate::listener::Listeners;
use crate::logging::{Log, LogConfig, LogFormat, Notice};
use crate::notify::ServiceManager;
use crate::serve::{ServeError, serve};
use crate::status::chain;
use crate::throwaway::{self, Throwaway};
use crate::tls::Tls;
use crate::version::{API_SERVER_VERSION, Persona, RELEASE};

/// The exit status of a command line that cannot be read.
const EXIT_SYNTAX: u8 = 2;

/// The signals that end a server, and what they are called in the log.
const STOP_SIGNALS: [(SignalKind, &str); 2] =
    [(SignalKind::terminate(), "terminated"), (SignalKind::interrupt(), "interrupt")];

/// How serving ended: by a signal, by itself, or by a failure.
type Ended = Result<Option<SignalKind>, Box<dyn std::error::Error>>;

/// Runs `kvd` with the arguments of a process, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<String> =
        arguments.into_iter().map(|argument| argument.to_string_lossy().into_owned()).collect();
    let persona = Persona::of(arguments.first().map(String::as_str).unwrap_or_default());
    let environment: Vec<(String, String)> = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    match flags::parse(arguments.get(1..).unwrap_or_default(), &environment) {
        Ok(Invocation::Help) => print(&flags::help()),
        Ok(Invocation::Version) => print(&persona.version_text()),
        Ok(Invocation::Check(config, notices)) => check(&config, &notices),
        Ok(Invocation::Serve(config, notices)) => run(*config, &notices, persona, &arguments),
        Err(Refusal::Syntax(error)) => {
            let _ = writeln!(std::io::stderr(), "{error}\nRun `kvd --help` for the flags.");
            ExitCode::from(EXIT_SYNTAX)
        }
        Err(Refusal::Invalid(error)) if arguments.get(1).is_some_and(|first| first == flags::CHECK) => {
            senseless(&error)
        }
        Err(Refusal::Invalid(error)) => refuse(&Notice::warn("failed to verify flags").field("error", error)),
        Err(Refusal::Conflict { variable }) => refuse(
            &Notice::error(
                "conflicting environment variable is shadowed by corresponding command-line flag (either unset \
                 environment variable or disable flag)",
            )
            .field("environment-variable", variable),
        ),
    }
}

/// Prints a text; a reader that has gone away is no failure.
fn print(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Says what would be logged at the start, and that the configuration makes sense.
fn check(config: &Config, notices: &[Notice]) -> ExitCode {
    let Ok(log) = Log::open(&LogConfig { format: LogFormat::Console, ..LogConfig::default() }) else {
        return ExitCode::FAILURE;
    };
    for notice in notices {
        log.notice(notice);
    }
    // What can be known without making anything: a log file made here would be of whoever checks.
    let checked = config.log.check().map_err(|error| format!("cannot open log output: {error}"));
    let checked = checked.and_then(|()| check_tokens(config));
    let checked = checked.and_then(|()| {
        let opened = config.opens_tls_files().then(|| Tls::open(&config.client_tls)).transpose();
        opened.map(drop).map_err(|error| chain(&error))
    });
    if let Err(error) = checked {
        return senseless(&error);
    }
    print("The configuration makes sense.\n")
}

fn senseless(error: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "The configuration makes no sense: {error}");
    ExitCode::FAILURE
}

/// Says in the default log why the command line was refused.
fn refuse(notice: &Notice) -> ExitCode {
    if let Ok(log) = Log::open(&LogConfig::default()) {
        log.notice(notice);
    }
    ExitCode::FAILURE
}

fn run(mut config: Config, notices: &[Notice], persona: Persona, arguments: &[String]) -> ExitCode {
    let log = match Log::open(&config.log) {
        Ok(log) => log,
        Err(error) => {
            return refuse(&Notice::error("cannot open log output").field("error", error.to_string()));
        }
    };
    log.install();
    log.notice(&Notice::info("Running: ").field("args", arguments));
    for notice in notices {
        log.notice(notice);
    }
    let throwaway = match config.throwaway.then(|| Throwaway::create(&mut config)).transpose() {
        Ok(throwaway) => throwaway,
        Err(error) => return fatal("make a directory for a throwaway server", &error),
    };
    if config.data_dir.is_none() {
        config.data_dir = Some(format!("{}.{}", config.name, persona.directory_suffix()).into());
        log.notice(&Notice::warn("'data-dir' was empty; using default").field("data-dir", data_dir(&config)));
    }
    raise_file_limit();
    if config.memory_mlock {
        // What is mapped is locked when it is used: the store's file has room for far more than memory.
        let flags = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
        if let Err(error) = mlockall(flags) {
            return fatal("lock memory", &std::io::Error::from(error));
        }
    }
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fatal("start runtime", &error),
    };
    let ended = match throwaway {
        None => runtime.block_on(serve_until_signal(config)),
        Some(throwaway) => runtime.block_on(serve_until_input_ends(config, &throwaway)),
    };
    runtime.shutdown_background();
    match ended {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(signal)) => {
            re_raise(signal);
            ExitCode::SUCCESS
        }
        Err(error) => fatal("server ended", &*error),
    }
}

/// Serves until standard input ends, and then at once no more: nothing of a throwaway server is needed afterwards.
async fn serve_until_input_ends(config: Config, throwaway: &Throwaway) -> Ended {
    let [mut terminate, mut interrupt] = listen_for_signals()?;
    let mut input_ends = throwaway::input_ends();
    let data_dir = config.data_dir();
    if let Some(snapshot) = &config.from_snapshot {
        tokio::select! {
            restored = throwaway.restore(snapshot, &data_dir) => restored?,
            _ = &mut input_ends => return Ok(None),
            signal = next_signal(&mut terminate, &mut interrupt) => return Ok(Some(signal)),
        }
    }
    tokio::select! {
        ended = serve_until_signal(config) => ended,
        _ = input_ends => Ok(None),
    }
}

/// Serves until a signal comes, which is returned. A second signal ends the process without waiting.
async fn serve_until_signal(config: Config) -> Ended {
    let [mut terminate, mut interrupt] = listen_for_signals()?;
    tracing::info!(
        api_version = API_SERVER_VERSION,
        release = RELEASE,
        name = config.name,
        data_dir = data_dir(&config),
        listen_client_urls = url::join(&config.listen_client_urls),
        advertise_client_urls = url::join(&config.advertise_client_urls),
        quota_backend_bytes = config.quota_backend_bytes,
        max_request_bytes = config.max_request_bytes,
        feature_gates = config.feature_gates.to_string(),
        "starting an etcd server"
    );
    if config.unsafe_no_fsync {
        tracing::warn!("--unsafe-no-fsync is set: a power cut loses acknowledged writes or the whole store");
    }
    if config.listen_client_http_urls.is_empty() {
        tracing::warn!("Running http and grpc server on single port. This is not recommended for production.");
    }
    tracing::info!(listen_client_urls = url::join(&config.listen_client_urls), "configuring client listeners");
    let listeners = Listeners::bind(&config)?;

    let manager = ServiceManager::new(std::env::var_os("NOTIFY_SOCKET"));
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = serve(config, listeners, &manager, async {
        // The sender is dropped to say so.
        let _ = stopped.await;
    });
    tokio::pin!(serving);
    let signal = tokio::select! {
        ended = &mut serving => return ended.map(|()| None).map_err(Into::into),
        signal = next_signal(&mut terminate, &mut interrupt) => signal,
    };
    let name = STOP_SIGNALS.iter().find(|(kind, _)| *kind == signal).map(|(_, name)| *name);
    tracing::info!(signal = name, "received signal; shutting down");
    drop(stop);
    let ended: Result<(), ServeError> = tokio::select! {
        ended = &mut serving => ended,
        _ = next_signal(&mut terminate, &mut interrupt) => {
            tracing::warn!("received another signal; ending without waiting for requests");
            Ok(())
        }
    };
    ended.map(|()| Some(signal)).map_err(Into::into)
}

fn listen_for_signals() -> std::io::Result<[Signal; 2]> {
    let [terminate, interrupt] = STOP_SIGNALS.map(|(kind, _)| signal(kind));
    Ok([terminate?, interrupt?])
}

async fn next_signal(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}

/// Ends the process by the signal it received, so that whoever started it sees that. The first process of a
/// container cannot be ended by a signal of its own; it exits.
fn re_raise(signal: SignalKind) {
    if std::process::id() == 1 {
        return;
    }
    let _ = signal_hook::low_level::emulate_default_handler(signal.as_raw_value());
}

fn fatal(action: &str, error: &dyn std::error::Error) -> ExitCode {
    tracing::error!(error = chain(error), "{action}");
    ExitCode::FAILURE
}

fn data_dir(config: &Config) -> String {
    config.data_dir().display().to_string()
}

/// Every connection is a file, and the limit of a login session is low.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        // Without it there is room for fewer connections, which `serve` finds out.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}
