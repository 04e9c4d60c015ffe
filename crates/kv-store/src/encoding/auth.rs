//! Changes of users and roles as the log holds them, and users and roles as their tables do.

use bytes::{BufMut, Bytes, BytesMut};

use super::{DecodeError, Input, encode_key_range, flag, put_bytes};
use crate::auth::{AuthCommand, PasswordHash, Permission, PermissionKind, Role, User};
use crate::command_kind::CommandKind;
use crate::kv::put_varint;

const KIND_ENABLE: u8 = 18;
const KIND_DISABLE: u8 = 19;
const KIND_ADD_USER: u8 = 20;
const KIND_DELETE_USER: u8 = 21;
const KIND_CHANGE_PASSWORD: u8 = 22;
const KIND_GRANT_ROLE: u8 = 23;
const KIND_REVOKE_ROLE: u8 = 24;
const KIND_ADD_ROLE: u8 = 25;
const KIND_DELETE_ROLE: u8 = 26;
const KIND_GRANT_PERMISSION: u8 = 27;
const KIND_REVOKE_PERMISSION: u8 = 28;

/// The kinds of the commands here.
pub(super) const FIRST_KIND: u8 = KIND_ENABLE;
pub(super) const LAST_KIND: u8 = KIND_REVOKE_PERMISSION;

/// Returns what a change does whose encoding begins with `kind`.
pub(super) fn kind(kind: u8) -> Option<CommandKind> {
    Some(match kind {
        KIND_ENABLE => CommandKind::AuthEnable,
        KIND_DISABLE => CommandKind::AuthDisable,
        KIND_ADD_USER => CommandKind::AddUser,
        KIND_DELETE_USER => CommandKind::DeleteUser,
        KIND_CHANGE_PASSWORD => CommandKind::ChangePassword,
        KIND_GRANT_ROLE => CommandKind::GrantRole,
        KIND_REVOKE_ROLE => CommandKind::RevokeRole,
        KIND_ADD_ROLE => CommandKind::AddRole,
        KIND_DELETE_ROLE => CommandKind::DeleteRole,
        KIND_GRANT_PERMISSION => CommandKind::GrantPermission,
        KIND_REVOKE_PERMISSION => CommandKind::RevokePermission,
        _ => return None,
    })
}

const USER_NO_PASSWORD: u8 = 1;

/// What a row of `auth_user` holds: name, password, whether there is none, roles.
pub(crate) type UserRow = (String, PasswordHash, bool, Vec<String>);

pub(super) fn encode(out: &mut BytesMut, command: &AuthCommand) {
    match command {
        AuthCommand::Enable => out.put_u8(KIND_ENABLE),
        AuthCommand::Disable => out.put_u8(KIND_DISABLE),
        AuthCommand::AddUser { name, password, no_password } => {
            out.put_u8(KIND_ADD_USER);
            out.put_u8(flag(*no_password, USER_NO_PASSWORD));
            put_bytes(out, name.as_bytes());
            put_bytes(out, &password.0);
        }
        AuthCommand::DeleteUser { name } => put_names(out, KIND_DELETE_USER, &[name]),
        AuthCommand::ChangePassword { name, password } => {
            put_names(out, KIND_CHANGE_PASSWORD, &[name]);
            put_bytes(out, &password.0);
        }
        AuthCommand::GrantRole { user, role } => put_names(out, KIND_GRANT_ROLE, &[user, role]),
        AuthCommand::RevokeRole { user, role } => put_names(out, KIND_REVOKE_ROLE, &[user, role]),
        AuthCommand::AddRole { name } => put_names(out, KIND_ADD_ROLE, &[name]),
        AuthCommand::DeleteRole { name } => put_names(out, KIND_DELETE_ROLE, &[name]),
        AuthCommand::GrantPermission { role, permission } => {
            put_names(out, KIND_GRANT_PERMISSION, &[role]);
            put_permission(out, permission);
        }
        AuthCommand::RevokePermission { role, range } => {
            put_names(out, KIND_REVOKE_PERMISSION, &[role]);
            encode_key_range(out, range);
        }
    }
}

/// Returns a user as the table `auth_user` holds it.
pub(crate) fn encode_user(user: &User) -> Bytes {
    let mut out = BytesMut::new();
    let (no_password, password) = match user.password() {
        Some(password) => (false, password.0.as_ref()),
        None => (true, &b""[..]),
    };
    out.put_u8(flag(no_password, USER_NO_PASSWORD));
    put_bytes(&mut out, user.name().as_bytes());
    put_bytes(&mut out, password);
    put_varint(&mut out, user.roles().len() as u64);
    for role in user.roles() {
        put_bytes(&mut out, role.as_bytes());
    }
    out.freeze()
}

/// Reads a row of the table `auth_user`.
pub(crate) fn decode_user(encoded: &Bytes) -> Result<UserRow, DecodeError> {
    let mut input = Input { bytes: encoded, at: 0 };
    let flags = input.flags("flags of a user", USER_NO_PASSWORD)?;
    let name = input.text("a user's name")?;
    let password = PasswordHash(input.bytes("a password")?);
    let roles = (0..input.length("roles")?).map(|_| input.text("a role's name")).collect::<Result<_, _>>()?;
    input.end()?;
    Ok((name, password, flags & USER_NO_PASSWORD != 0, roles))
}

/// Returns a role as the table `auth_role` holds it.
pub(crate) fn encode_role(role: &Role) -> Bytes {
    let mut out = BytesMut::new();
    put_bytes(&mut out, role.name().as_bytes());
    put_varint(&mut out, role.permissions().len() as u64);
    for permission in role.permissions() {
        put_permission(&mut out, permission);
    }
    out.freeze()
}

