"""A client of an etcd-compatible server on the asynchronous Python library `aetcd`.

It does what users of the library do and prints one line for each fact it finds, so that two servers can be compared by what
they make it print. The library has no TLS and no elections. What it has no function for (old revisions, limits, users) goes
through its generated stubs, as its users do it.

    ENDPOINT=127.0.0.1:2379 python-aetcd kv|txn|watch|lease|lock|election|auth|tls|soak
"""

import asyncio
import os
import sys
import time

import aetcd
from aetcd import exceptions, rpc
from aetcd.rtypes import EventKind

import soak

TIME_LIMIT_SECONDS = 60


def connect(user=os.environ.get("ETCD_TEST_USER"), password=os.environ.get("ETCD_TEST_PASSWORD")):
    host, port = os.environ["ENDPOINT"].rsplit(":", 1)
    return aetcd.Client(host=host, port=int(port), username=user, password=password, timeout=10)


async def kv(client):
    first = await client.put(b"kv/a", b"1")
    second = await client.put(b"kv/a", b"2", prev_kv=True)
    fact("put with prev_kv", second.prev_kv.value, b"1")
    fact("a put takes one revision", second.header.revision - first.header.revision, 1)
    found = await client.get(b"kv/a")
    fact("get", found.value, b"2")
    fact("version", found.version, 2)
    fact(
        "create and mod revision are those of the puts",
        (found.create_revision, found.mod_revision) == (first.header.revision, second.header.revision),
        True,
    )
    fact("get of a key that is not there", await client.get(b"kv/none"), None)

    await client.put(b"kv/b", b"1")
    await client.put(b"kv/c", b"3")
    fact("prefix", names(await client.get_prefix(b"kv/")), "kv/a kv/b kv/c")
    fact("range without its end", names(await client.get_range(b"kv/a", b"kv/c")), "kv/a kv/b")
    fact("sort by key, descending", names(await client.get_prefix(b"kv/", sort_order="descend")), "kv/c kv/b kv/a")
    by_value = await client.get_prefix(b"kv/", sort_order="ascend", sort_target="value")
    fact("sort by value", names(by_value), "kv/b kv/a kv/c")
    fact("keys only", [kv.value for kv in await client.get_prefix(b"kv/", keys_only=True)], [b"", b"", b""])
    fact("count", (await client.get_prefix(b"kv/")).count, 3)
    fact("serializable", (await client.get(b"kv/a", serializable=True)).value, b"2")
    limited = await client.kvstub.Range(rpc.RangeRequest(key=b"kv/", range_end=b"kv0", limit=2))
    fact("limit", names(limited.kvs), "kv/a kv/b")
    fact("limit says that there is more", (limited.more, limited.count), (True, 3))

    old = rpc.RangeRequest(key=b"kv/a", revision=first.header.revision)
    fact("old revision", (await client.kvstub.Range(old)).kvs[0].value, b"1")
    fact("delete with prev_kv", (await client.delete(b"kv/c", prev_kv=True)).prev_kv.value, b"3")
    deleted = await client.delete_prefix(b"kv/", prev_kv=True)
    fact("delete range", deleted.deleted, 2)
    fact("delete range with prev_kv", names(deleted), "kv/a kv/b")
    fact("delete of nothing", await client.delete(b"kv/a"), None)

    await client.compact(deleted.header.revision)
    await refused(
        "compacted revision",
        client.kvstub.Range(old),
        "AioRpcError: etcdserver: mvcc: required revision has been compacted",
    )
    await refused(
        "compacting again",
        client.compact(deleted.header.revision),
        "ClientError: etcdserver: mvcc: required revision has been compacted",
    )
    await refused("empty key", client.put(b"", b"x"), "InvalidArgumentError: etcdserver: key is not provided")

    every_byte = bytes(range(256))
    for what, value in (("empty value", b""), ("binary value", every_byte), ("value of 1 MiB", b"v" * (1 << 20))):
        await client.put(b"kv/" + every_byte, value)
        fact(what + " is unchanged", (await client.get(b"kv/" + every_byte)).value == value, True)
    await refused(
        "too large a request",
        client.put(b"kv/large", b"v" * (1600 << 10)),
        "InvalidArgumentError: etcdserver: request is too large",
    )
    await client.delete_prefix(b"kv/")


