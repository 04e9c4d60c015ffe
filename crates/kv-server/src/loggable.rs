//! Requests as text for the log, in etcd's words: keys and sizes, never values and passwords.

use std::fmt::Write as _;

use bytes::Bytes;
use kv_store::{
    AuthCommand, Caller, Command, Compare, CompareResult, CompareTarget, DeleteRange, KeyRange, Op, PermissionKind,
    Put, RangeQuery, SortOrder, SortTarget, Txn,
};

/// Fields of a message, those left out that have their default. Etcd writes whatever holds values by an older rule than
/// the rest.
#[derive(Default)]
struct Fields(String, Style);

/// How bytes are quoted.
#[derive(Default, Clone, Copy)]
enum Style {
    /// Text as it is, and what is none in hexadecimal.
    #[default]
    New,
    /// ASCII, and everything else in octal.
    Old,
}

impl Fields {
    fn add(&mut self, name: &str, value: &str) -> &mut Self {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        let _ = write!(self.0, "{name}:{value}");
        self
    }

    fn number(&mut self, name: &str, value: i64) -> &mut Self {
        if value == 0 { self } else { self.add(name, &value.to_string()) }
    }

    fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        if value { self.add(name, "true") } else { self }
    }

    fn bytes(&mut self, name: &str, value: &[u8]) -> &mut Self {
        if value.is_empty() { self } else { self.add(name, &self.1.quote(value)) }
    }

    fn keys(&mut self, range: &KeyRange) -> &mut Self {
        self.bytes("key", range.start()).bytes("range_end", &range.range_end())
    }

    /// Ends as protobuf's old text form does.
    fn spaced(&self) -> String {
        if self.0.is_empty() { String::new() } else { format!("{} ", self.0) }
    }
}

impl Style {
    fn quote(self, bytes: &[u8]) -> String {
        let mut text = String::from("\"");
        for chunk in bytes.utf8_chunks() {
            for c in chunk.valid().chars() {
                let _ = match (c, self) {
                    ('\n', _) => write!(text, "\\n"),
                    ('\r', _) => write!(text, "\\r"),
                    ('\t', _) => write!(text, "\\t"),
                    ('"' | '\\', _) => write!(text, "\\{c}"),
                    (' '..='~', _) | ('\u{a0}'.., Style::New) => write!(text, "{c}"),
                    (_, Style::Old) => write!(text, "{}", octal(c.encode_utf8(&mut [0; 4]).as_bytes())),
                    ('\u{80}'..='\u{9f}', Style::New) => write!(text, "\\u{:04x}", u32::from(c)),
                    (_, Style::New) => write!(text, "\\x{:02x}", u32::from(c)),
                };
            }
            match self {
                Style::Old => text.push_str(&octal(chunk.invalid())),
                Style::New => text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}"))),
            }
        }
        text.push('"');
        text
    }
}

fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:03o}")).collect()
}

/// Describes a read.
pub(crate) fn range(query: &RangeQuery, serializable: bool) -> String {
    let mut fields = Fields::default();
    fields.keys(&query.range).number("limit", query.limit).number("revision", query.revision);
    match query.sort_order {
        SortOrder::None => {}
        SortOrder::Ascend => drop(fields.add("sort_order", "ASCEND")),
        SortOrder::Descend => drop(fields.add("sort_order", "DESCEND")),
    }
    let target = match query.sort_target {
        SortTarget::Key => "",
        SortTarget::Version => "VERSION",
        SortTarget::Create => "CREATE",
        SortTarget::Mod => "MOD",
        SortTarget::Value => "VALUE",
    };
    if !target.is_empty() {
        fields.add("sort_target", target);
    }
    fields
        .flag("serializable", serializable)
        .flag("keys_only", query.keys_only)
        .flag("count_only", query.count_only)
        .number("min_mod_revision", query.min_mod_revision)
        .number("max_mod_revision", query.max_mod_revision)
        .number("min_create_revision", query.min_create_revision)
        .number("max_create_revision", query.max_create_revision);
    fields.0
}

/// Describes a put.
pub(crate) fn put(put: &Put) -> String {
    let mut fields = Fields(String::new(), Style::Old);
    fields
        .bytes("key", &put.key)
        .number("value_size", put.value.len() as i64)
        .number("lease", put.lease)
        .flag("prev_kv", put.prev_kv)
        .flag("ignore_value", put.ignore_value)
        .flag("ignore_lease", put.ignore_lease);
    fields.spaced()
}

