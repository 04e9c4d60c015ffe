//! `kvctl role revoke-permission`: take a permission from a role.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use kv_cli::{CliError, Record};
use kv_proto::etcdserverpb::AuthRoleRevokePermissionRequest;

use super::ranges::{KeyArgs, text, with_range};

use crate::commands::acknowledged::Acknowledged;
use crate::session::{Context, failure};

const EXAMPLES: &str = "\
Examples:
  Take back what was granted on the prefix /app/:
    $ kvctl role revoke-permission writer /app/ --prefix --user root
";

/// Take a permission from a role
///
/// The range must be one that was granted: a part of it cannot be taken back.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl role revoke-permission [OPTIONS] <ROLE> <KEY> [END]", after_long_help = EXAMPLES)]
pub(crate) struct RevokePermissionArgs {
    /// Role, key, and the end of a range of keys
    #[arg(value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,

    /// All keys that begin with KEY
    #[arg(long)]
    prefix: bool,

    /// All keys from KEY on
    #[arg(long)]
    from_key: bool,
}

impl RevokePermissionArgs {
    fn request(&self) -> Result<AuthRoleRevokePermissionRequest, CliError> {
        let message = "role revoke-permission command requires role name and key [endkey] as its argument";
        let [role, keys @ ..] = self.arguments.as_slice() else {
            return Err(CliError::arguments(message));
        };
        if keys.is_empty() {
            return Err(CliError::arguments(message));
        }
        let (key, range_end) = KeyArgs { keys, prefix: self.prefix, from_key: self.from_key }.range()?;
        Ok(AuthRoleRevokePermissionRequest { role: text(role)?, key: key.into(), range_end: range_end.into() })
    }
}

/// Says what was taken back. The key is the one that was typed.
fn describe(typed_key: &[u8], request: &AuthRoleRevokePermissionRequest) -> Vec<u8> {
    let role = request.role.as_bytes();
    match &request.range_end[..] {
        [] => [b"Permission of key ", typed_key, b" is revoked from role ", role].concat(),
        [0] => [b"Permission of range [", typed_key, b", <open ended> is revoked from role ", role].concat(),
        end => [b"Permission of range [", typed_key, b", ", end, b") is revoked from role ", role].concat(),
    }
}

pub(crate) async fn run(context: &Context, args: &RevokePermissionArgs) -> Result<(), CliError> {
    let request = args.request()?;
    let typed_key = args.arguments.get(1).map(|key| key.as_bytes()).unwrap_or_default();
    let line = describe(typed_key, &request);
    let role = Record::new().with("role", request.role.as_str());
    let record = with_range(role, &request.key, &request.range_end).with("revoked", true);
    let mut session = context.session().await?;
    let revoked = session.client.role_revoke_permission(request, context.own_deadline()).await;
    let response = revoked.map_err(|error| failure(&error))?;
    let name = "etcdserverpb.AuthRoleRevokePermissionResponse";
    session.output.print(&Acknowledged { line, record, name, header: response.header, response })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(arguments: &[&str], prefix: bool, expected: &str) {
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        let typed_key = arguments[1].clone();
        let request = RevokePermissionArgs { arguments, prefix, from_key: false }.request().unwrap();
        assert_eq!(String::from_utf8(describe(typed_key.as_bytes(), &request)).unwrap(), expected);
    }

    #[test]
    fn what_was_taken_back_is_said() {
        check(&["r", "k"], false, "Permission of key k is revoked from role r");
        check(&["r", "a", "b"], false, "Permission of range [a, b) is revoked from role r");
        check(&["r", "a"], true, "Permission of range [a, b) is revoked from role r");
        check(&["r", ""], true, "Permission of range [, <open ended> is revoked from role r");
    }
}
