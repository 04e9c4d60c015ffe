//! What a caller may do, decided from users and roles alone.
//!
//! The rules and their order are etcd's. Permissions on keys count only for who was found out at the present auth
//! revision; what only an administrator may do does not look at the revision.

use bytes::Bytes;

use super::{AuthError, AuthState, Caller, User};
use crate::command::{Command, DeleteRange, Op, Put, Txn};
use crate::key_range::KeyRange;

/// What is done with keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// They are read, watched or compared.
    Read,
    /// They are written or deleted.
    Write,
}

/// Finds the keys attached to a lease.
pub(crate) type LeaseKeys<'a> = &'a dyn Fn(i64) -> Vec<Bytes>;

impl AuthState {
    /// Says whether the caller may do something with every key of a range.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserEmpty`], [`AuthError::OldRevision`] and [`AuthError::PermissionDenied`].
    pub fn permit(&self, caller: &Caller, range: &KeyRange, access: Access) -> Result<(), AuthError> {
        let (name, auth_revision) = match caller {
            _ if !self.enabled => return Ok(()),
            Caller::Server => return Ok(()),
            Caller::Nobody => return Err(AuthError::UserEmpty),
            Caller::User { name, auth_revision } => (name, *auth_revision),
        };
        if auth_revision == 0 {
            return Err(AuthError::UserEmpty);
        }
        if auth_revision < self.revision {
            return Err(AuthError::OldRevision);
        }
        let user = self.user(name).ok_or(AuthError::PermissionDenied)?;
        let permitted = user.is_root()
            || match access {
                Access::Read => user.grants.read(range),
                Access::Write => user.grants.write(range),
            };
        if permitted { Ok(()) } else { Err(AuthError::PermissionDenied) }
    }

    /// Says whether the caller may do what only an administrator may.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserEmpty`], [`AuthError::UserNotFound`] and [`AuthError::PermissionDenied`].
    pub fn permit_admin(&self, caller: &Caller) -> Result<(), AuthError> {
        match caller {
            _ if !self.enabled => Ok(()),
            Caller::Server => Ok(()),
            Caller::Nobody => Err(AuthError::UserEmpty),
            Caller::User { name, .. } if name.is_empty() => Err(AuthError::UserEmpty),
            Caller::User { name, .. } => match self.user(name) {
                None => Err(AuthError::UserNotFound),
                Some(user) if user.is_root() => Ok(()),
                Some(_) => Err(AuthError::PermissionDenied),
            },
        }
    }

    /// Says whether the caller is known at all, which is enough for some reads.
    ///
    /// # Errors
    ///
    /// [`AuthError::UserEmpty`].
    pub fn permit_known(&self, caller: &Caller) -> Result<(), AuthError> {
        if self.enabled && *caller == Caller::Nobody { Err(AuthError::UserEmpty) } else { Ok(()) }
    }

    /// Says whether the caller may look at a user: himself, or any as an administrator.
    ///
    /// # Errors
    ///
    /// As [`permit_admin`](Self::permit_admin).
    pub fn permit_user(&self, caller: &Caller, user: &str) -> Result<(), AuthError> {
        match caller {
            Caller::User { name, .. } if name == user => Ok(()),
            _ => self.permit_admin(caller),
        }
    }

    /// Says whether the caller may look at a role: his own, or any as an administrator.
    ///
    /// # Errors
    ///
    /// As [`permit_admin`](Self::permit_admin).
    pub fn permit_role(&self, caller: &Caller, role: &str) -> Result<(), AuthError> {
        match caller {
            Caller::User { name, .. } if self.user(name).is_some_and(|user| User::has_role(user, role)) => Ok(()),
            _ => self.permit_admin(caller),
        }
    }

    /// Says whether the caller may do something with every key of these leases; an administrator may, whatever the auth
    /// revision, and the keys, which may be very many, are not looked up then.
    ///
    /// # Errors
    ///
    /// As [`permit`](Self::permit).
    pub fn permit_leases(
        &self,
        caller: &Caller,
        leases: impl IntoIterator<Item = i64>,
        lease_keys: &dyn Fn(i64) -> Vec<Bytes>,
        access: Access,
    ) -> Result<(), AuthError> {
        self.permit_known(caller)?;
        if self.permit_admin(caller).is_ok() {
            return Ok(());
        }
        let mut keys = leases.into_iter().flat_map(lease_keys);
        keys.try_for_each(|key| self.permit(caller, &KeyRange::Key(key), access))
    }

