"""A client that knows nothing of the API but what the server tells it by gRPC's server reflection, as grpcurl and graphical
clients do.

It lists the services, describes them, and calls them with messages made from those descriptions; one line is printed for each
fact found. kvd offers reflection and etcd 3.7.1 does not: of a server without it, this prints `not offered`.

    ENDPOINT=127.0.0.1:2379 reflection kv|txn|watch|lease|lock|election|auth|tls
"""

import os
import sys

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

TIME_LIMIT_SECONDS = 10


class Server:
    """A connection, with the descriptions that are fetched over it when they are first asked for."""

    def __init__(self):
        endpoint, ca = os.environ["ENDPOINT"], os.environ.get("CA")
        self.channel = grpc.secure_channel(endpoint, credentials(ca)) if ca else grpc.insecure_channel(endpoint)
        grpc.channel_ready_future(self.channel).result(timeout=TIME_LIMIT_SECONDS)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)
        self.metadata = []
        if user := os.environ.get("ETCD_TEST_USER"):
            answer = self.call("etcdserverpb.Auth", "Authenticate", name=user, password=os.environ["ETCD_TEST_PASSWORD"])
            self.metadata = [("token", answer.token)]

    def describe(self, service):
        return self.pool.FindServiceByName(service)

    def call(self, service, method, **fields):
        """Calls a method that takes one message and answers with one or, where it streams, returns the first."""
        described = self.describe(service).methods_by_name[method]
        request = GetMessageClass(described.input_type)
        answer = GetMessageClass(described.output_type)
        path = f"/{service}/{method}"
        codec = {"request_serializer": request.SerializeToString, "response_deserializer": answer.FromString}
        send = self.channel.stream_stream if described.client_streaming else self.channel.unary_unary
        message = request(**fields)
        answered = send(path, **codec)(
            iter([message]) if described.client_streaming else message,
            timeout=TIME_LIMIT_SECONDS,
            metadata=self.metadata,
        )
        return next(answered) if described.client_streaming else answered


def credentials(ca):
    def pem(path):
        if path is None:
            return None
        with open(path, "rb") as file:
            return file.read()

    return grpc.ssl_channel_credentials(pem(ca), pem(os.environ.get("KEY")), pem(os.environ.get("CERT")))


def kv(server):
    services = server.database.get_services()
    found = sorted(name.removeprefix("etcdserverpb.") for name in services if name.startswith("etcdserverpb."))
    fact("services", found, ["Auth", "Cluster", "KV", "Lease", "Maintenance", "Watch"])
    fact("lock and election are there", {"v3lockpb.Lock", "v3electionpb.Election"} <= set(services), True)
    methods = [method.name for method in server.describe("etcdserverpb.KV").methods]
    fact("etcdserverpb.KV", methods, ["Range", "RangeStream", "Put", "DeleteRange", "Txn", "Compact"])
    ranges = server.describe("etcdserverpb.KV").methods_by_name["Range"]
    fact("Range takes", ranges.input_type.full_name, "etcdserverpb.RangeRequest")
    fact("Range answers", ranges.output_type.full_name, "etcdserverpb.RangeResponse")
    limit = ranges.input_type.fields_by_name["limit"]
    fact("the field limit", (limit.number, limit.type == limit.TYPE_INT64), (3, True))
    fact("a message of another file", server.pool.FindMessageTypeByName("mvccpb.KeyValue").full_name, "mvccpb.KeyValue")

    server.call("etcdserverpb.KV", "Put", key=b"kv/a", value=b"1")
    server.call("etcdserverpb.KV", "Put", key=b"kv/b", value=b"2")
    found = server.call("etcdserverpb.KV", "Range", key=b"kv/", range_end=b"kv0", limit=1)
    fact("range", [(kv.key, kv.value) for kv in found.kvs], [(b"kv/a", b"1")])
    fact("there is more", (found.more, found.count), (True, 2))
    fact("delete range", server.call("etcdserverpb.KV", "DeleteRange", key=b"kv/", range_end=b"kv0").deleted, 2)
    try:
        server.call("etcdserverpb.KV", "Range", key=b"")
        fail("an empty key was not refused")
    except grpc.RpcError as error:
        fact("empty key", error.details(), "etcdserver: key is not provided")


