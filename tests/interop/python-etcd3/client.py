"""A client of an etcd-compatible server on the Python library `etcd3`.

It does what users of the library do and prints one line for each fact it finds, so that two servers can be compared by what
they make it print. What the library has no function for (old revisions, limits, users) goes through its generated stubs, as
its users do it.

    ENDPOINT=127.0.0.1:2379 python-etcd3 kv|txn|watch|lease|lock|election|auth|tls|soak
"""

import os
import sys
import threading
import time

import etcd3
import grpc
from etcd3 import etcdrpc, events, exceptions

import soak

TIME_LIMIT_SECONDS = 60


def connect(user=os.environ.get("ETCD_TEST_USER"), password=os.environ.get("ETCD_TEST_PASSWORD")):
    host, port = os.environ["ENDPOINT"].rsplit(":", 1)
    client = etcd3.client(
        host=host,
        port=int(port),
        ca_cert=os.environ.get("CA"),
        cert_cert=os.environ.get("CERT"),
        cert_key=os.environ.get("KEY"),
        user=user,
        password=password,
        timeout=10,
    )
    if not client.uses_secure_channel:
        # gRPC sends no call credentials unencrypted; the library sends the same token as metadata, too.
        client.call_credentials = client.watcher._credentials = None
    return client


def kv(client):
    first = client.put("kv/a", "1")
    fact("put without prev_kv returns none", first.HasField("prev_kv"), False)
    second = client.put("kv/a", "2", prev_kv=True)
    fact("put with prev_kv", second.prev_kv.value, b"1")
    fact("a put takes one revision", second.header.revision - first.header.revision, 1)
    value, found = client.get("kv/a")
    fact("get", value, b"2")
    fact("version", found.version, 2)
    fact(
        "create and mod revision are those of the puts",
        (found.create_revision, found.mod_revision) == (first.header.revision, second.header.revision),
        True,
    )
    fact("get of a key that is not there", client.get("kv/none"), (None, None))

    client.put("kv/b", "1")
    client.put("kv/c", "3")
    fact("prefix", keys(client.get_prefix("kv/")), "kv/a kv/b kv/c")
    fact("range without its end", keys(client.get_range("kv/a", "kv/c")), "kv/a kv/b")
    fact("sort by key, descending", keys(client.get_prefix("kv/", sort_order="descend")), "kv/c kv/b kv/a")
    by_value = client.get_prefix("kv/", sort_order="ascend", sort_target="value")
    fact("sort by value", keys(by_value), "kv/b kv/a kv/c")
    fact("keys only", [value for value, _ in client.get_prefix("kv/", keys_only=True)], [b"", b"", b""])
    fact("serializable", client.get("kv/a", serializable=True)[0], b"2")
    fact("count", client.get_prefix_response("kv/").count, 3)
    limited = read(client, key=b"kv/", range_end=b"kv0", limit=2)
    fact("limit", [kv.key for kv in limited.kvs], [b"kv/a", b"kv/b"])
    fact("limit says that there is more", (limited.more, limited.count), (True, 3))
    count = read(client, key=b"kv/", range_end=b"kv0", count_only=True)
    fact("count only", (count.count, len(count.kvs)), (3, 0))

    fact("old revision", read(client, key=b"kv/a", revision=first.header.revision).kvs[0].value, b"1")
    fact("delete with prev_kv", client.delete("kv/c", prev_kv=True, return_response=True).prev_kvs[0].value, b"3")
    deleted = client.delete_prefix("kv/")
    fact("delete range", deleted.deleted, 2)
    fact("delete of nothing", client.delete("kv/a"), False)

    client.compact(deleted.header.revision)
    refused(
        "compacted revision",
        lambda: read(client, key=b"kv/a", revision=first.header.revision),
        "OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted",
    )
    refused(
        "future revision",
        lambda: read(client, key=b"kv/a", revision=deleted.header.revision + 1000),
        "OUT_OF_RANGE etcdserver: mvcc: required revision is a future revision",
    )
    refused("empty key", lambda: client.put("", "x"), "INVALID_ARGUMENT etcdserver: key is not provided")

    every_byte = bytes(range(256))
    client.put("kv/empty", "")
    fact("empty value", client.get("kv/empty")[0], b"")
    client.put(b"kv/" + every_byte, every_byte)
    fact("binary key and value are unchanged", client.get(b"kv/" + every_byte)[0] == every_byte, True)
    megabyte = b"v" * (1 << 20)
    client.put("kv/large", megabyte)
    fact("value of 1 MiB is unchanged", client.get("kv/large")[0] == megabyte, True)
    refused(
        "too large a request",
        lambda: client.put("kv/large", b"v" * (1600 << 10)),
        "INVALID_ARGUMENT etcdserver: request is too large",
    )
    client.delete_prefix("kv/")