    /// Says whether the caller may run a transaction: whatever either of its branches may do counts.
    pub(crate) fn permit_txn(&self, caller: &Caller, txn: &Txn, lease_keys: LeaseKeys<'_>) -> Result<(), AuthError> {
        for compare in &txn.compare {
            self.permit(caller, &compare.range, Access::Read)?;
        }
        txn.success.iter().chain(&txn.failure).try_for_each(|op| match op {
            Op::Range(query) => self.permit(caller, &query.range, Access::Read),
            Op::Put(put) => self.permit_put(caller, put, lease_keys),
            Op::DeleteRange(delete) => self.permit_delete(caller, delete),
            Op::Txn(txn) => self.permit_txn(caller, txn, lease_keys),
        })
    }

    /// Says whether the caller may run a transaction that only reads.
    ///
    /// # Errors
    ///
    /// As [`permit`](Self::permit).
    pub fn permit_read_txn(&self, caller: &Caller, txn: &Txn) -> Result<(), AuthError> {
        self.permit_txn(caller, txn, &|_| Vec::new())
    }

    fn permit_put(&self, caller: &Caller, put: &Put, lease_keys: LeaseKeys<'_>) -> Result<(), AuthError> {
        let key = KeyRange::Key(put.key.clone());
        self.permit(caller, &key, Access::Write)?;
        if put.lease != 0 {
            // Who may not write all keys of a lease could not revoke it, and must not add keys to it.
            self.permit_leases(caller, [put.lease], lease_keys, Access::Write)?;
        }
        if put.prev_kv {
            self.permit(caller, &key, Access::Read)?;
        }
        Ok(())
    }

    fn permit_delete(&self, caller: &Caller, delete: &DeleteRange) -> Result<(), AuthError> {
        self.permit(caller, &delete.range, Access::Write)?;
        if delete.prev_kv {
            self.permit(caller, &delete.range, Access::Read)?;
        }
        Ok(())
    }