/// Describes a deletion.
pub(crate) fn delete(delete: &DeleteRange) -> String {
    let mut fields = Fields::default();
    fields.keys(&delete.range).flag("prev_kv", delete.prev_kv);
    fields.0
}

/// Describes a transaction.
pub(crate) fn txn(txn: &Txn) -> String {
    let join = |parts: Vec<String>| parts.join(" ");
    let compare = join(txn.compare.iter().map(compare).collect());
    let [success, failure] = [&txn.success, &txn.failure].map(|ops| join(ops.iter().map(op).collect()));
    format!("compare:<{compare}> success:<{success}> failure:<{failure}>")
}

fn compare(compare: &Compare) -> String {
    let has_value = matches!(compare.target, CompareTarget::Value(_));
    let mut fields = Fields(String::new(), if has_value { Style::Old } else { Style::New });
    match compare.result {
        CompareResult::Equal | CompareResult::Undefined => {}
        CompareResult::Greater => drop(fields.add("result", "GREATER")),
        CompareResult::Less => drop(fields.add("result", "LESS")),
        CompareResult::NotEqual => drop(fields.add("result", "NOT_EQUAL")),
    }
    let (target, name, number) = match &compare.target {
        CompareTarget::Version(number) => ("", "version", *number),
        CompareTarget::CreateRevision(number) => ("CREATE", "create_revision", *number),
        CompareTarget::ModRevision(number) => ("MOD", "mod_revision", *number),
        CompareTarget::Value(value) => ("VALUE", "value_size", value.len() as i64),
        CompareTarget::Lease(id) => ("LEASE", "lease", *id),
        CompareTarget::Undefined => ("", "", 0),
    };
    if !target.is_empty() {
        fields.add("target", target);
    }
    fields.bytes("key", compare.range.start());
    if !name.is_empty() {
        fields.add(name, &number.to_string());
    }
    fields.bytes("range_end", &compare.range.range_end());
    if has_value { fields.spaced() } else { fields.0 }
}

fn op(op: &Op) -> String {
    match op {
        Op::Range(query) => format!("request_range:{{{}}}", range(query, false)),
        Op::Put(asked) => format!("request_put:<{}>", put(asked)),
        Op::DeleteRange(asked) => format!("request_delete_range:{{{}}}", delete(asked)),
        Op::Txn(asked) => format!("request_txn:<{}>", txn(asked)),
    }
}