def txn(client):
    of = client.transactions

    def create():
        return client.transaction(
            compare=[of.create("txn/a") == 0], success=[of.put("txn/a", "1")], failure=[of.get("txn/a")]
        )

    fact("guarded create", create()[0], True)
    succeeded, answers = create()
    fact("guarded create of what is there", succeeded, False)
    fact("the else branch reads it", answers[0][0][0], b"1")
    fact("put if not exists", client.put_if_not_exists("txn/a", "x"), False)

    revision = client.get("txn/a")[1].mod_revision

    def update(value):
        return client.transaction(compare=[of.mod("txn/a") == revision], success=[of.put("txn/a", value)], failure=[])[0]

    fact("guarded update won", update("2"), True)
    fact("guarded update lost", update("3"), False)
    fact("value of the winner", client.get("txn/a")[0], b"2")
    fact("replace", (client.replace("txn/a", "1", "x"), client.replace("txn/a", "2", "3")), (False, True))
    for what, compare, want in [
        ("value greater", of.value("txn/a") > "2", True),
        ("value not equal", of.value("txn/a") != "3", False),
        ("version less", of.version("txn/a") < 3, False),
    ]:
        fact("compare " + what, client.transaction(compare=[compare], success=[], failure=[])[0], want)

    inner = of.txn([of.value("txn/b") == "1"], [of.put("txn/c", "inner then")], [of.put("txn/c", "inner else")])
    succeeded, answers = client.transaction(
        compare=[], success=[of.put("txn/b", "1"), inner, of.get("txn/c"), of.delete("txn/a")], failure=[]
    )
    fact("nested transaction sees what the outer one found", answers[1].response_txn.succeeded, False)
    fact("reads see the writes before them", answers[2][0][0], b"inner else")
    fact("deleted in a transaction", answers[3].response_delete_range.deleted, 1)
    refused(
        "the same key twice",
        lambda: client.transaction(compare=[], success=[of.put("txn/d", "1"), of.put("txn/d", "2")], failure=[]),
        "INVALID_ARGUMENT etcdserver: duplicate key given in txn request",
    )
    client.delete_prefix("txn/")


# The library cannot ask for progress, and its filters fail before they are sent.
def watch(client):
    live, cancel = client.watch_prefix("watch/", prev_kv=True)
    start = client.put("watch/a", "1").header.revision
    client.put("watch/a", "2")
    client.put("unwatched", "x")
    client.put("watch/b", "1")
    client.delete("watch/a")
    client.delete("unwatched")
    want = ["PUT watch/a=1", "PUT watch/a=2 after 1", "PUT watch/b=1", "DELETE watch/a= after 2"]
    expect("live", live, want)
    old, cancel_old = client.watch_prefix("watch/", prev_kv=True, start_revision=start)
    expect("from an old revision", old, want)
    cancel_old()
    fact("a cancelled watch ends", list(old), [])
    once, waiting = [], threading.Thread(target=lambda: once.append(client.watch_once("watch/once", timeout=30)))
    waiting.start()
    while waiting.is_alive():
        client.put("watch/once", "1")
        waiting.join(0.1)
    fact("watch once", once[0].value, b"1")
    cancel()

    deleted = client.delete_prefix("watch/").header.revision
    client.compact(deleted)
    compacted, _ = client.watch_prefix("watch/", start_revision=start)
    try:
        next(compacted)
        fail("a watch from a compacted revision started")
    except exceptions.RevisionCompactedError as error:
        fact("compacted start revision names the compact revision", error.compacted_revision == deleted, True)

    live, _ = client.watch_prefix("watch/", prev_kv=True)
    client.put("watch/c", "1")
    expect("before the cut", live, ["PUT watch/c=1"])
    seen = client.get("watch/c")[1].mod_revision
    print("cut me", flush=True)
    sys.stdin.readline()
    # The library ends the watch with the connection and leaves it to its user to go on from where it was.
    try:
        next(live)
        fail("the watch delivered an event after the cut")
    except exceptions.ConnectionFailedError:
        print("the watch ends with the connection")
    grpc.channel_ready_future(client.channel).result(timeout=10)
    client.put("watch/c", "2")
    live, _ = client.watch_prefix("watch/", prev_kv=True, start_revision=seen + 1)
    client.put("watch/d", "1")
    client.delete("watch/d")
    client.delete("watch/c")
    expect(
        "after a reconnect",
        live,
        ["PUT watch/c=2 after 1", "PUT watch/d=1", "DELETE watch/d= after 1", "DELETE watch/c= after 2"],
    )


