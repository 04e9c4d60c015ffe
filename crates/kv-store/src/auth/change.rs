//! Changes of users and roles, with etcd's rules: what is refused, and what moves the auth revision.

use std::sync::Arc;

use super::rows::RowChange;
use super::{AuthCommand, AuthError, AuthState, PasswordHash, Permission, ROOT, Role, User};
use crate::key_range::KeyRange;

impl AuthState {
    /// Makes a change, and returns what it writes. An error means that nothing was changed.
    pub(crate) fn change(&mut self, command: &AuthCommand) -> Result<Vec<RowChange>, AuthError> {
        match command {
            AuthCommand::Enable => self.enable(),
            AuthCommand::Disable => Ok(self.disable()),
            AuthCommand::AddUser { name, password, no_password } => self.add_user(name, password, *no_password),
            AuthCommand::DeleteUser { name } => self.delete_user(name),
            AuthCommand::ChangePassword { name, password } => self.change_password(name, password),
            AuthCommand::GrantRole { user, role } => self.grant_role(user, role),
            AuthCommand::RevokeRole { user, role } => self.revoke_role(user, role),
            AuthCommand::AddRole { name } => self.add_role(name),
            AuthCommand::DeleteRole { name } => self.delete_role(name),
            AuthCommand::GrantPermission { role, permission } => self.grant_permission(role, permission),
            AuthCommand::RevokePermission { role, range } => self.revoke_permission(role, range),
        }
    }

    fn enable(&mut self) -> Result<Vec<RowChange>, AuthError> {
        if self.enabled {
            return Ok(Vec::new());
        }
        let root = self.user(ROOT).ok_or(AuthError::RootUserNotFound)?;
        if !root.is_root() {
            return Err(AuthError::RootRoleNotFound);
        }
        self.enabled = true;
        Ok(vec![RowChange::enabled(true)])
    }

    fn disable(&mut self) -> Vec<RowChange> {
        if !self.enabled {
            return Vec::new();
        }
        self.enabled = false;
        let revision = self.advance();
        self.disabled_at = self.revision;
        vec![RowChange::enabled(false), revision]
    }

    fn add_user(
        &mut self,
        name: &str,
        password: &PasswordHash,
        no_password: bool,
    ) -> Result<Vec<RowChange>, AuthError> {
        if name.is_empty() {
            return Err(AuthError::UserEmpty);
        }
        if self.user(name).is_some() {
            return Err(AuthError::UserExists);
        }
        let revision = self.advance();
        let user = User {
            id: self.revision,
            name: name.to_owned(),
            password: if no_password { PasswordHash::default() } else { password.clone() },
            no_password,
            roles: Vec::new(),
            grants: self.grants_of(&[]),
            password_since: self.revision,
        };
        Ok(vec![self.put_user(user), revision])
    }

    fn delete_user(&mut self, name: &str) -> Result<Vec<RowChange>, AuthError> {
        if self.enabled && name == ROOT {
            return Err(AuthError::InvalidManagement);
        }
        let user = self.users.remove(name).ok_or(AuthError::UserNotFound)?;
        Ok(vec![RowChange::no_user(user.id), self.advance()])
    }

    fn change_password(&mut self, name: &str, password: &PasswordHash) -> Result<Vec<RowChange>, AuthError> {
        let mut user = self.user(name).cloned().ok_or(AuthError::UserNotFound)?;
        let revision = self.advance();
        if !user.no_password {
            user.password = password.clone();
        }
        user.password_since = self.revision;
        Ok(vec![self.put_user(user), revision])
    }

    fn grant_role(&mut self, name: &str, role: &str) -> Result<Vec<RowChange>, AuthError> {
        let mut user = self.user(name).cloned().ok_or(AuthError::UserNotFound)?;
        if role != ROOT && self.role(role).is_none() {
            return Err(AuthError::RoleNotFound);
        }
        let Err(at) = user.roles.binary_search_by(|own| own.as_str().cmp(role)) else { return Ok(Vec::new()) };
        user.roles.insert(at, role.to_owned());
        Ok(vec![self.put_user_with_grants(user), self.advance()])
    }

