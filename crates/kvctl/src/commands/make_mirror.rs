//! `kvctl make-mirror`: copy keys to another cluster, and every change to them from then on.

mod mirror;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use clap::ArgAction;
use kv_cli::{CliError, ExitStatus, parse_bool, parse_int, parse_revision};
use kv_client::{Credentials, Options, TlsOptions};

use self::mirror::{Mirror, Plan, Prefixes};
use crate::password;
use crate::session::{Context, Session, connect};

const EXAMPLES: &str = "\
Examples:
  Copy everything, and go on with every change:
    $ kvctl make-mirror 10.0.0.9:2379

  One prefix, under another name:
    $ kvctl make-mirror 10.0.0.9:2379 --prefix /app/ --dest-prefix /mirror/app/

  Only what changes after revision 1000, with TLS at the destination:
    $ kvctl make-mirror https://10.0.0.9:2379 --rev 1001 --dest-cacert ca.pem --dest-user root
";

/// Copy keys to another cluster, and every change from then on
///
/// First copies the keys as they are, then every change, until interrupted. Values arrive as they are; revisions and leases do
/// not. Changes of one revision arrive together. Prints every 30 seconds how many keys and changes were copied.
///
/// If the source compacts what has not been copied yet, begins again: copies what has changed meanwhile, and deletes at the
/// destination what was copied by this command and is gone. Other keys of the destination are left alone.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl make-mirror [OPTIONS] <DESTINATION>", after_long_help = EXAMPLES)]
pub(crate) struct MakeMirrorArgs {
    /// Server to copy to, or several, separated by commas
    #[arg(value_name = "DESTINATION")]
    arguments: Vec<String>,

    /// Copy the keys that begin with this [default: all keys]
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: OsString,

    /// First revision to copy changes of, without copying the keys as they are; 0 to copy those
    #[arg(long, value_name = "REVISION", default_value = "0", value_parser = parse_revision)]
    rev: i64,

    /// Greatest number of operations in a transaction; the destination's --max-txn-ops limits it
    #[arg(long, value_name = "COUNT", default_value = "128", value_parser = |text: &str| parse_int(text, 0))]
    max_txn_ops: i64,

    /// What the keys begin with at the destination, instead of what --prefix says
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    dest_prefix: OsString,

    /// Leave out the prefix at the destination
    #[arg(long)]
    no_dest_prefix: bool,

    /// Certificate to show to the destination
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    dest_cert: Option<PathBuf>,

    /// Private key of that certificate
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    dest_key: Option<PathBuf>,

    /// Certificates of the authorities to trust at the destination, instead of the system's
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    dest_cacert: Option<PathBuf>,

    /// Do without TLS where the destination does not ask for it
    #[arg(
        long,
        value_name = "BOOL",
        action = ArgAction::Set,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        default_value = "true",
        value_parser = parse_bool
    )]
    dest_insecure_transport: bool,

    /// User at the destination; the password is asked for if it is not given
    #[arg(long, value_name = "NAME[:PASSWORD]", default_value = "", hide_default_value = true)]
    dest_user: String,

    /// Password of that user, who is then given without one
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    dest_password: String,
}

pub(crate) async fn run(context: &Context, args: &MakeMirrorArgs) -> Result<(), CliError> {
    let [destination] = args.arguments.as_slice() else {
        return Err(CliError::arguments("make-mirror takes one destination argument"));
    };
    let plan = args.plan()?;
    let credentials = args.credentials()?;
    let Session { client, output } = context.session().await?;
    let options = Options { tls: args.tls(), credentials, ..context.options()? };
    let endpoints: Vec<String> = destination.split(',').map(|endpoint| endpoint.trim().to_owned()).collect();
    let destination = connect(&endpoints, options).await?;
    Mirror::new(client, destination, output, plan).run().await
}