    /// Says whether the caller may run a command.
    pub(crate) fn permit_command(
        &self,
        caller: &Caller,
        command: &Command,
        lease_keys: LeaseKeys<'_>,
    ) -> Result<(), AuthError> {
        if !self.enabled {
            return Ok(());
        }
        match command {
            Command::Put(put) => self.permit_put(caller, put, lease_keys),
            Command::DeleteRange(delete) => self.permit_delete(caller, delete),
            Command::Txn(txn) => self.permit_txn(caller, txn, lease_keys),
            Command::Compact { .. } | Command::Auth(_) => self.permit_admin(caller),
            Command::LeaseGrant { .. } => self.permit_known(caller),
            Command::LeaseRevoke { id } => self.permit_leases(caller, [*id], lease_keys, Access::Write),
            // A member says these of itself, also before anybody can be found out. Others' alarms were judged when they
            // were asked for.
            Command::SetMember(_) | Command::LeaseCheckpoint(_) | Command::Alarm(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AuthCommand, PasswordHash, Permission, PermissionKind, ROOT};
    use super::*;
    use crate::command::{Compare, CompareResult, CompareTarget, RangeQuery};

    /// Root, and a user that may read `r…`, write `w…` and do both with `b…`.
    fn state() -> AuthState {
        let mut state = AuthState::new();
        let text = str::to_owned;
        let grant = |kind, prefix: &str| AuthCommand::GrantPermission {
            role: text("role"),
            permission: Permission { kind, range: KeyRange::prefix(prefix.as_bytes()) },
        };
        let user =
            |name| AuthCommand::AddUser { name: text(name), password: PasswordHash::default(), no_password: false };
        for command in [
            user(ROOT),
            user("user"),
            AuthCommand::GrantRole { user: text(ROOT), role: text(ROOT) },
            AuthCommand::AddRole { name: text("role") },
            AuthCommand::GrantRole { user: text("user"), role: text("role") },
            grant(PermissionKind::Read, "r"),
            grant(PermissionKind::Write, "w"),
            grant(PermissionKind::ReadWrite, "b"),
            AuthCommand::Enable,
        ] {
            state.change(&command).expect("the changes make sense");
        }
        state
    }

    fn user(name: &str, auth_revision: u64) -> Caller {
        Caller::User { name: name.to_owned(), auth_revision }
    }

    fn put(key: &'static str) -> Put {
        Put { key: key.into(), ..Put::default() }
    }

    fn check(command: &Command, expected: Result<(), AuthError>) {
        let state = state();
        let lease_keys = |lease: i64| if lease == 7 { vec![Bytes::from("x")] } else { vec![] };
        let permitted = |caller: &Caller| state.permit_command(caller, command, &lease_keys);
        assert_eq!(permitted(&user("user", state.revision())), expected, "{command:?}");
        assert_eq!(permitted(&user(ROOT, state.revision())), Ok(()), "{command:?}");
        assert_eq!(permitted(&Caller::Server), Ok(()));
        assert_eq!(permitted(&Caller::Nobody), Err(AuthError::UserEmpty));
    }

    #[test]
    fn writes_need_permission_to_write_and_old_values_to_read() {
        let denied = Err(AuthError::PermissionDenied);
        check(&Command::Put(put("w1")), Ok(()));
        check(&Command::Put(put("r1")), denied);
        check(&Command::Put(Put { prev_kv: true, ..put("w1") }), denied);
        check(&Command::Put(Put { prev_kv: true, ..put("b1") }), Ok(()));
        let delete = |range, prev_kv| Command::DeleteRange(DeleteRange { range, prev_kv });
        check(&delete(KeyRange::prefix(b"w"), false), Ok(()));
        check(&delete(KeyRange::prefix(b"w"), true), denied);
        check(&delete(KeyRange::prefix(b"b"), true), Ok(()));
        check(&delete(KeyRange::new("w", "y"), false), denied);
        check(&delete(KeyRange::all(), false), denied);
        check(&Command::Compact { revision: 1 }, denied);
        check(&Command::Auth(AuthCommand::Disable), denied);
    }

    #[test]
    fn a_lease_with_keys_of_others_cannot_be_attached_to() {
        check(&Command::Put(Put { lease: 7, ..put("w1") }), Err(AuthError::PermissionDenied));
        check(&Command::Put(Put { lease: 8, ..put("w1") }), Ok(()));
    }

    #[test]
    fn a_lease_is_revoked_by_who_may_write_its_keys() {
        check(&Command::LeaseGrant { id: 9, ttl: 1 }, Ok(()));
        check(&Command::LeaseRevoke { id: 8 }, Ok(()));
        check(&Command::LeaseRevoke { id: 7 }, Err(AuthError::PermissionDenied));
    }

    #[test]
    fn every_part_of_a_transaction_counts() {
        let denied = Err(AuthError::PermissionDenied);
        let range = |key| Op::Range(RangeQuery::new(KeyRange::new(key, "")));
        let compare = |key| Compare {
            range: KeyRange::new(key, ""),
            result: CompareResult::Equal,
            target: CompareTarget::Version(0),
        };
        let txn = |compare: Vec<Compare>, success: Vec<Op>, failure: Vec<Op>| Txn { compare, success, failure };
        let ok = txn(vec![compare("r")], vec![Op::Put(put("w"))], vec![range("b")]);
        check(&Command::Txn(ok.clone()), Ok(()));
        check(&Command::Txn(txn(vec![compare("w")], vec![], vec![])), denied);
        check(&Command::Txn(txn(vec![], vec![range("w")], vec![])), denied);
        check(&Command::Txn(txn(vec![], vec![], vec![Op::Put(put("r"))])), denied);
        check(&Command::Txn(txn(vec![], vec![Op::Txn(ok)], vec![])), Ok(()));
        let nested = txn(vec![], vec![], vec![Op::Put(put("r"))]);
        check(&Command::Txn(txn(vec![], vec![], vec![Op::Txn(nested)])), denied);
    }

    #[test]
    fn who_was_found_out_before_the_last_change_is_refused_unless_an_administrator_acts() {
        let state = state();
        let old = state.revision() - 1;
        let write = |caller: &Caller| state.permit(caller, &KeyRange::new("w", ""), Access::Write);
        assert_eq!(write(&user("user", old)), Err(AuthError::OldRevision));
        assert_eq!(write(&user(ROOT, old)), Err(AuthError::OldRevision));
        assert_eq!(write(&user("user", 0)), Err(AuthError::UserEmpty));
        assert_eq!(write(&user("stranger", state.revision())), Err(AuthError::PermissionDenied));
        assert_eq!(state.permit_admin(&user(ROOT, old)), Ok(()));
        assert_eq!(state.permit_admin(&user("stranger", old)), Err(AuthError::UserNotFound));
        assert_eq!(state.permit_admin(&user("", old)), Err(AuthError::UserEmpty));
    }

    #[test]
    fn users_see_themselves_and_their_roles() {
        let state = state();
        let caller = user("user", state.revision());
        assert_eq!(state.permit_user(&caller, "user"), Ok(()));
        assert_eq!(state.permit_user(&caller, ROOT), Err(AuthError::PermissionDenied));
        assert_eq!(state.permit_role(&caller, "role"), Ok(()));
        assert_eq!(state.permit_role(&caller, ROOT), Err(AuthError::PermissionDenied));
        assert_eq!(state.permit_known(&caller), Ok(()));
        assert_eq!(state.permit_known(&Caller::Nobody), Err(AuthError::UserEmpty));
    }
}
