package main

import (
	"context"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func authentication(ctx context.Context, client *clientv3.Client) {
	_, err := client.AuthEnable(ctx)
	refused("enabling without a root user", err, rpctypes.ErrRootUserNotExist)
	must(client.UserAdd(ctx, "root", "root secret"))
	must(client.RoleAdd(ctx, "root"))
	must(client.UserGrantRole(ctx, "root", "root"))
	must(client.UserAdd(ctx, "alice", "alice secret"))
	_, err = client.UserAdd(ctx, "alice", "again")
	refused("adding a user twice", err, rpctypes.ErrUserAlreadyExist)
	must(client.RoleAdd(ctx, "writer"))
	permission := clientv3.PermissionType(clientv3.PermReadWrite)
	must(client.RoleGrantPermission(ctx, "writer", "auth/open/", clientv3.GetPrefixRangeEnd("auth/open/"), permission))
	must(client.RoleGrantPermission(ctx, "writer", "auth/read", "", clientv3.PermissionType(clientv3.PermRead)))
	must(client.UserGrantRole(ctx, "alice", "writer"))
	fact("roles of the user", must(client.UserGet(ctx, "alice")).Roles, "[writer]")
	fact("permissions of the role", len(must(client.RoleGet(ctx, "writer")).Perm), 2)
	fact("users", must(client.UserList(ctx)).Users, "[alice root]")
	must(client.AuthEnable(ctx))

	_, err = client.Get(ctx, "auth/read")
	refused("nobody reads", err, rpctypes.ErrUserEmpty)
	_, err = connect("alice", "wrong")
	refused("wrong password", err, rpctypes.ErrAuthFailed)
	_, err = connect("nobody", "wrong")
	refused("unknown user", err, rpctypes.ErrAuthFailed)

	root, alice := must(connect("root", "root secret")), must(connect("alice", "alice secret"))
	fact("authentication is on", must(root.AuthStatus(ctx)).Enabled, true)
	must(alice.Put(ctx, "auth/open/a", "1"))
	fact("the user writes and reads what it may", string(must(alice.Get(ctx, "auth/open/a")).Kvs[0].Value), "1")
	fact("the user reads what it may read", must(alice.Get(ctx, "auth/read")).Count, 0)
	_, err = alice.Put(ctx, "auth/read", "1")
	refused("the user writes what it may only read", err, rpctypes.ErrPermissionDenied)
	_, err = alice.Get(ctx, "auth/", clientv3.WithPrefix())
	refused("the user reads more than it may", err, rpctypes.ErrPermissionDenied)
	_, err = alice.UserAdd(ctx, "mallory", "x")
	refused("the user adds users", err, rpctypes.ErrPermissionDenied)
	watched := <-alice.Watch(ctx, "other")
	fact("the user watches what it may not read", watched.Err(),
		"rpc error: code = PermissionDenied desc = etcdserver: permission denied")
	must(root.Put(ctx, "other", "1"))
	fact("root may everything", must(root.Delete(ctx, "other")).Deleted, 1)

	must(root.RoleRevokePermission(ctx, "writer", "auth/open/", clientv3.GetPrefixRangeEnd("auth/open/")))
	_, err = alice.Get(ctx, "auth/open/a")
	refused("the user reads after the permission is revoked", err, rpctypes.ErrPermissionDenied)
	must(root.UserChangePassword(ctx, "alice", "new secret"))
	fresh := must(connect("alice", "new secret"))
	fact("the new password works", must(fresh.Get(ctx, "auth/read")).Count, 0)
	must(root.AuthDisable(ctx))
	fact("everybody reads when it is off again", must(client.Get(ctx, "auth/", clientv3.WithPrefix())).Count, 1)

	must(client.Delete(ctx, "auth/", clientv3.WithPrefix()))
	for _, user := range []string{"alice", "root"} {
		must(client.UserDelete(ctx, user))
	}
	for _, role := range []string{"writer", "root"} {
		must(client.RoleDelete(ctx, role))
	}
	for _, other := range []*clientv3.Client{root, alice, fresh} {
		check(other.Close())
	}
}
