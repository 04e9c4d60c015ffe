//! Who may do what: users, roles and their permissions on ranges of keys.
//!
//! Everything here is data and pure functions. The state is changed by commands from the log like everything else
//! ([`Command::Auth`](crate::Command::Auth)), kept in memory as an [`AuthState`] that readers share, and rebuilt
//! from its tables when the store opens.
//!
//! Every change moves the *auth revision* one up. A command carries the name of its user and the auth revision
//! at which the user was found out ([`Caller`]), and is judged again when it is applied: what was
//! revoked while it was on its way is refused, on every member alike.
//!
//! Names of users and roles have no bound that LMDB would take as a key, so a row's key is the auth revision that made the
//! user or the role: each is made by one change.

mod change;
mod check;
mod permissions;
mod rows;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::key_range::KeyRange;

pub use check::Access;
use permissions::Grants;
pub(crate) use rows::load;

/// The user and the role with all permissions. The user needs the role to have them.
pub const ROOT: &str = "root";

/// The auth revision of a new store.
const FIRST_AUTH_REVISION: u64 = 1;

/// On whose behalf a command runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who said nothing of himself. That is enough as long as authentication is off.
    Nobody,
    /// A user.
    User {
        /// The user's name.
        name: String,
        /// The auth revision that the user's token was made for, or that was current when the request came.
        auth_revision: u64,
    },
    /// The server itself: what it does by itself is always permitted.
    Server,
}

/// A password as it is stored: the text that bcrypt makes of it. Empty for a user without one.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PasswordHash(pub Bytes);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash(…)")
    }
}

/// What a permission allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionKind {
    /// Reading.
    Read,
    /// Writing, which is not reading.
    Write,
    /// Both.
    ReadWrite,
    /// A number the API does not define: etcd keeps it, and it allows nothing.
    Undefined,
}

/// A permission on a range of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// What is allowed.
    pub kind: PermissionKind,
    /// The keys.
    pub range: KeyRange,
}

/// A change of users, roles or of whether they matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthCommand {
    /// Turns authentication on.
    Enable,
    /// Turns it off.
    Disable,
    /// Makes a user.
    AddUser {
        /// The user's name.
        name: String,
        /// The user's password.
        password: PasswordHash,
        /// The user has no password and is known by a certificate.
        no_password: bool,
    },
    /// Removes a user.
    DeleteUser {
        /// The user's name.
        name: String,
    },
    /// Gives a user another password.
    ChangePassword {
        /// The user's name.
        name: String,
        /// The new password.
        password: PasswordHash,
    },
    /// Gives a user a role.
    GrantRole {
        /// The user's name.
        user: String,
        /// The role's name.
        role: String,
    },
    /// Takes a role from a user.
    RevokeRole {
        /// The user's name.
        user: String,
        /// The role's name.
        role: String,
    },
    /// Makes a role.
    AddRole {
        /// The role's name.
        name: String,
    },
    /// Removes a role, from every user too.
    DeleteRole {
        /// The role's name.
        name: String,
    },
    /// Gives a role a permission, or changes what it allows.
    GrantPermission {
        /// The role's name.
        role: String,
        /// The permission.
        permission: Permission,
    },
    /// Takes the permission on exactly this range from a role.
    RevokePermission {
        /// The role's name.
        role: String,
        /// The range.
        range: KeyRange,
    },
}

/// Why a change of users and roles was refused, or a command was not permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// There is no user named root.
    #[error("there is no user root")]
    RootUserNotFound,
    /// The user root does not have the role root.
    #[error("the user root does not have the role root")]
    RootRoleNotFound,
    /// The user exists.
    #[error("the user exists")]
    UserExists,
    /// The user's name is empty, or nobody is named as the caller.
    #[error("no user is named")]
    UserEmpty,
    /// There is no such user.
    #[error("there is no such user")]
    UserNotFound,
    /// The role exists.
    #[error("the role exists")]
    RoleExists,
    /// The role's name is empty.
    #[error("no role is named")]
    RoleEmpty,
    /// There is no such role.
    #[error("there is no such role")]
    RoleNotFound,
    /// The user does not have the role.
    #[error("the user does not have the role")]
    RoleNotGranted,
    /// The role does not have the permission.
    #[error("the role does not have the permission")]
    PermissionNotGranted,
    /// The change would lock everybody out, or a permission's range makes no sense.
    #[error("the change of users or roles makes no sense")]
    InvalidManagement,
    /// The caller may not do this.
    #[error("the user may not do this")]
    PermissionDenied,
    /// Users or roles were changed after the caller was found out.
    #[error("users or roles were changed meanwhile")]
    OldRevision,
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The auth revision that made the user: the key of its row.
    id: u64,
    name: String,
    password: PasswordHash,
    no_password: bool,
    /// Ascending.
    roles: Vec<String>,
    /// What the roles allow together.
    grants: Grants,
    /// The auth revision of the last change of the password in this process.
    password_since: u64,
}

impl User {
    /// Returns the user's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the password, or nothing for a user that has none.
    pub fn password(&self) -> Option<&PasswordHash> {
        (!self.no_password).then_some(&self.password)
    }

    /// Returns the names of the user's roles, ascending.
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Says whether the user may do everything.
    pub fn is_root(&self) -> bool {
        self.has_role(ROOT)
    }

    /// Says whether the user has a role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.binary_search_by(|own| own.as_str().cmp(role)).is_ok()
    }

    /// Returns a number that is another one after the user was made anew or got another password. It tells whether what was
    /// proved with the password still counts, and is not the same after a restart.
    pub fn password_since(&self) -> u64 {
        self.password_since
    }
}

/// A role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The auth revision that made the role: the key of its row.
    id: u64,
    name: String,
    /// Ascending by key.
    permissions: Vec<Permission>,
}

impl Role {
    /// Returns the role's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the role's permissions, ascending by key.
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }
}

/// All users and roles at one auth revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthState {
    enabled: bool,
    revision: u64,
    users: BTreeMap<String, Arc<User>>,
    roles: BTreeMap<String, Arc<Role>>,
    /// The auth revision at which authentication was last turned off in this process.
    disabled_at: u64,
}

impl AuthState {
    /// Returns the state of a new store.
    pub(crate) fn new() -> Self {
        Self {
            enabled: false,
            revision: FIRST_AUTH_REVISION,
            users: BTreeMap::new(),
            roles: BTreeMap::new(),
            disabled_at: 0,
        }
    }

    /// Says whether permissions matter.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// Returns the auth revision.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Returns the auth revision at which authentication was last turned off since the process began, or zero.
    pub fn disabled_at(&self) -> u64 {
        self.disabled_at
    }

    /// Returns a user.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.get(name).map(Arc::as_ref)
    }

    /// Returns a role.
    pub fn role(&self, name: &str) -> Option<&Role> {
        self.roles.get(name).map(Arc::as_ref)
    }

    /// Returns every user, by name.
    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values().map(Arc::as_ref)
    }

    /// Returns every role, by name.
    pub fn roles(&self) -> impl Iterator<Item = &Role> {
        self.roles.values().map(Arc::as_ref)
    }

    /// Returns what roles allow together. One that is named and does not exist, as root may, allows nothing.
    fn grants_of(&self, roles: &[String]) -> Grants {
        let permissions = roles.iter().filter_map(|role| self.role(role)).flat_map(Role::permissions);
        Grants::new(permissions)
    }
}