async def txn(client):
    of = client.transactions

    async def create():
        return await client.transaction(
            compare=[of.create(b"txn/a") == 0], success=[of.put(b"txn/a", b"1")], failure=[of.get(b"txn/a")]
        )

    fact("guarded create", (await create())[0], True)
    succeeded, answers = await create()
    fact("guarded create of what is there", succeeded, False)
    fact("the else branch reads it", answers[0][0][0], b"1")
    revision = (await client.get(b"txn/a")).mod_revision

    async def update(value):
        unchanged = [of.mod(b"txn/a") == revision]
        return (await client.transaction(compare=unchanged, success=[of.put(b"txn/a", value)], failure=[]))[0]

    fact("guarded update won", await update(b"2"), True)
    fact("guarded update lost", await update(b"3"), False)
    fact("value of the winner", (await client.get(b"txn/a")).value, b"2")
    fact("replace of another value", await client.replace(b"txn/a", b"1", b"x"), False)
    fact("replace", await client.replace(b"txn/a", b"2", b"3"), True)
    for what, compare, want in [
        ("value greater", of.value(b"txn/a") > b"2", True),
        ("value not equal", of.value(b"txn/a") != b"3", False),
        ("version less", of.version(b"txn/a") < 3, False),
    ]:
        fact("compare " + what, (await client.transaction(compare=[compare], success=[], failure=[]))[0], want)

    inner = of.txn([of.value(b"txn/b") == b"1"], [of.put(b"txn/c", b"inner then")], [of.put(b"txn/c", b"inner else")])
    _, answers = await client.transaction(
        compare=[], success=[of.put(b"txn/b", b"1"), inner, of.get(b"txn/c"), of.delete(b"txn/a")], failure=[]
    )
    fact("nested transaction sees what the outer one found", answers[1].response_txn.succeeded, False)
    fact("reads see the writes before them", answers[2][0][0], b"inner else")
    fact("deleted in a transaction", answers[3].response_delete_range.deleted, 1)
    twice = [of.put(b"txn/d", b"1"), of.put(b"txn/d", b"2")]
    await refused(
        "the same key twice",
        client.transaction(compare=[], success=twice, failure=[]),
        "InvalidArgumentError: etcdserver: duplicate key given in txn request",
    )
    await client.delete_prefix(b"txn/")


