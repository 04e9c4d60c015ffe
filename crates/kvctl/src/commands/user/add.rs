//! `kvctl user add`: make a user.

use kv_cli::{CliError, Record};
use kv_proto::authpb::UserAddOptions;
use kv_proto::etcdserverpb::AuthUserAddRequest;

use crate::commands::acknowledged::Acknowledged;
use crate::password::{self, PasswordSource};
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Make a user; the password is asked for twice:
    $ kvctl user add ann

  The password from standard input, for scripts:
    $ kvctl user add ann --interactive=false < password-file

  A user who is known by the name in a client certificate:
    $ kvctl user add ann --no-password
";

/// Make a user
///
/// The password is asked for, or stands behind a colon, where everybody can see it who sees the command line. The user
/// may do nothing until it has a role.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl user add [OPTIONS] <NAME[:PASSWORD]>", after_long_help = EXAMPLES)]
pub(crate) struct AddArgs {
    /// User to make
    #[arg(value_name = "NAME[:PASSWORD]")]
    arguments: Vec<String>,

    #[command(flatten)]
    source: PasswordSource,

    /// The password; everybody can see it who sees the command line
    #[arg(long, value_name = "PASSWORD", default_value = "", hide_default_value = true)]
    new_user_password: String,

    /// Make a user without a password, who is known by a client certificate
    #[arg(long)]
    no_password: bool,
}

impl AddArgs {
    /// Returns the request. `ask` gets a password for a name.
    fn request(&self, ask: impl FnOnce(&str) -> Result<String, CliError>) -> Result<AuthUserAddRequest, CliError> {
        let [argument] = self.arguments.as_slice() else {
            return Err(CliError::arguments("user add command requires user name as its argument"));
        };
        let (name, password) = match argument.split_once(':') {
            _ if self.no_password => (argument.as_str(), String::new()),
            _ if !self.new_user_password.is_empty() => (argument.as_str(), self.new_user_password.clone()),
            Some(("", _)) => return Err(CliError::arguments("empty user name is not allowed")),
            Some((name, password)) => (name, password.to_owned()),
            None => (argument.as_str(), ask(argument)?),
        };
        Ok(AuthUserAddRequest {
            name: name.to_owned(),
            password,
            options: Some(UserAddOptions { no_password: self.no_password }),
            hashed_password: String::new(),
        })
    }
}

pub(crate) async fn run(context: &Context, args: &AddArgs) -> Result<(), CliError> {
    let request = args.request(|name| password::choose(name, &args.source))?;
    let line = format!("User {} created", request.name).into_bytes();
    let record = Record::new().with("user", request.name.as_str()).with("created", true);
    let mut session = context.session().await?;
    let response = session.client.user_add(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    let name = "etcdserverpb.AuthUserAddResponse";
    session.output.print(&Acknowledged { line, record, name, header: response.header, response })
}

#[cfg(test)]
mod tests {
    use kv_cli::ExitStatus;

    use super::*;

    fn args(argument: &str) -> AddArgs {
        let arguments = vec![argument.to_owned()];
        AddArgs {
            arguments,
            source: PasswordSource { interactive: true },
            new_user_password: String::new(),
            no_password: false,
        }
    }

    #[track_caller]
    fn check(args: &AddArgs, name: &str, password: &str) {
        let request = args.request(|name| Ok(format!("asked for {name}"))).unwrap();
        assert_eq!((request.name.as_str(), request.password.as_str()), (name, password));
    }

    #[test]
    fn where_the_password_comes_from() {
        check(&args("ann"), "ann", "asked for ann");
        check(&args("ann:a:b"), "ann", "a:b");
        check(&args("ann:"), "ann", "");
        check(&AddArgs { new_user_password: "x".to_owned(), ..args("ann:a") }, "ann:a", "x");
        check(&AddArgs { no_password: true, ..args("ann:a") }, "ann:a", "");
        let error = args(":x").request(|_| unreachable!()).unwrap_err();
        assert_eq!(error.status, ExitStatus::BadArguments);
    }
}
