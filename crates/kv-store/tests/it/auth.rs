//! Users and roles as part of the log: commands are judged when they are applied, and everything is there again after a
//! restart, from the tables or from the log.

use std::path::Path;

use bytes::Bytes;
use kv_store::{
    AuthCommand, AuthError, Caller, Command, KeyRange, LogPosition, Outcome, PasswordHash, Permission, PermissionKind,
    Put, ROOT, Store, WriteError,
};

use crate::harness::open;

/// Applies commands as the next log entry.
fn apply(store: &Store, commands: &[Bytes]) -> Vec<Outcome> {
    let index = store.applied().map_or(0, |last| last.index + 1);
    let mut entry = store.begin_entry(LogPosition { term: 1, index }, 1_700_000_000_000);
    let outcomes = commands.iter().map(|command| entry.apply(command, true).expect("a command")).collect();
    entry.finish();
    outcomes
}

fn change(store: &Store, change: AuthCommand) -> Outcome {
    apply(store, &[Command::Auth(change).encode_for(&Caller::Server)]).remove(0)
}

fn user(store: &Store, name: &str) -> Caller {
    Caller::User { name: name.to_owned(), auth_revision: store.auth().revision() }
}

fn put(key: &'static str, caller: &Caller) -> Bytes {
    Command::Put(Put { key: key.into(), ..Put::default() }).encode_for(caller)
}

fn grant(kind: PermissionKind, range: KeyRange) -> AuthCommand {
    AuthCommand::GrantPermission { role: "writer".to_owned(), permission: Permission { kind, range } }
}

/// Root, and `ann` who writes what begins with `a`.
fn prepared(directory: &Path) -> Store {
    let store = open(directory);
    let name = str::to_owned;
    let add = |user| AuthCommand::AddUser {
        name: name(user),
        password: PasswordHash(format!("hash of {user}").into()),
        no_password: false,
    };
    for command in [
        add(ROOT),
        add("ann"),
        AuthCommand::GrantRole { user: name(ROOT), role: name(ROOT) },
        AuthCommand::AddRole { name: name("writer") },
        grant(PermissionKind::Write, KeyRange::prefix(b"a")),
        grant(PermissionKind::Read, KeyRange::Key("b".into())),
        AuthCommand::GrantRole { user: name("ann"), role: name("writer") },
        AuthCommand::Enable,
    ] {
        change(&store, command).expect("the change makes sense");
    }
    store
}

fn refused(outcome: &Outcome) -> AuthError {
    match outcome {
        Err(WriteError::Auth(error)) => *error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_put_ordered_after_a_revocation_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = prepared(&directory.path().join("data"));
    let ann = user(&store, "ann");
    let revoke = AuthCommand::RevokeRole { user: "ann".to_owned(), role: "writer".to_owned() };
    let revoke = Command::Auth(revoke).encode_for(&user(&store, ROOT));

    let outcomes = apply(&store, &[put("a", &ann), revoke, put("a", &ann)]);
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    assert_eq!(refused(&outcomes[2]), AuthError::OldRevision);
    let found_out_again = user(&store, "ann");
    assert_eq!(refused(&apply(&store, &[put("a", &found_out_again)])[0]), AuthError::PermissionDenied);
    assert_eq!(store.revision(), 2, "one put was done");
}

#[test]
fn with_authentication_on_somebody_must_stand_for_a_command() {
    let directory = tempfile::tempdir().unwrap();
    let store = prepared(&directory.path().join("data"));
    assert_eq!(refused(&apply(&store, &[put("a", &Caller::Nobody)])[0]), AuthError::UserEmpty);
    assert_eq!(refused(&apply(&store, &[put("z", &user(&store, "ann"))])[0]), AuthError::PermissionDenied);
    assert!(apply(&store, &[put("z", &user(&store, ROOT)), put("z", &Caller::Server)]).iter().all(Result::is_ok));

    change(&store, AuthCommand::Disable).unwrap();
    assert!(apply(&store, &[put("z", &Caller::Nobody)])[0].is_ok());
}

#[test]
fn users_and_roles_are_there_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let store = prepared(&data);
    change(
        &store,
        AuthCommand::AddUser { name: "n".repeat(5000), password: PasswordHash::default(), no_password: true },
    )
    .unwrap();
    change(
        &store,
        AuthCommand::AddUser { name: "gone".to_owned(), password: PasswordHash::default(), no_password: false },
    )
    .unwrap();
    change(&store, AuthCommand::DeleteUser { name: "gone".to_owned() }).unwrap();
    let before = store.auth();
    store.checkpoint_all().unwrap();
    drop(store);

    let store = open(&data);
    let after = store.auth();
    assert!(after.is_enabled());
    assert_eq!(after.revision(), before.revision());
    let users: Vec<_> = after.users().map(|user| (user.name(), user.password(), user.roles())).collect();
    let expected: Vec<_> = before.users().map(|user| (user.name(), user.password(), user.roles())).collect();
    assert_eq!(users, expected);
    assert_eq!(after.roles().collect::<Vec<_>>(), before.roles().collect::<Vec<_>>());
    assert!(apply(&store, &[put("a", &user(&store, "ann"))])[0].is_ok());
    assert_eq!(refused(&apply(&store, &[put("b", &user(&store, "ann"))])[0]), AuthError::PermissionDenied);

    let mut damages = Vec::new();
    let checked = store.storage().check(&mut |damage| damages.push(damage), &mut |_| ()).unwrap();
    assert!(damages.is_empty(), "{damages:?}");
    assert!(checked.small_rows >= 4);
}
