//! `kvctl role grant-permission`: let a role read or write keys.

use std::ffi::OsString;

use kv_cli::CliError;
use kv_proto::authpb::{Permission, permission::Type};
use kv_proto::etcdserverpb::AuthRoleGrantPermissionRequest;

use super::get::record;
use super::ranges::{KeyArgs, text};

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Let writers read and write what begins with /app/:
    $ kvctl role grant-permission writer readwrite /app/ --prefix --user root

  Let readers read the keys from a on and before m:
    $ kvctl role grant-permission reader read a m --user root
";

/// Let a role read or write keys
///
/// The same range again changes what is allowed on it. An empty KEY with `--prefix` or `--from-key` means all keys.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl role grant-permission [OPTIONS] <ROLE> <read|write|readwrite> <KEY> [END]", after_long_help = EXAMPLES)]
pub(crate) struct GrantPermissionArgs {
    /// Role, what it may do, key, and the end of a range of keys
    #[arg(value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,

    /// All keys that begin with KEY
    #[arg(long)]
    prefix: bool,

    /// All keys from KEY on
    #[arg(long)]
    from_key: bool,
}

impl GrantPermissionArgs {
    fn request(&self) -> Result<AuthRoleGrantPermissionRequest, CliError> {
        let [role, kind, keys @ ..] = self.arguments.as_slice() else {
            return Err(missing());
        };
        if keys.is_empty() {
            return Err(missing());
        }
        let kind = text(kind)?;
        let Some(perm_type) = Type::from_str_name(&kind.to_uppercase()) else {
            return Err(CliError::arguments(format_args!("invalid permission type: {kind}")));
        };
        let (key, range_end) = KeyArgs { keys, prefix: self.prefix, from_key: self.from_key }.range()?;
        let permission = Permission { perm_type: perm_type as i32, key: key.into(), range_end: range_end.into() };
        Ok(AuthRoleGrantPermissionRequest { name: text(role)?, perm: Some(permission) })
    }
}

fn missing() -> CliError {
    CliError::arguments("role grant command requires role name, permission type, and key [endkey] as its argument")
}

pub(crate) async fn run(context: &Context, args: &GrantPermissionArgs) -> Result<(), CliError> {
    let request = args.request()?;
    let line = format!("Role {} updated", request.name).into_bytes();
    let granted = record(&request.name, &request.perm.clone().unwrap_or_default()).with("granted", true);
    let mut session = context.session().await?;
    let answer = session.client.role_grant_permission(request, context.own_deadline()).await;
    let response = answer.map_err(|error| failure(&error))?;
    let name = "etcdserverpb.AuthRoleGrantPermissionResponse";
    session.output.print(&Acknowledged { line, record: granted, name, header: response.header, response })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(arguments: &[&str]) -> Result<AuthRoleGrantPermissionRequest, CliError> {
        let arguments = arguments.iter().map(OsString::from).collect();
        GrantPermissionArgs { arguments, prefix: false, from_key: false }.request()
    }

    #[test]
    fn what_is_asked_for() {
        let asked = request(&["r", "ReadWrite", "a", "b"]).unwrap();
        let permission = asked.perm.unwrap();
        assert_eq!((asked.name.as_str(), permission.perm_type), ("r", Type::Readwrite as i32));
        assert_eq!((&permission.key[..], &permission.range_end[..]), (&b"a"[..], &b"b"[..]));
        assert_eq!(request(&["r", "fly", "a"]).unwrap_err().message.as_deref(), Some("invalid permission type: fly"));
        assert_eq!(request(&["r", "read"]).unwrap_err(), missing());
    }
}
