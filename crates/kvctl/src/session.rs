//! What a command works with: a client made from the global options, and the output.

use std::ffi::OsString;
use std::path::PathBuf;

use kv_cli::{CliError, ExitStatus, Format, Output, Quoted};
use kv_client::{Client, Credentials, Deadline, Error, Options, TlsOptions};

use crate::contexts::Chosen;
use crate::global::GlobalArgs;
use crate::voice::Voice;
use crate::{hints, password};

/// How the program was called.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) globals: GlobalArgs,
    /// `kvctl`, or `etcdctl` where etcd's words are wanted.
    pub(crate) program: &'static str,
    /// Whether `--command-timeout` was given: some commands have no limit otherwise.
    pub(crate) command_timeout_is_given: bool,
    /// The context whose values some of the options have.
    pub(crate) chosen: Option<Chosen>,
}

/// A client and where the answers go.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) output: Output,
}

impl Context {
    /// Returns the endpoints that the DNS knows, if it is to be asked and knows some, else those that were given.
    pub(crate) async fn endpoints(&self) -> Result<Vec<String>, CliError> {
        let globals = &self.globals;
        if !globals.discovery_srv.is_empty() {
            let found = kv_client::discover(&globals.discovery_srv, &globals.discovery_srv_name).await;
            let found = found.map_err(|error| {
                CliError::new(ExitStatus::Failure, error).with_hint("--discovery-srv names a domain with SRV records")
            })?;
            let (secure, insecure): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|endpoint| globals.insecure_discovery || endpoint.starts_with("https://"));
            for endpoint in insecure {
                self.voice().say(&format!("ignoring discovered insecure endpoint {}", Quoted(endpoint.as_bytes())));
            }
            if !secure.is_empty() {
                return Ok(secure);
            }
        }
        Ok(self.given_endpoints())
    }

    fn given_endpoints(&self) -> Vec<String> {
        let given = self.globals.endpoints.iter().map(|endpoint| endpoint.trim());
        given.filter(|endpoint| !endpoint.is_empty()).map(str::to_owned).collect()
    }

    /// Returns until when a short command may take that begins now.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.globals.command_timeout)
    }

    /// Returns until when a command may take for which etcdctl has no limit: for ever, unless one was given.
    pub(crate) fn own_deadline(&self) -> Deadline {
        if self.command_timeout_is_given { self.deadline() } else { Deadline::NEVER }
    }

    /// Returns the output in the format asked for.
    pub(crate) fn output(&self) -> Result<Output, CliError> {
        let format: Format = self.globals.write_out.parse()?;
        Ok(Output::stdout(format, self.globals.hex))
    }

    /// Returns how what is not a result is said. A format that does not exist is refused elsewhere.
    pub(crate) fn voice(&self) -> Voice {
        Voice::of(self.globals.write_out.parse().unwrap_or_default())
    }

    /// Makes a client of the endpoints that were given.
    pub(crate) async fn session(&self) -> Result<Session, CliError> {
        let endpoints = self.endpoints().await?;
        let options = self.options()?;
        let output = self.output()?;
        let client = connect(&endpoints, options).await?;
        Ok(Session { client, output })
    }

    /// Returns what clients are made with. Asks for a password if one is needed.
    pub(crate) fn options(&self) -> Result<Options, CliError> {
        let globals = &self.globals;
        if globals.debug {
            self.show_options();
        }
        Ok(Options {
            dial_timeout: globals.dial_timeout,
            keepalive_time: globals.keepalive_time,
            keepalive_timeout: globals.keepalive_timeout,
            max_request_bytes: usize::try_from(globals.max_request_bytes).unwrap_or(usize::MAX),
            max_receive_bytes: usize::try_from(globals.max_recv_bytes).unwrap_or(usize::MAX),
            tls: self.tls()?,
            credentials: self.credentials()?,
            trace: globals.debug.then_some(self.voice().notice()),
            notice: Some(self.voice().notice()),
        })
    }

    fn tls(&self) -> Result<Option<TlsOptions>, CliError> {
        let globals = &self.globals;
        for (name, file) in [("cert", &globals.cert), ("key", &globals.key_file), ("cacert", &globals.cacert)] {
            if file.as_ref().is_some_and(|file| file.is_empty()) {
                return Err(CliError::arguments(format_args!("empty string is passed to --{name} option")));
            }
        }
        let files = [&globals.cert, &globals.key_file, &globals.cacert];
        let wanted =
            files.iter().any(|file| file.is_some()) || globals.insecure_skip_tls_verify || !globals.insecure_transport;
        // Where discovered endpoints must be secure, their certificates must be the domain's, whatever host the DNS names.
        let domain = Some(&globals.discovery_srv).filter(|name| !name.is_empty() && !globals.insecure_discovery);
        Ok((wanted || domain.is_some()).then(|| TlsOptions {
            ca_file: globals.cacert.clone().map(PathBuf::from),
            certificate_file: globals.cert.clone().map(PathBuf::from),
            key_file: globals.key_file.clone().map(PathBuf::from),
            server_name: domain.cloned(),
            skip_verification: globals.insecure_skip_tls_verify,
        }))
    }

    fn credentials(&self) -> Result<Option<Credentials>, CliError> {
        let globals = &self.globals;
        if !globals.auth_jwt_token.is_empty() {
            return Ok(Some(Credentials::Token(globals.auth_jwt_token.clone())));
        }
        // Whoever gave another user than the context's means that user's password.
        let chosen = self.chosen.as_ref().filter(|chosen| {
            let is_its_user = chosen.profile.user.as_deref() == Some(globals.user.as_str());
            !chosen.is_elsewhere && (globals.user.is_empty() || is_its_user)
        });
        if let Some(token) = chosen.map(Chosen::token).transpose()?.flatten() {
            return Ok(Some(Credentials::Token(token)));
        }
        if globals.user.is_empty() {
            return Ok(None);
        }
        let (name, password) = match (globals.password.as_str(), globals.user.split_once(':')) {
            ("", Some((name, password))) => (name.to_owned(), password.to_owned()),
            ("", None) => {
                let password = match chosen.map(Chosen::password).transpose()?.flatten() {
                    Some(password) => password,
                    None => password::ask("Password: ").map_err(|error| {
                        CliError::new(ExitStatus::Failure, format_args!("read the password: {error}"))
                    })?,
                };
                (globals.user.clone(), password)
            }
            (password, _) => (globals.user.clone(), password.to_owned()),
        };
        Ok(Some(Credentials::User { name, password }))
    }

    fn show_options(&self) {
        let globals = &self.globals;
        let path = |path: &Option<OsString>| path.clone().unwrap_or_default().display().to_string();
        let secret = |text: &str| if text.is_empty() { String::new() } else { "(hidden)".to_owned() };
        let user = globals.user.split(':').next().unwrap_or_default();
        for (name, value) in [
            ("AUTH_JWT_TOKEN", secret(&globals.auth_jwt_token)),
            ("CACERT", path(&globals.cacert)),
            ("CERT", path(&globals.cert)),
            ("COMMAND_TIMEOUT", kv_cli::GoDuration(globals.command_timeout).to_string()),
            ("CONTEXT", self.chosen.as_ref().map(|chosen| chosen.name.clone()).unwrap_or_default()),
            ("DIAL_TIMEOUT", kv_cli::GoDuration(globals.dial_timeout).to_string()),
            ("DISCOVERY_SRV", globals.discovery_srv.clone()),
            ("DISCOVERY_SRV_NAME", globals.discovery_srv_name.clone()),
            ("ENDPOINTS", self.given_endpoints().join(",")),
            ("HEX", globals.hex.to_string()),
            ("INSECURE_DISCOVERY", globals.insecure_discovery.to_string()),
            ("INSECURE_SKIP_TLS_VERIFY", globals.insecure_skip_tls_verify.to_string()),
            ("INSECURE_TRANSPORT", globals.insecure_transport.to_string()),
            ("KEEPALIVE_TIME", kv_cli::GoDuration(globals.keepalive_time).to_string()),
            ("KEEPALIVE_TIMEOUT", kv_cli::GoDuration(globals.keepalive_timeout).to_string()),
            ("KEY", path(&globals.key_file)),
            ("MAX_RECV_BYTES", globals.max_recv_bytes.to_string()),
            ("MAX_REQUEST_BYTES", globals.max_request_bytes.to_string()),
            ("PASSWORD", secret(&globals.password)),
            ("USER", user.to_owned()),
            ("WRITE_OUT", globals.write_out.clone()),
            ("YES", globals.yes.to_string()),
        ] {
            self.voice().say(&format!("KVCTL_{name}={value}"));
        }
    }
}

/// Makes a client; a failure to do so has a status of its own.
pub(crate) async fn connect(endpoints: &[String], options: Options) -> Result<Client, CliError> {
    Client::connect(endpoints, options).await.map_err(|error| {
        let status = match error {
            Error::Tls(_) => ExitStatus::BadArguments,
            _ => ExitStatus::BadConnection,
        };
        hints::cli_error(status, &error)
    })
}

/// The server's answer as a command's failure.
pub(crate) fn failure(error: &Error) -> CliError {
    hints::cli_error(ExitStatus::Failure, error)
}