impl MakeMirrorArgs {
    fn plan(&self) -> Result<Plan, CliError> {
        if self.no_dest_prefix && !self.dest_prefix.is_empty() {
            return Err(CliError::arguments(
                "`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one",
            ));
        }
        let transaction_max = usize::try_from(self.max_txn_ops).ok().filter(|&count| count > 0);
        let transaction_max = transaction_max.ok_or_else(|| CliError::arguments("--max-txn-ops is at least 1"))?;
        let destination = if self.dest_prefix.is_empty() && !self.no_dest_prefix {
            self.prefix.clone().into_vec()
        } else {
            self.dest_prefix.clone().into_vec()
        };
        let prefixes = Prefixes { source: self.prefix.as_bytes().to_vec(), destination };
        Ok(Plan { prefixes, begin: self.rev.max(0), transaction_max })
    }

    fn tls(&self) -> Option<TlsOptions> {
        let files = [&self.dest_cert, &self.dest_key, &self.dest_cacert];
        let wanted = files.iter().any(|file| file.is_some()) || !self.dest_insecure_transport;
        wanted.then(|| TlsOptions {
            ca_file: self.dest_cacert.clone(),
            certificate_file: self.dest_cert.clone(),
            key_file: self.dest_key.clone(),
            ..TlsOptions::default()
        })
    }

    fn credentials(&self) -> Result<Option<Credentials>, CliError> {
        if self.dest_user.is_empty() {
            return Ok(None);
        }
        let (name, password) = match (self.dest_password.as_str(), self.dest_user.split_once(':')) {
            ("", Some((name, password))) => (name.to_owned(), password.to_owned()),
            ("", None) => {
                let password = password::ask("Destination Password: ");
                let password = password
                    .map_err(|error| CliError::new(ExitStatus::Failure, format_args!("read the password: {error}")))?;
                (self.dest_user.clone(), password)
            }
            (password, _) => (self.dest_user.clone(), password.to_owned()),
        };
        Ok(Some(Credentials::User { name, password }))
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    fn parse(line: &str) -> MakeMirrorArgs {
        let command = MakeMirrorArgs::augment_args(clap::Command::new("make-mirror").no_binary_name(true));
        MakeMirrorArgs::from_arg_matches(&command.get_matches_from(line.split_whitespace())).unwrap()
    }

    #[track_caller]
    fn check(line: &str, source: &str, destination: &str) {
        let Prefixes { source: of_source, destination: of_destination } = parse(line).plan().unwrap().prefixes;
        assert_eq!((of_source.as_slice(), of_destination.as_slice()), (source.as_bytes(), destination.as_bytes()));
    }

    #[test]
    fn prefixes() {
        check("d", "", "");
        check("d --prefix a", "a", "a");
        check("d --prefix a --rev 7", "a", "a");
        check("d --prefix a --dest-prefix b", "a", "b");
        check("d --dest-prefix b", "", "b");
        check("d --prefix a --no-dest-prefix", "a", "");
        let error = parse("d --dest-prefix b --no-dest-prefix").plan().unwrap_err();
        assert_eq!(error.status, ExitStatus::BadArguments);
        assert_eq!(parse("d --max-txn-ops 0").plan().unwrap_err().status, ExitStatus::BadArguments);
    }

    #[test]
    fn tls_and_users_of_the_destination() {
        assert!(parse("d").tls().is_none());
        assert!(parse("d --dest-insecure-transport=false").tls().is_some());
        assert_eq!(parse("d --dest-cacert ca").tls().unwrap().ca_file, Some(PathBuf::from("ca")));
        let user = |line| match parse(line).credentials().unwrap() {
            Some(Credentials::User { name, password }) => Some((name, password)),
            _ => None,
        };
        assert_eq!(user("d"), None);
        assert_eq!(user("d --dest-user a:b:c"), Some(("a".to_owned(), "b:c".to_owned())));
        assert_eq!(user("d --dest-user a:b --dest-password c"), Some(("a:b".to_owned(), "c".to_owned())));
    }
}
