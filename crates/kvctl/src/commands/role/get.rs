//! `kvctl role get`: what a role allows.

use std::io::{self, Write};

use kv_cli::{CliError, Dialect, Quoted, Record, Render, RenderError, Style, fields_header, json_message, prefix_end};
use kv_proto::authpb::{Permission, permission::Type};
use kv_proto::etcdserverpb::{AuthRoleGetRequest, AuthRoleGetResponse};
use prost::Message as _;

use super::ranges::with_range;
use crate::commands::acknowledged::line;
use crate::session::{Context, failure};

/// The role with all permissions.
const ROOT: &str = "root";

const EXAMPLES: &str = "\
Examples:
  See what writers may read and write:
    $ kvctl role get writer --user root
";

/// Show what a role allows
///
/// Ranges of keys are printed as `[first, end)`, with the prefix that they stand for if there is one.
#[derive(Debug, clap::Args)]
#[command(override_usage = "kvctl role get <NAME>", after_long_help = EXAMPLES)]
pub(crate) struct GetArgs {
    /// Role to look at
    #[arg(value_name = "NAME")]
    arguments: Vec<String>,
}

/// A role and its permissions.
pub(crate) struct RoleDetails {
    pub(crate) role: String,
    pub(crate) response: AuthRoleGetResponse,
}

pub(crate) async fn run(context: &Context, args: &GetArgs) -> Result<(), CliError> {
    let [role] = args.arguments.as_slice() else {
        return Err(CliError::arguments("role get command requires role name as its argument"));
    };
    let mut session = context.session().await?;
    let request = AuthRoleGetRequest { role: role.clone() };
    let response = session.client.role_get(request, context.own_deadline()).await.map_err(|error| failure(&error))?;
    session.output.print(&RoleDetails { role: role.clone(), response })
}

/// Returns the line of a permission.
fn range(permission: &Permission) -> Vec<u8> {
    let (key, end) = (&permission.key[..], &permission.range_end[..]);
    let mut text = b"\t".to_vec();
    match end {
        [] => {
            text.extend_from_slice(key);
            return text;
        }
        [0] => text.extend([b"[", key, b", <open ended>"].concat()),
        _ => text.extend([b"[", key, b", ", end, b")"].concat()),
    }
    if !key.is_empty() && prefix_end(key) == end {
        text.extend([b" (prefix ", key, b")"].concat());
    }
    text
}

/// Returns a permission for programs.
pub(super) fn record(role: &str, permission: &Permission) -> Record {
    let kind = Type::try_from(permission.perm_type)
        .map_or_else(|_| permission.perm_type.to_string(), |kind| kind.as_str_name().to_lowercase());
    with_range(Record::new().with("role", role).with("permission", kind), &permission.key, &permission.range_end)
}

impl Render for RoleDetails {
    fn simple(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        line(out, style, format!("Role {}", self.role).as_bytes())?;
        for (title, kind) in [("KV Read:", Type::Read), ("KV Write:", Type::Write)] {
            line(out, style, title.as_bytes())?;
            if self.role == ROOT && self.response.perm.is_empty() {
                line(out, style, b"\t[, <open ended>")?;
            }
            for permission in &self.response.perm {
                let own = permission.perm_type;
                if own == kind as i32 || own == Type::Readwrite as i32 {
                    line(out, style, &range(permission))?;
                }
            }
        }
        Ok(())
    }

    fn records(&self) -> Vec<Record> {
        self.response.perm.iter().map(|permission| record(&self.role, permission)).collect()
    }

    fn columns(&self) -> &'static [&'static str] {
        &["role", "permission", "key"]
    }

    fn fields(&self, out: &mut dyn Write, style: Style) -> Result<(), RenderError> {
        fields_header(out, style, self.response.header.as_ref())?;
        for permission in &self.response.perm {
            // The second space is etcdctl's.
            let kind = Type::try_from(permission.perm_type)
                .map_or_else(|_| permission.perm_type.to_string(), |kind| kind.as_str_name().to_owned());
            writeln!(out, "\"PermType\" :  {kind}")?;
            writeln!(out, "\"Key\" : {}", Quoted(&permission.key))?;
            writeln!(out, "\"RangeEnd\" : {}", Quoted(&permission.range_end))?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write, _style: Style) -> Result<(), RenderError> {
        Ok(writeln!(out, "{}", json_message("etcdserverpb.AuthRoleGetResponse", &self.response, Dialect::default()))?)
    }

    fn protobuf(&self, out: &mut dyn Write) -> Result<(), RenderError> {
        Ok(out.write_all(&self.response.encode_to_vec())?)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use kv_cli::{Format, render};

    use super::*;

    #[test]
    fn permissions_of_every_shape() {
        let permission = |perm_type: Type, key: &'static [u8], range_end: &'static [u8]| Permission {
            perm_type: perm_type as i32,
            key: key.into(),
            range_end: range_end.into(),
        };
        let perm = vec![
            permission(Type::Readwrite, b"a", b"b"),
            permission(Type::Read, b"k", b""),
            permission(Type::Write, b"m", b"\0"),
            permission(Type::Write, b"x", b"xyz"),
            permission(Type::Read, b"", b"\0"),
        ];
        let details = RoleDetails { role: "r".to_owned(), response: AuthRoleGetResponse { header: None, perm } };
        let mut out = Vec::new();
        render(&details, Format::Simple, Style::default(), &mut out).unwrap();
        expect![[r#"
            Role r
            KV Read:
            	[a, b) (prefix a)
            	k
            	[, <open ended>
            KV Write:
            	[a, b) (prefix a)
            	[m, <open ended>
            	[x, xyz)
        "#]]
        .assert_eq(&String::from_utf8(out).unwrap());
    }
}
