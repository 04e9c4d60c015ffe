//! What a command does, without what it does it to: for whoever counts commands.

/// What a [`Command`](crate::Command) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the command of that name")]
pub enum CommandKind {
    Put,
    DeleteRange,
    Txn,
    Compact,
    SetMember,
    LeaseGrant,
    LeaseRevoke,
    LeaseCheckpoint,
    Alarm,
    AuthEnable,
    AuthDisable,
    AddUser,
    DeleteUser,
    ChangePassword,
    GrantRole,
    RevokeRole,
    AddRole,
    DeleteRole,
    GrantPermission,
    RevokePermission,
}