def lease(client):
    kept = client.lease(2)
    fact("granted time to live", kept.ttl, 2)
    client.put("lease/kept", "1", lease=kept)
    granted = time.monotonic()
    while time.monotonic() - granted < 4:
        time.sleep(0.5)
        kept.refresh()
    fact("key of a lease of 2 s kept alive for 4 s", client.get("lease/kept")[0], b"1")
    fact("keep alive", kept.refresh()[0].TTL, 2)

    long = client.lease(600)
    client.put("lease/long", "1", lease=long)
    fact("the key names its lease", client.get("lease/long")[1].lease_id == long.id, True)
    fact("time to live, granted", long.granted_ttl, 600)
    fact("time to live, left", 500 < long.remaining_ttl <= 600, True)
    fact("time to live, keys", list(long.keys), [b"lease/long"])
    leases = client.leasestub.LeaseLeases(etcdrpc.LeaseLeasesRequest()).leases
    fact("leases list", {kept.id, long.id} <= {lease.ID for lease in leases}, True)

    # Nobody keeps the first lease alive any more.
    ended, cancel = client.watch("lease/kept")
    if client.get("lease/kept")[0] is not None:
        expect("an expired lease deletes its key", ended, ["DELETE lease/kept="])
    cancel()
    fact("time to live of an expired lease", kept.remaining_ttl, -1)
    fact("keep alive of an expired lease", kept.refresh()[0].TTL, 0)
    refused(
        "put with an expired lease",
        lambda: client.put("lease/late", "1", lease=kept),
        "NOT_FOUND etcdserver: requested lease not found",
    )
    long.revoke()
    fact("revoke deletes the key", client.get("lease/long"), (None, None))
    refused("revoke again", long.revoke, "NOT_FOUND etcdserver: requested lease not found")


def lock(client):
    other = connect()
    first, second = client.lock("lock", ttl=60), other.lock("lock", ttl=60)
    fact("the first contender has the lock", first.acquire(timeout=10), True)
    fact("the second gives up after a second", second.acquire(timeout=1), False)
    fact("who has it", (first.is_acquired(), second.is_acquired()), (True, False))
    fact("refreshed", first.refresh()[0].TTL, 60)

    taken = []
    waiting = threading.Thread(target=lambda: taken.append(second.acquire(timeout=30)))
    waiting.start()
    # The library waits for the lock by watching its key, on a watch that only it knows of.
    while not other.watcher._callbacks:
        time.sleep(0.01)
    fact("the second waits", taken, [])
    fact("release", first.release(), True)
    waiting.join()
    fact("the second has it after the release", taken, [True])
    fact("who has it now", (first.is_acquired(), second.is_acquired()), (False, True))
    fact("release of what one does not have", first.release(), False)
    second.release()
    with client.lock("lock") as scoped:
        fact("held within its scope", scoped.is_acquired(), True)
    fact("given up after its scope", scoped.is_acquired(), False)