    fn revoke_role(&mut self, name: &str, role: &str) -> Result<Vec<RowChange>, AuthError> {
        if self.enabled && name == ROOT && role == ROOT {
            return Err(AuthError::InvalidManagement);
        }
        let mut user = self.user(name).cloned().ok_or(AuthError::UserNotFound)?;
        let at = user.roles.binary_search_by(|own| own.as_str().cmp(role));
        user.roles.remove(at.map_err(|_| AuthError::RoleNotGranted)?);
        Ok(vec![self.put_user_with_grants(user), self.advance()])
    }

    fn add_role(&mut self, name: &str) -> Result<Vec<RowChange>, AuthError> {
        if name.is_empty() {
            return Err(AuthError::RoleEmpty);
        }
        if self.role(name).is_some() {
            return Err(AuthError::RoleExists);
        }
        let revision = self.advance();
        let role = Role { id: self.revision, name: name.to_owned(), permissions: Vec::new() };
        Ok(vec![self.put_role(role), revision])
    }

    fn delete_role(&mut self, name: &str) -> Result<Vec<RowChange>, AuthError> {
        if self.enabled && name == ROOT {
            return Err(AuthError::InvalidManagement);
        }
        let role = self.roles.remove(name).ok_or(AuthError::RoleNotFound)?;
        let mut rows = vec![RowChange::no_role(role.id)];
        for mut user in self.users_with(name) {
            user.roles.retain(|own| own != name);
            rows.push(self.put_user_with_grants(user));
        }
        rows.push(self.advance());
        Ok(rows)
    }

    fn grant_permission(&mut self, name: &str, permission: &Permission) -> Result<Vec<RowChange>, AuthError> {
        if permission.range.start().is_empty() || permission.range.is_empty() {
            return Err(AuthError::InvalidManagement);
        }
        let mut role = self.role(name).cloned().ok_or(AuthError::RoleNotFound)?;
        if let Some(own) = role.permissions.iter_mut().find(|own| own.range == permission.range) {
            own.kind = permission.kind;
        } else {
            let key = permission.range.start();
            let at = role.permissions.partition_point(|own| own.range.start() <= key);
            role.permissions.insert(at, permission.clone());
        }
        Ok(self.change_role(role))
    }

    fn revoke_permission(&mut self, name: &str, range: &KeyRange) -> Result<Vec<RowChange>, AuthError> {
        let mut role = self.role(name).cloned().ok_or(AuthError::RoleNotFound)?;
        let before = role.permissions.len();
        role.permissions.retain(|own| own.range != *range);
        if role.permissions.len() == before {
            return Err(AuthError::PermissionNotGranted);
        }
        Ok(self.change_role(role))
    }

    /// Moves the auth revision.
    fn advance(&mut self) -> RowChange {
        self.revision += 1;
        RowChange::revision(self.revision)
    }

    /// Puts a user in the place of the one with its name.
    fn put_user(&mut self, user: User) -> RowChange {
        let row = RowChange::user(&user);
        self.users.insert(user.name.clone(), Arc::new(user));
        row
    }

    fn put_user_with_grants(&mut self, user: User) -> RowChange {
        let grants = self.grants_of(&user.roles);
        self.put_user(User { grants, ..user })
    }

    fn put_role(&mut self, role: Role) -> RowChange {
        let row = RowChange::role(&role);
        self.roles.insert(role.name.clone(), Arc::new(role));
        row
    }

    /// Puts a role in the place of the one with its name, for everybody who has it.
    fn change_role(&mut self, role: Role) -> Vec<RowChange> {
        let name = role.name.clone();
        let row = self.put_role(role);
        for user in self.users_with(&name) {
            // What users are allowed is not stored, so this writes nothing.
            self.put_user_with_grants(user);
        }
        vec![row, self.advance()]
    }

