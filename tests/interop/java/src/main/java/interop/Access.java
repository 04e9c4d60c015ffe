package interop;

import static interop.Main.bytes;
import static interop.Main.connect;
import static interop.Report.fact;
import static interop.Report.refused;

import io.etcd.jetcd.Auth;
import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.auth.Permission;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;

/** Users, roles and what they may do. */
final class Access {
    private static final String DENIED = "PERMISSION_DENIED: etcdserver: permission denied";

    private Access() {}

    static void authentication(Client client) throws Exception {
        Auth auth = client.getAuthClient();
        ByteSequence root = bytes("root");
        ByteSequence alice = bytes("alice");
        ByteSequence writer = bytes("writer");
        ByteSequence key = bytes("auth/open/a");
        refused("enabling without a root user", auth.authEnable(), "FAILED_PRECONDITION: etcdserver: root user does not exist");
        auth.userAdd(root, bytes("root secret")).get();
        auth.roleAdd(root).get();
        auth.userGrantRole(root, root).get();
        auth.userAdd(alice, bytes("alice secret")).get();
        refused("adding a user twice", auth.userAdd(alice, bytes("again")),
                "FAILED_PRECONDITION: etcdserver: user name already exists");
        auth.roleAdd(writer).get();
        auth.roleGrantPermission(writer, bytes("auth/open/"), bytes("auth/open0"), Permission.Type.READWRITE).get();
        auth.userGrantRole(alice, writer).get();
        fact("roles of the user", auth.userGet(alice).get().getRoles(), "[writer]");
        var permission = auth.roleGet(writer).get().getPermissions().get(0);
        fact("permission of the role",
                permission.getPermType() + " " + permission.getKey() + " " + permission.getRangeEnd(),
                "READWRITE auth/open/ auth/open0");
        fact("users", auth.userList().get().getUsers(), "[alice, root]");
        auth.authEnable().get();

        refused("nobody reads", client.getKVClient().get(key), "INVALID_ARGUMENT: etcdserver: user name is empty");
        String failed = "INVALID_ARGUMENT: etcdserver: authentication failed, invalid user ID or password";
        try (Client stranger = connect("alice", "wrong")) {
            refused("wrong password", stranger.getKVClient().get(key), failed);
        }
        try (Client stranger = connect("nobody", "wrong")) {
            refused("unknown user", stranger.getKVClient().get(key), failed);
        }
        try (Client master = connect("root", "root secret"); Client user = connect("alice", "alice secret")) {
            user.getKVClient().put(key, bytes("1")).get();
            fact("the user writes and reads what it may", user.getKVClient().get(key).get().getKvs().get(0).getValue(), "1");
            refused("the user writes what it may not", user.getKVClient().put(bytes("auth/closed"), bytes("1")), DENIED);
            refused("the user reads more than it may",
                    user.getKVClient().get(bytes("auth/"), GetOption.builder().isPrefix(true).build()), DENIED);
            refused("the user adds users", user.getAuthClient().userAdd(bytes("mallory"), bytes("x")), DENIED);
            master.getKVClient().put(bytes("auth/closed"), bytes("1")).get();
            fact("root may everything", master.getKVClient().delete(bytes("auth/closed")).get().getDeleted(), 1);
            master.getAuthClient().authDisable().get();
        }
        fact("everybody reads when it is off again", client.getKVClient().get(key).get().getCount(), 1);

        client.getKVClient().delete(bytes("auth/"), DeleteOption.builder().isPrefix(true).build()).get();
        for (ByteSequence user : new ByteSequence[] {alice, root}) {
            auth.userDelete(user).get();
        }
        for (ByteSequence role : new ByteSequence[] {writer, root}) {
            auth.roleDelete(role).get();
        }
    }
}