async def watch(client):
    live = await client.watch_prefix(b"watch/", prev_kv=True)
    start = (await client.put(b"watch/a", b"1")).header.revision
    await client.put(b"watch/a", b"2")
    await client.put(b"unwatched", b"x")
    await client.put(b"watch/b", b"1")
    await client.delete(b"watch/a")
    await client.delete(b"unwatched")
    want = ["PUT watch/a=1", "PUT watch/a=2 after 1", "PUT watch/b=1", "DELETE watch/a= after 2"]
    await expect("live", live, want)
    await live.cancel()
    await expect("from an old revision", await client.watch_prefix(b"watch/", prev_kv=True, start_revision=start), want)
    deletes = await client.watch_prefix(b"watch/", start_revision=start, kind=EventKind.DELETE)
    await expect("only deletes", deletes, ["DELETE watch/a="])
    puts = await client.watch_prefix(b"watch/", start_revision=start, kind=EventKind.PUT)
    await expect("only puts", puts, ["PUT watch/a=1", "PUT watch/a=2", "PUT watch/b=1"])
    once = await client.watch_once(b"watch/a", start_revision=start, timeout=10)
    fact("watch once", once.kv.value, b"1")

    deleted = (await client.delete_prefix(b"watch/")).header.revision
    await client.compact(deleted)
    compacted = await client.watch_prefix(b"watch/", start_revision=start)
    try:
        await anext(aiter(compacted))
        fail("a watch from a compacted revision started")
    except exceptions.RevisionCompactedError as error:
        fact("compacted start revision names the compact revision", error.compacted_revision == deleted, True)

    live = await client.watch_prefix(b"watch/", prev_kv=True)
    seen = (await client.put(b"watch/c", b"1")).header.revision
    await expect("before the cut", live, ["PUT watch/c=1"])
    print("cut me", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    # The library ends the watch with the connection and leaves it to its user to go on from where it was.
    try:
        await anext(aiter(live))
        fail("the watch delivered an event after the cut")
    except exceptions.ConnectionFailedError:
        print("the watch ends with the connection")
    while client.channel.get_state(try_to_connect=True).name != "READY":
        await client.channel.wait_for_state_change(client.channel.get_state())
    await client.put(b"watch/c", b"2")
    live = await client.watch_prefix(b"watch/", prev_kv=True, start_revision=seen + 1)
    await client.put(b"watch/d", b"1")
    await client.delete(b"watch/d")
    await client.delete(b"watch/c")
    want = ["PUT watch/c=2 after 1", "PUT watch/d=1", "DELETE watch/d= after 1", "DELETE watch/c= after 2"]
    await expect("after a reconnect", live, want)


async def lease(client):
    kept = await client.lease(2)
    fact("granted time to live", kept.ttl, 2)
    await client.put(b"lease/kept", b"1", lease=kept)
    granted = time.monotonic()
    while time.monotonic() - granted < 4:
        await asyncio.sleep(0.5)
        await kept.refresh()
    fact("key of a lease of 2 s kept alive for 4 s", (await client.get(b"lease/kept")).value, b"1")
    fact("keep alive", (await kept.refresh()).TTL, 2)

    long = await client.lease(600)
    await client.put(b"lease/long", b"1", lease=long)
    fact("the key names its lease", (await client.get(b"lease/long")).lease == long.id, True)
    fact("time to live, granted", await long.granted_ttl(), 600)
    fact("time to live, left", 500 < await long.remaining_ttl() <= 600, True)
    fact("time to live, keys", list(await long.keys()), [b"lease/long"])
    leases = (await client.leasestub.LeaseLeases(rpc.LeaseLeasesRequest())).leases
    fact("leases list", {kept.id, long.id} <= {lease.ID for lease in leases}, True)

    # Nobody keeps the first lease alive any more.
    start = (await client.get(b"lease/kept")).mod_revision
    ended = await client.watch(b"lease/kept", start_revision=start, kind=EventKind.DELETE)
    await expect("an expired lease deletes its key", ended, ["DELETE lease/kept="])
    fact("time to live of an expired lease", await kept.remaining_ttl(), -1)
    fact("keep alive of an expired lease", (await kept.refresh()).TTL, 0)
    not_found = "ClientError: etcdserver: requested lease not found"
    await refused("put with an expired lease", client.put(b"lease/late", b"1", lease=kept), not_found)
    await long.revoke()
    fact("revoke deletes the key", await client.get(b"lease/long"), None)
    await refused("revoke again", long.revoke(), not_found)


async def lock(client):
    first, second = client.lock(b"lock", ttl=60), client.lock(b"lock", ttl=60)
    fact("the first contender has the lock", await first.acquire(timeout=10), True)
    fact("the second gives up after a second", await second.acquire(timeout=1), False)
    fact("who has it", (await first.is_acquired(), await second.is_acquired()), (True, False))
    fact("refreshed", (await first.refresh()).TTL, 60)
    waiting = asyncio.create_task(second.acquire(timeout=30))
    # The library waits from the revision at which it saw the lock, so that no release is missed.
    await asyncio.sleep(0)
    fact("the second waits", waiting.done(), False)
    fact("release", await first.release(), True)
    fact("the second has it after the release", await waiting, True)
    fact("who has it now", (await first.is_acquired(), await second.is_acquired()), (False, True))
    fact("release of what one does not have", await first.release(), False)
    await second.release()
    async with client.lock(b"lock") as scoped:
        fact("held within its scope", await scoped.is_acquired(), True)
    fact("given up after its scope", await scoped.is_acquired(), False)


async def auth(client):
    service = rpc.AuthStub(client.channel)
    await refused(
        "enabling without a root user",
        service.AuthEnable(rpc.AuthEnableRequest()),
        "AioRpcError: etcdserver: root user does not exist",
    )
    for user in ("root", "alice"):
        await service.UserAdd(rpc.AuthUserAddRequest(name=user, password=user + " secret"))
    for role, user in (("root", "root"), ("writer", "alice")):
        await service.RoleAdd(rpc.AuthRoleAddRequest(name=role))
        await service.UserGrantRole(rpc.AuthUserGrantRoleRequest(user=user, role=role))
    may = rpc.Permission(permType="READWRITE", key=b"auth/open/", range_end=b"auth/open0")
    await service.RoleGrantPermission(rpc.AuthRoleGrantPermissionRequest(name="writer", perm=may))
    fact("users", list((await service.UserList(rpc.AuthUserListRequest())).users), ["alice", "root"])
    await service.AuthEnable(rpc.AuthEnableRequest())

    await refused("nobody reads", client.get(b"auth/open/a"), "InvalidArgumentError: etcdserver: user name is empty")
    failed = "InvalidArgumentError: etcdserver: authentication failed, invalid user ID or password"
    await refused("wrong password", connect("alice", "wrong").connect(), failed)
    await refused("unknown user", connect("nobody", "wrong").connect(), failed)
    async with connect("root", "root secret") as root, connect("alice", "alice secret") as alice:
        await alice.put(b"auth/open/a", b"1")
        fact("the user writes and reads what it may", (await alice.get(b"auth/open/a")).value, b"1")
        denied = "ClientError: etcdserver: permission denied"
        await refused("the user writes what it may not", alice.put(b"auth/closed", b"1"), denied)
        await refused("the user reads more than it may", alice.get_prefix(b"auth/"), denied)
        await root.put(b"auth/closed", b"1")
        fact("root may everything", (await root.delete(b"auth/closed")).deleted, 1)
        await root.auth_stub.AuthDisable(rpc.AuthDisableRequest(), metadata=root.metadata)
    fact("everybody reads when it is off again", (await client.get(b"auth/open/a")).value, b"1")

    await client.delete_prefix(b"auth/")
    for user, role in (("alice", "writer"), ("root", "root")):
        await service.UserDelete(rpc.AuthUserDeleteRequest(name=user))
        await service.RoleDelete(rpc.AuthRoleDeleteRequest(role=role))


def names(found):
    return " ".join(kv.key.decode() for kv in found)


async def expect(what, watched, want):
    """Prints the next events of a watch, which must be these and in this order."""
    got = []
    async for event in watched:
        line = f"{event.kind} {event.kv.key.decode()}={event.kv.value.decode()}"
        previous = event.prev_kv and event.prev_kv.value.decode()
        got.append(line + (f" after {previous}" if previous else ""))
        if len(got) == len(want):
            break
    fact(what, ", ".join(got), ", ".join(want))


def fact(what, got, want):
    """Prints what was found, and ends the program when it is not what was expected."""
    if got != want:
        fail(f"{what}: got {got!r}, expected {want!r}")
    print(f"{what}: {got.decode() if isinstance(got, bytes) else got}")


async def refused(what, request, want):
    """Prints the error of a request that must fail with it."""
    try:
        await request
    except rpc.AioRpcError as error:
        fact(what, f"{type(error).__name__}: {error.details()}", want)
    except exceptions.ClientError as error:
        fact(what, f"{type(error).__name__}: {error}", want)
    else:
        fail(f"{what}: was not refused")


def fail(message):
    print(f"python-aetcd: {message}", file=sys.stderr, flush=True)
    os._exit(1)


SECTIONS = {section.__name__: section for section in (kv, txn, watch, lease, lock, auth)}
NOT_OFFERED = ("election", "tls")


async def run(section):
    async with asyncio.timeout(TIME_LIMIT_SECONDS), connect() as client:
        await section(client)


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in (*SECTIONS, *NOT_OFFERED, "soak"):
        fail("usage: python-aetcd " + "|".join((*SECTIONS, *NOT_OFFERED, "soak")))
    if sys.argv[1] in NOT_OFFERED:
        print("not offered")
    elif sys.argv[1] == "soak":
        asyncio.run(soak.run(connect))
    else:
        try:
            asyncio.run(run(SECTIONS[sys.argv[1]]))
        except Exception as error:
            fail(f"{type(error).__name__}: {error}")
    print("done")


if __name__ == "__main__":
    main()