    fn users_with(&self, role: &str) -> Vec<User> {
        self.users().filter(|user| user.has_role(role)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Access, Caller, PermissionKind};
    use super::*;

    fn state(commands: &[AuthCommand]) -> AuthState {
        let mut state = AuthState::new();
        for command in commands {
            state.change(command).expect("the change makes sense");
        }
        state
    }

    fn add_user(name: &str) -> AuthCommand {
        AuthCommand::AddUser { name: name.to_owned(), password: PasswordHash("old".into()), no_password: false }
    }

    fn add_role(name: &str) -> AuthCommand {
        AuthCommand::AddRole { name: name.to_owned() }
    }

    fn grant_role(user: &str, role: &str) -> AuthCommand {
        AuthCommand::GrantRole { user: user.to_owned(), role: role.to_owned() }
    }

    fn revoke_role(user: &str, role: &str) -> AuthCommand {
        AuthCommand::RevokeRole { user: user.to_owned(), role: role.to_owned() }
    }

    fn grant(role: &str, kind: PermissionKind, key: &'static str, end: &'static str) -> AuthCommand {
        AuthCommand::GrantPermission {
            role: role.to_owned(),
            permission: Permission { kind, range: KeyRange::new(key, end) },
        }
    }

    #[track_caller]
    fn refuse(state: &AuthState, command: &AuthCommand, expected: AuthError) {
        let mut after = state.clone();
        assert_eq!(after.change(command).unwrap_err(), expected, "{command:?}");
        assert_eq!(after, *state, "{command:?}");
    }

    #[test]
    fn authentication_needs_a_root_that_has_its_role() {
        let mut state = AuthState::new();
        refuse(&state, &AuthCommand::Enable, AuthError::RootUserNotFound);
        state.change(&add_user(ROOT)).unwrap();
        refuse(&state, &AuthCommand::Enable, AuthError::RootRoleNotFound);
        state.change(&grant_role(ROOT, ROOT)).unwrap();
        let revision = state.revision();
        assert_eq!(state.change(&AuthCommand::Enable).unwrap(), [RowChange::enabled(true)]);
        assert_eq!(state.change(&AuthCommand::Enable).unwrap(), []);
        assert_eq!(state.revision(), revision, "turning on is no change of users or roles");

        refuse(&state, &AuthCommand::DeleteUser { name: ROOT.to_owned() }, AuthError::InvalidManagement);
        refuse(&state, &AuthCommand::DeleteRole { name: ROOT.to_owned() }, AuthError::InvalidManagement);
        refuse(&state, &revoke_role(ROOT, ROOT), AuthError::InvalidManagement);

        state.change(&AuthCommand::Disable).unwrap();
        assert_eq!((state.revision(), state.disabled_at()), (revision + 1, revision + 1));
        assert_eq!(state.change(&AuthCommand::Disable).unwrap(), []);
        state.change(&revoke_role(ROOT, ROOT)).unwrap();
    }

    #[test]
    fn what_makes_no_sense_changes_nothing() {
        let state = state(&[add_user("u"), add_role("r")]);
        let name = |text: &str| text.to_owned();
        refuse(&state, &add_user(""), AuthError::UserEmpty);
        refuse(&state, &add_user("u"), AuthError::UserExists);
        refuse(&state, &AuthCommand::DeleteUser { name: name("x") }, AuthError::UserNotFound);
        let password = PasswordHash::default();
        refuse(&state, &AuthCommand::ChangePassword { name: name("x"), password }, AuthError::UserNotFound);
        refuse(&state, &grant_role("x", "r"), AuthError::UserNotFound);
        refuse(&state, &grant_role("u", "x"), AuthError::RoleNotFound);
        refuse(&state, &revoke_role("x", "r"), AuthError::UserNotFound);
        refuse(&state, &revoke_role("u", "r"), AuthError::RoleNotGranted);
        refuse(&state, &add_role(""), AuthError::RoleEmpty);
        refuse(&state, &add_role("r"), AuthError::RoleExists);
        refuse(&state, &AuthCommand::DeleteRole { name: name("x") }, AuthError::RoleNotFound);
        refuse(&state, &grant("x", PermissionKind::Read, "a", ""), AuthError::RoleNotFound);
        for (key, end) in [("", ""), ("", "\0"), ("b", "a"), ("b", "b")] {
            refuse(&state, &grant("x", PermissionKind::Read, key, end), AuthError::InvalidManagement);
        }
        let revoke = AuthCommand::RevokePermission { role: name("r"), range: KeyRange::new("a", "b") };
        refuse(&state, &revoke, AuthError::PermissionNotGranted);
    }

    #[test]
    fn every_change_moves_the_revision_and_a_role_that_is_there_already_does_not() {
        let mut state = state(&[add_user("u"), add_role("r"), grant_role("u", "r")]);
        assert_eq!(state.revision(), 4);
        assert_eq!(state.change(&grant_role("u", "r")).unwrap(), []);
        assert_eq!(state.revision(), 4);
        state.change(&grant("r", PermissionKind::Read, "a", "")).unwrap();
        state.change(&grant("r", PermissionKind::Read, "a", "")).unwrap();
        assert_eq!(state.revision(), 6);
    }

    #[test]
    fn permissions_reach_everybody_who_has_the_role() {
        let mut state = state(&[
            add_user(ROOT),
            grant_role(ROOT, ROOT),
            add_user("u"),
            add_role("r"),
            grant_role("u", "r"),
            AuthCommand::Enable,
        ]);
        let reads = |state: &AuthState| {
            let caller = Caller::User { name: "u".to_owned(), auth_revision: state.revision() };
            state.permit(&caller, &KeyRange::new("a", ""), Access::Read).is_ok()
        };
        assert!(!reads(&state));
        state.change(&grant("r", PermissionKind::Write, "a", "c")).unwrap();
        assert!(!reads(&state));
        state.change(&grant("r", PermissionKind::Read, "a", "c")).unwrap();
        assert!(reads(&state));
        assert_eq!(state.role("r").unwrap().permissions().len(), 1);
        state.change(&revoke_role("u", "r")).unwrap();
        assert!(!reads(&state));
        state.change(&grant_role("u", "r")).unwrap();
        assert!(reads(&state));
        let rows = state.change(&AuthCommand::DeleteRole { name: "r".to_owned() }).unwrap();
        assert_eq!(rows.len(), 3, "the role, its user and the revision");
        assert!(!reads(&state) && state.user("u").unwrap().roles().is_empty());
    }

    #[test]
    fn what_was_proved_with_a_password_does_not_outlive_it() {
        let mut state = state(&[add_user("u")]);
        let first = state.user("u").unwrap().password_since();
        state.change(&add_user("v")).unwrap();
        assert_eq!(state.user("u").unwrap().password_since(), first);
        let password = PasswordHash("new".into());
        state.change(&AuthCommand::ChangePassword { name: "u".to_owned(), password: password.clone() }).unwrap();
        let user = state.user("u").unwrap();
        assert_eq!(user.password(), Some(&password));
        let second = user.password_since();
        state.change(&AuthCommand::DeleteUser { name: "u".to_owned() }).unwrap();
        state.change(&add_user("u")).unwrap();
        let third = state.user("u").unwrap().password_since();
        assert!(first < second && second < third);
    }

    #[test]
    fn a_user_without_a_password_gets_none() {
        let nameless =
            AuthCommand::AddUser { name: "u".to_owned(), password: PasswordHash("x".into()), no_password: true };
        let mut state = state(&[nameless]);
        let password = PasswordHash("new".into());
        state.change(&AuthCommand::ChangePassword { name: "u".to_owned(), password }).unwrap();
        assert_eq!(state.user("u").unwrap().password(), None);
    }
}
