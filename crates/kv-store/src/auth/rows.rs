//! The rows of `auth`, `auth_user` and `auth_role`.
//!
//! | table | key | value |
//! |---|---|---|
//! | `auth` | `enabled` | a byte, 0 or 1; absent as long as authentication was never on |
//! | `auth` | `revision` | the auth revision, 8 bytes; absent before the first change |
//! | `auth_user` | the auth revision that made the user, 8 bytes | flags (1: no password), name, password, roles |
//! | `auth_role` | the auth revision that made the role, 8 bytes | name, permissions |
//!
//! Keys and rows of one number are big-endian like those of `meta`. Inside a value, strings and lists are as in a
//! command ([`encoding`](crate::encoding)): a length as a varint, then the bytes or the items. A password is the text
//! bcrypt makes, a permission a byte (0 read, 1 write, 2 both, 3 a number the API does not define) and a range of keys.

use std::sync::Arc;

use bytes::Bytes;

use super::{AuthState, Role, User};
use crate::encoding::auth as encoding;
use crate::schema::{self, Table};
use crate::storage::StorageReader;
use crate::storage_error::StorageError;

const ENABLED: &[u8] = b"enabled";
const REVISION: &[u8] = b"revision";

/// A row that a change writes, or deletes where there is no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowChange {
    pub(crate) table: Table,
    pub(crate) key: Bytes,
    pub(crate) value: Option<Bytes>,
}

impl RowChange {
    pub(super) fn enabled(enabled: bool) -> Self {
        Self::put(Table::Auth, ENABLED, Bytes::copy_from_slice(&[u8::from(enabled)]))
    }

    pub(super) fn revision(revision: u64) -> Self {
        Self::put(Table::Auth, REVISION, Bytes::copy_from_slice(&revision.to_be_bytes()))
    }

    pub(super) fn user(user: &User) -> Self {
        Self::put(Table::AuthUser, &user.id.to_be_bytes(), encoding::encode_user(user))
    }

    pub(super) fn no_user(id: u64) -> Self {
        Self { table: Table::AuthUser, key: Bytes::copy_from_slice(&id.to_be_bytes()), value: None }
    }

    pub(super) fn role(role: &Role) -> Self {
        Self::put(Table::AuthRole, &role.id.to_be_bytes(), encoding::encode_role(role))
    }

    pub(super) fn no_role(id: u64) -> Self {
        Self { table: Table::AuthRole, key: Bytes::copy_from_slice(&id.to_be_bytes()), value: None }
    }

    fn put(table: Table, key: &[u8], value: Bytes) -> Self {
        Self { table, key: Bytes::copy_from_slice(key), value: Some(value) }
    }
}

/// Reads all users and roles. Every damaged row is told to `damaged`, which decides whether to go on without it.
pub(crate) fn load(
    reader: &StorageReader,
    mut damaged: impl FnMut(StorageError) -> Result<(), StorageError>,
) -> Result<AuthState, StorageError> {
    let mut state = AuthState::new();
    for row in reader.rows(Table::Auth, &[])? {
        let (key, value) = row?;
        match (key, value) {
            (ENABLED, [enabled @ (0 | 1)]) => state.enabled = *enabled == 1,
            (REVISION, value) if value.len() == 8 => state.revision = number(value),
            _ => damaged(bad_row(Table::Auth, key, "it is none of this table's"))?,
        }
    }
    for row in reader.rows(Table::AuthRole, &[])? {
        let (key, value) = row?;
        match encoding::decode_role(&Bytes::copy_from_slice(value)) {
            Ok(_) if key.len() != 8 => damaged(bad_row(Table::AuthRole, key, "its key is no auth revision"))?,
            Ok((name, permissions)) => {
                state.roles.insert(name.clone(), Arc::new(Role { id: number(key), name, permissions }));
            }
            Err(error) => damaged(bad_row(Table::AuthRole, key, &error.to_string()))?,
        }
    }
    for row in reader.rows(Table::AuthUser, &[])? {
        let (key, value) = row?;
        match encoding::decode_user(&Bytes::copy_from_slice(value)) {
            Ok(_) if key.len() != 8 => damaged(bad_row(Table::AuthUser, key, "its key is no auth revision"))?,
            Ok((name, password, no_password, roles)) => {
                let grants = state.grants_of(&roles);
                let id = number(key);
                let user = User { id, name, password, no_password, roles, grants, password_since: 0 };
                state.users.insert(user.name.clone(), Arc::new(user));
            }
            Err(error) => damaged(bad_row(Table::AuthUser, key, &error.to_string()))?,
        }
    }
    Ok(state)
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes.try_into().expect("callers pass eight bytes"))
}

/// Says what is wrong without the value, which holds a password.
fn bad_row(table: Table, key: &[u8], detail: &str) -> StorageError {
    StorageError::corrupted(format!("read row {} of table {}", schema::hex(key), table.name()), detail.to_owned())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::super::permissions::Grants;
    use super::super::{PasswordHash, Permission, PermissionKind};
    use super::*;
    use crate::key_range::KeyRange;

    fn check(row: &RowChange, expected: &Expect) {
        let value = row.value.as_ref().map_or("deleted".to_owned(), |value| schema::hex(value));
        expected.assert_eq(&format!("{} {} {value}", row.table.name(), schema::hex(&row.key)));
    }

    #[test]
    fn the_layout_is_pinned() {
        check(&RowChange::enabled(true), &expect!["auth 656e61626c6564 01"]);
        check(&RowChange::revision(258), &expect!["auth 7265766973696f6e 0000000000000102"]);
        let user = User {
            id: 3,
            name: "u".to_owned(),
            password: PasswordHash("$2a$".into()),
            no_password: false,
            roles: vec!["a".to_owned(), "b".to_owned()],
            grants: Grants::default(),
            password_since: 0,
        };
        check(&RowChange::user(&user), &expect!["auth_user 0000000000000003 00017504243261240201610162"]);
        let by_certificate =
            User { id: 9, password: PasswordHash::default(), no_password: true, roles: Vec::new(), ..user.clone() };
        check(&RowChange::user(&by_certificate), &expect!["auth_user 0000000000000009 0101750000"]);
        let permission =
            |kind, key: &'static str, end: &'static str| Permission { kind, range: KeyRange::new(key, end) };
        let role = Role {
            id: 4,
            name: "r".to_owned(),
            permissions: vec![
                permission(PermissionKind::Read, "a", ""),
                permission(PermissionKind::Write, "b", "\0"),
                permission(PermissionKind::ReadWrite, "c", "d"),
                permission(PermissionKind::Undefined, "e", ""),
            ],
        };
        check(
            &RowChange::role(&role),
            &expect!["auth_role 0000000000000004 017204000001610101016202020163016403000165"],
        );
        check(&RowChange::no_user(3), &expect!["auth_user 0000000000000003 deleted"]);
        check(&RowChange::no_role(4), &expect!["auth_role 0000000000000004 deleted"]);

        let user_row = RowChange::user(&user).value.unwrap();
        let (name, password, no_password, roles) = encoding::decode_user(&user_row).unwrap();
        assert_eq!((name, password, no_password, roles), (user.name, user.password, false, user.roles));
        let role_row = RowChange::role(&role).value.unwrap();
        assert_eq!(encoding::decode_role(&role_row).unwrap(), (role.name, role.permissions));
    }
}