def auth(client):
    service = etcdrpc.AuthStub(client.channel)
    refused(
        "enabling without a root user",
        lambda: service.AuthEnable(etcdrpc.AuthEnableRequest()),
        "FAILED_PRECONDITION etcdserver: root user does not exist",
    )
    for user in ("root", "alice"):
        service.UserAdd(etcdrpc.AuthUserAddRequest(name=user, password=user + " secret"))
    refused(
        "adding a user twice",
        lambda: service.UserAdd(etcdrpc.AuthUserAddRequest(name="alice", password="again")),
        "FAILED_PRECONDITION etcdserver: user name already exists",
    )
    for role, user in (("root", "root"), ("writer", "alice")):
        service.RoleAdd(etcdrpc.AuthRoleAddRequest(name=role))
        service.UserGrantRole(etcdrpc.AuthUserGrantRoleRequest(user=user, role=role))
    may = {"permType": "READWRITE", "key": b"auth/open/", "range_end": b"auth/open0"}
    service.RoleGrantPermission(etcdrpc.AuthRoleGrantPermissionRequest(name="writer", perm=may))
    fact("roles of the user", list(service.UserGet(etcdrpc.AuthUserGetRequest(name="alice")).roles), ["writer"])
    service.AuthEnable(etcdrpc.AuthEnableRequest())

    refused("nobody reads", lambda: client.get("auth/open/a"), "INVALID_ARGUMENT etcdserver: user name is empty")
    failed = "INVALID_ARGUMENT etcdserver: authentication failed, invalid user ID or password"
    refused("wrong password", lambda: connect("alice", "wrong"), failed)
    refused("unknown user", lambda: connect("nobody", "wrong"), failed)
    root, alice = connect("root", "root secret"), connect("alice", "alice secret")
    alice.put("auth/open/a", "1")
    fact("the user writes and reads what it may", alice.get("auth/open/a")[0], b"1")
    denied = "PERMISSION_DENIED etcdserver: permission denied"
    refused("the user writes what it may not", lambda: alice.put("auth/closed", "1"), denied)
    refused("the user reads more than it may", lambda: list(alice.get_prefix("auth/")), denied)
    root.put("auth/closed", "1")
    fact("root may everything", root.delete("auth/closed"), True)
    etcdrpc.AuthStub(root.channel).AuthDisable(etcdrpc.AuthDisableRequest(), metadata=root.metadata)
    fact("everybody reads when it is off again", client.get("auth/open/a")[0], b"1")

    client.delete_prefix("auth/")
    for user, role in (("alice", "writer"), ("root", "root")):
        service.UserDelete(etcdrpc.AuthUserDeleteRequest(name=user))
        service.RoleDelete(etcdrpc.AuthRoleDeleteRequest(role=role))


def tls(client):
    client.put("tls/key", "encrypted")
    fact("value read", client.get("tls/key")[0], b"encrypted")


def election(client):
    print("not offered")


def read(client, **request):
    return client.kvstub.Range(etcdrpc.RangeRequest(**request), client.timeout, metadata=client.metadata)


def keys(found):
    return " ".join(metadata.key.decode() for _, metadata in found)


def expect(what, watched, want):
    """Prints the next events of a watch, which must be these and in this order."""
    got = []
    for event in watched:
        kind = "PUT" if isinstance(event, events.PutEvent) else "DELETE"
        line = f"{kind} {event.key.decode()}={event.value.decode()}"
        got.append(line + (f" after {event.prev_value.decode()}" if event.prev_value else ""))
        if len(got) == len(want):
            break
    fact(what, ", ".join(got), ", ".join(want))


def fact(what, got, want):
    """Prints what was found, and ends the program when it is not what was expected."""
    if got != want:
        fail(f"{what}: got {got!r}, expected {want!r}")
    print(f"{what}: {got.decode() if isinstance(got, bytes) else got}")


def refused(what, request, want):
    """Prints the error of a request that must fail with it."""
    try:
        request()
    except grpc.RpcError as error:
        fact(what, f"{error.code().name} {error.details()}", want)
    except etcd3.Etcd3Exception as error:
        # The library replaces some errors by its own, which keep the first as their context.
        fact(what, f"{error.__context__.code().name} {error.__context__.details()}", want)
    else:
        fail(f"{what}: was not refused")


def fail(message):
    print(f"python-etcd3: {message}", file=sys.stderr, flush=True)
    os._exit(1)


SECTIONS = {section.__name__: section for section in (kv, txn, watch, lease, lock, election, auth, tls)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in (*SECTIONS, "soak"):
        fail("usage: python-etcd3 " + "|".join((*SECTIONS, "soak")))
    if sys.argv[1] == "soak":
        soak.run(connect)
        print("done", flush=True)
        os._exit(0)
    limit = threading.Timer(TIME_LIMIT_SECONDS, fail, ["took too long"])
    limit.daemon = True
    limit.start()
    try:
        SECTIONS[sys.argv[1]](connect())
    except Exception as error:
        fail(f"{type(error).__name__}: {error}")
    print("done", flush=True)
    # The library leaves threads behind that wait for watches.
    os._exit(0)


if __name__ == "__main__":
    main()
