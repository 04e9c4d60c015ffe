//! What the log says of changes of users and roles, in etcd's words.

use kv_store::{AuthCommand, AuthState, User};

use crate::loggable::permission_name;

/// Tells of a change that was made; `before` and `after` are what it was made of.
pub(super) fn tell(change: &AuthCommand, before: &AuthState, after: &AuthState) {
    let roles = |state: &AuthState, user: &str| {
        let roles: Vec<_> = state.user(user).into_iter().flat_map(User::roles).collect();
        format!("{roles:?}")
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match change {
        AuthCommand::Enable if before.is_enabled() => {
            tracing::info!("authentication is already enabled; ignored auth enable request");
        }
        AuthCommand::Enable => tracing::info!("enabled authentication"),
        AuthCommand::Disable if !before.is_enabled() => {}
        AuthCommand::Disable => tracing::info!("disabled authentication"),
        AuthCommand::AddUser { name, .. } => tracing::info!(user_name = name, "added a user"),
        AuthCommand::DeleteUser { name } => {
            tracing::info!(user_name = name, user_roles = roles(before, name), "deleted a user");
        }
        AuthCommand::ChangePassword { name, .. } => {
            tracing::info!(user_name = name, user_roles = roles(after, name), "changed a password of a user");
        }
        AuthCommand::GrantRole { user, role } if before.revision() == after.revision() => {
            let message = "ignored grant role request to a user";
            tracing::warn!(user_name = user, user_roles = roles(after, user), duplicate_role_name = role, "{message}");
        }
        AuthCommand::GrantRole { user, role } => {
            let message = "granted a role to a user";
            tracing::info!(user_name = user, user_roles = roles(after, user), added_role_name = role, "{message}");
        }
        AuthCommand::RevokeRole { user, role } => tracing::info!(
            user_name = user,
            old_user_roles = roles(before, user),
            new_user_roles = roles(after, user),
            revoked_role_name = role,
            "revoked a role from a user"
        ),
        AuthCommand::AddRole { name } => tracing::info!(role_name = name, "created a role"),
        AuthCommand::DeleteRole { name } => tracing::info!(role_name = name, "deleted a role"),
        AuthCommand::GrantPermission { role, permission } => tracing::info!(
            user_name = role,
            permission_name = permission_name(permission.kind),
            key = text(permission.range.start()),
            range_end = text(&permission.range.range_end()),
            "granted/updated a permission to a user"
        ),
        AuthCommand::RevokePermission { role, range } => tracing::info!(
            role_name = role,
            key = text(range.start()),
            range_end = text(&range.range_end()),
            "revoked a permission on range"
        ),
    }
}