/// Reads a row of the table `auth_role`.
pub(crate) fn decode_role(encoded: &Bytes) -> Result<(String, Vec<Permission>), DecodeError> {
    let mut input = Input { bytes: encoded, at: 0 };
    let name = input.text("a role's name")?;
    let permissions = (0..input.length("permissions")?).map(|_| input.permission()).collect::<Result<_, _>>()?;
    input.end()?;
    Ok((name, permissions))
}

fn put_names(out: &mut BytesMut, kind: u8, names: &[&str]) {
    out.put_u8(kind);
    for name in names {
        put_bytes(out, name.as_bytes());
    }
}

fn put_permission(out: &mut BytesMut, permission: &Permission) {
    out.put_u8(match permission.kind {
        PermissionKind::Read => 0,
        PermissionKind::Write => 1,
        PermissionKind::ReadWrite => 2,
        PermissionKind::Undefined => 3,
    });
    encode_key_range(out, &permission.range);
}

impl Input<'_> {
    /// Reads a change whose kind was read.
    pub(super) fn auth_command(&mut self, kind: u8) -> Result<AuthCommand, DecodeError> {
        Ok(match kind {
            KIND_ENABLE => AuthCommand::Enable,
            KIND_DISABLE => AuthCommand::Disable,
            KIND_ADD_USER => {
                let flags = self.flags("flags of a user", USER_NO_PASSWORD)?;
                let (name, password) = (self.text("a user's name")?, PasswordHash(self.bytes("a password")?));
                AuthCommand::AddUser { name, password, no_password: flags & USER_NO_PASSWORD != 0 }
            }
            KIND_DELETE_USER => AuthCommand::DeleteUser { name: self.text("a user's name")? },
            KIND_CHANGE_PASSWORD => {
                let (name, password) = (self.text("a user's name")?, PasswordHash(self.bytes("a password")?));
                AuthCommand::ChangePassword { name, password }
            }
            KIND_GRANT_ROLE => {
                let (user, role) = (self.text("a user's name")?, self.text("a role's name")?);
                AuthCommand::GrantRole { user, role }
            }
            KIND_REVOKE_ROLE => {
                let (user, role) = (self.text("a user's name")?, self.text("a role's name")?);
                AuthCommand::RevokeRole { user, role }
            }
            KIND_ADD_ROLE => AuthCommand::AddRole { name: self.text("a role's name")? },
            KIND_DELETE_ROLE => AuthCommand::DeleteRole { name: self.text("a role's name")? },
            KIND_GRANT_PERMISSION => {
                let (role, permission) = (self.text("a role's name")?, self.permission()?);
                AuthCommand::GrantPermission { role, permission }
            }
            KIND_REVOKE_PERMISSION => {
                let (role, range) = (self.text("a role's name")?, self.key_range()?);
                AuthCommand::RevokePermission { role, range }
            }
            kind => return Err(DecodeError::Unknown { what: "kind of command", value: kind.into() }),
        })
    }

    fn permission(&mut self) -> Result<Permission, DecodeError> {
        let kind = match self.byte("the kind of a permission")? {
            0 => PermissionKind::Read,
            1 => PermissionKind::Write,
            2 => PermissionKind::ReadWrite,
            3 => PermissionKind::Undefined,
            value => return Err(DecodeError::Unknown { what: "kind of permission", value: value.into() }),
        };
        Ok(Permission { kind, range: self.key_range()? })
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::command::Command;
    use crate::key_range::KeyRange;

    fn check(command: AuthCommand, expected: &Expect) {
        let command = Command::Auth(command);
        let encoded = command.encode();
        expected.assert_eq(&encoded.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
        assert_eq!(Command::decode(&encoded), Ok(command));
        for length in 0..encoded.len() {
            assert!(Command::decode(&encoded.slice(..length)).is_err());
        }
    }

    #[test]
    fn the_layout_is_pinned() {
        let (user, role) = (|| "u".to_owned(), || "r".to_owned());
        let password = || PasswordHash("$2a$".into());
        check(AuthCommand::Enable, &expect!["12"]);
        check(AuthCommand::Disable, &expect!["13"]);
        let add = |no_password| AuthCommand::AddUser { name: user(), password: password(), no_password };
        check(add(false), &expect!["140001750424326124"]);
        check(add(true), &expect!["140101750424326124"]);
        check(AuthCommand::DeleteUser { name: user() }, &expect!["150175"]);
        check(AuthCommand::ChangePassword { name: user(), password: password() }, &expect!["1601750424326124"]);
        check(AuthCommand::GrantRole { user: user(), role: role() }, &expect!["1701750172"]);
        check(AuthCommand::RevokeRole { user: user(), role: role() }, &expect!["1801750172"]);
        check(AuthCommand::AddRole { name: role() }, &expect!["190172"]);
        check(AuthCommand::DeleteRole { name: role() }, &expect!["1a0172"]);
        let permission = Permission { kind: PermissionKind::ReadWrite, range: KeyRange::new("a", "b") };
        check(AuthCommand::GrantPermission { role: role(), permission }, &expect!["1b0172020201610162"]);
        let range = KeyRange::new("a", "\0");
        check(AuthCommand::RevokePermission { role: role(), range }, &expect!["1c0172010161"]);
    }

    #[test]
    fn passwords_are_not_shown() {
        let command = AuthCommand::ChangePassword { name: "u".to_owned(), password: PasswordHash("$2a$10$x".into()) };
        assert!(!format!("{command:?}").contains("$2a$"));
    }
}