/// Describes an encoded command with who asked for it.
pub(crate) fn command(encoded: &Bytes) -> String {
    let Ok((caller, command)) = Command::decode_with_caller(encoded) else { return "unknown".to_owned() };
    let mut header = Fields::default();
    if let Caller::User { name, auth_revision } = &caller {
        header.bytes("username", name.as_bytes()).number("auth_revision", *auth_revision as i64);
    }
    let header = header.0;
    let plain = |name: &str, fields: &Fields| format!("header:{{{header}}} {name}:{{{}}}", fields.0);
    let redacted = |name: &str, text: &str| format!("header:<{header}> {name}:<{text}>");
    let mut fields = Fields::default();
    match &command {
        Command::Put(asked) => redacted("put", &put(asked)),
        Command::DeleteRange(asked) => format!("header:{{{header}}} delete_range:{{{}}}", delete(asked)),
        Command::Txn(asked) => redacted("txn", &txn(asked)),
        Command::Compact { revision } => plain("compaction", fields.number("revision", *revision)),
        Command::SetMember(member) => plain("cluster_member_attr_set", fields.add("member_ID", &member.id.to_string())),
        Command::LeaseGrant { id, ttl } => redacted("lease_grant", &format!("ttl:{ttl}-second id:{id:016x}")),
        Command::LeaseRevoke { id } => redacted("lease_revoke", &format!("id:{id:016x}")),
        Command::LeaseCheckpoint(leases) => plain("lease_checkpoint", fields.number("leases", leases.len() as i64)),
        Command::Alarm(_) => plain("alarm", &fields),
        Command::Auth(change) => {
            let text = |value: &str| value.as_bytes().to_vec();
            let mut set = |pairs: &[(&str, Vec<u8>)]| {
                for (name, value) in pairs {
                    fields.bytes(name, value);
                }
                format!("{{{}}}", fields.0)
            };
            let (name, inner) = match change {
                AuthCommand::Enable => ("auth_enable", set(&[])),
                AuthCommand::Disable => ("auth_disable", set(&[])),
                AuthCommand::AddUser { name, .. } => return redacted("auth_user_add", &format!("name:{name}")),
                AuthCommand::ChangePassword { name, .. } => {
                    return redacted("auth_user_change_password", &format!("name:{name}"));
                }
                AuthCommand::DeleteUser { name } => ("auth_user_delete", set(&[("name", text(name))])),
                AuthCommand::GrantRole { user, role } => {
                    ("auth_user_grant_role", set(&[("user", text(user)), ("role", text(role))]))
                }
                AuthCommand::RevokeRole { user, role } => {
                    ("auth_user_revoke_role", set(&[("name", text(user)), ("role", text(role))]))
                }
                AuthCommand::AddRole { name } => ("auth_role_add", set(&[("name", text(name))])),
                AuthCommand::DeleteRole { name } => ("auth_role_delete", set(&[("role", text(name))])),
                AuthCommand::GrantPermission { role, permission } => {
                    let mut given = Fields::default();
                    if permission.kind != PermissionKind::Read {
                        given.add("permType", permission_name(permission.kind));
                    }
                    given.keys(&permission.range);
                    fields.bytes("name", role.as_bytes()).add("perm", &format!("{{{}}}", given.0));
                    ("auth_role_grant_permission", format!("{{{}}}", fields.0))
                }
                AuthCommand::RevokePermission { role, range } => {
                    fields.bytes("role", role.as_bytes()).keys(range);
                    ("auth_role_revoke_permission", format!("{{{}}}", fields.0))
                }
            };
            format!("header:{{{header}}} {name}:{inner}")
        }
    }
}

/// Names a kind of permission as the API does.
pub(crate) fn permission_name(kind: PermissionKind) -> &'static str {
    match kind {
        PermissionKind::Read => "READ",
        PermissionKind::Write => "WRITE",
        PermissionKind::ReadWrite => "READWRITE",
        PermissionKind::Undefined => "3",
    }
}

#[cfg(test)]
mod tests {
    use kv_store::PasswordHash;

    use super::*;

    #[test]
    fn bytes_are_quoted_by_two_rules() {
        let bytes = b"a\"\\\n\0\x7f\xc3\xbc\xff";
        assert_eq!(Style::Old.quote(bytes), r#""a\"\\\n\000\177\303\274\377""#);
        assert_eq!(Style::New.quote(bytes), r#""a\"\\\n\x00\x7fü\xff""#);
    }

    #[test]
    fn values_are_told_by_their_size_and_passwords_not_at_all() {
        let secret = Put { key: "k\"\u{fc}\n".into(), value: "secret".into(), lease: 7, ..Put::default() };
        let compare = Compare {
            range: KeyRange::new("a", "b"),
            result: CompareResult::Greater,
            target: CompareTarget::Value("secret".into()),
        };
        let ops = Txn { compare: vec![compare], success: vec![Op::Put(secret.clone())], failure: vec![] };
        let user = Caller::User { name: "ann".to_owned(), auth_revision: 3 };
        let password = PasswordHash("secret".into());
        let add = AuthCommand::AddUser { name: "ben".to_owned(), password: password.clone(), no_password: false };
        let change = AuthCommand::ChangePassword { name: "ben".to_owned(), password };
        let put_text = "key:\"k\\\"\\303\\274\\n\" value_size:6 lease:7 ";
        for (asked, expected) in [
            (Command::Put(secret), format!("put:<{put_text}>")),
            (
                Command::Txn(ops),
                format!(
                    "txn:<compare:<result:GREATER target:VALUE key:\"a\" value_size:6 range_end:\"b\" > \
                     success:<request_put:<{put_text}>> failure:<>>"
                ),
            ),
            (Command::Auth(add), "auth_user_add:<name:ben>".to_owned()),
            (Command::Auth(change), "auth_user_change_password:<name:ben>".to_owned()),
        ] {
            let text = command(&asked.encode_for(&user));
            assert_eq!(text, format!("header:<username:\"ann\" auth_revision:3> {expected}"));
        }
        assert_eq!(command(&Bytes::from_static(b"\xff")), "unknown");
    }
}