def txn(server):
    put = {"request_put": {"key": b"txn/a", "value": b"1"}}
    absent = {"key": b"txn/a", "target": "CREATE", "result": "EQUAL", "create_revision": 0}
    for what, want in (("guarded create", True), ("guarded create of what is there", False)):
        answer = server.call("etcdserverpb.KV", "Txn", compare=[absent], success=[put])
        fact(what, answer.succeeded, want)
    server.call("etcdserverpb.KV", "DeleteRange", key=b"txn/a")


def watch(server):
    start = server.call("etcdserverpb.KV", "Put", key=b"watch/a", value=b"1").header.revision
    created = server.call("etcdserverpb.Watch", "Watch", create_request={"key": b"watch/a", "start_revision": start})
    fact("the watch says that it is created", created.created, True)
    server.call("etcdserverpb.KV", "DeleteRange", key=b"watch/a")


def lease(server):
    granted = server.call("etcdserverpb.Lease", "LeaseGrant", TTL=60)
    fact("granted time to live", granted.TTL, 60)
    fact("keep alive", server.call("etcdserverpb.Lease", "LeaseKeepAlive", ID=granted.ID).TTL, 60)
    server.call("etcdserverpb.Lease", "LeaseRevoke", ID=granted.ID)


def lock(server):
    granted = server.call("etcdserverpb.Lease", "LeaseGrant", TTL=60)
    key = server.call("v3lockpb.Lock", "Lock", name=b"lock", lease=granted.ID).key
    fact("the lock's key is made of its name and the lease", key == b"lock/%x" % granted.ID, True)
    server.call("v3lockpb.Lock", "Unlock", key=key)
    server.call("etcdserverpb.Lease", "LeaseRevoke", ID=granted.ID)


def election(server):
    granted = server.call("etcdserverpb.Lease", "LeaseGrant", TTL=60)
    leader = server.call("v3electionpb.Election", "Campaign", name=b"election", lease=granted.ID, value=b"one").leader
    fact("the leader", server.call("v3electionpb.Election", "Leader", name=b"election").kv.value, b"one")
    server.call("v3electionpb.Election", "Resign", leader=leader)
    server.call("etcdserverpb.Lease", "LeaseRevoke", ID=granted.ID)


def auth(server):
    fact("authentication is off", server.call("etcdserverpb.Auth", "AuthStatus").enabled, False)


def tls(server):
    server.call("etcdserverpb.KV", "Put", key=b"tls/key", value=b"encrypted")
    fact("value read", server.call("etcdserverpb.KV", "Range", key=b"tls/key").kvs[0].value, b"encrypted")


def fact(what, got, want):
    """Prints what was found, and ends the program when it is not what was expected."""
    if got != want:
        fail(f"{what}: got {got!r}, expected {want!r}")
    print(f"{what}: {got.decode() if isinstance(got, bytes) else got}")


def fail(message):
    print(f"reflection: {message}", file=sys.stderr, flush=True)
    os._exit(1)


SECTIONS = {section.__name__: section for section in (kv, txn, watch, lease, lock, election, auth, tls)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in SECTIONS:
        fail("usage: reflection " + "|".join(SECTIONS))
    try:
        server = Server()
        server.database.get_services()
    except grpc.FutureTimeoutError:
        fail("no connection to " + os.environ["ENDPOINT"])
    except grpc.RpcError as error:
        if error.code() != grpc.StatusCode.UNIMPLEMENTED:
            fail(f"{error.code().name} {error.details()}")
        print("not offered\ndone", flush=True)
        os._exit(0)
    try:
        SECTIONS[sys.argv[1]](server)
    except grpc.RpcError as error:
        fail(f"{error.code().name} {error.details()}")
    except Exception as error:
        fail(f"{type(error).__name__}: {error}")
    print("done", flush=True)
    # The descriptions keep a stream open.
    os._exit(0)


if __name__ == "__main__":
    main()
