package interop;

import static interop.Main.bytes;
import static interop.Report.fact;
import static interop.Report.names;
import static interop.Report.refused;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.CmpTarget;
import io.etcd.jetcd.op.Op;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.GetOption.SortOrder;
import io.etcd.jetcd.options.GetOption.SortTarget;
import io.etcd.jetcd.options.PutOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Keys and values, and transactions over them. */
final class Keys {
    private Keys() {}

    static void keyValue(Client client) throws Exception {
        KV keys = client.getKVClient();
        ByteSequence a = bytes("kv/a");
        var first = keys.put(a, bytes("1")).get();
        fact("put without prev_kv returns none", first.hasPrevKv(), false);
        var second = keys.put(a, bytes("2"), PutOption.builder().withPrevKV().build()).get();
        fact("put with prev_kv", second.getPrevKv().getValue(), "1");
        long start = first.getHeader().getRevision();
        fact("a put takes one revision", second.getHeader().getRevision() - start, 1);
        var found = keys.get(a).get().getKvs().get(0);
        fact("get", found.getValue(), "2");
        fact("version", found.getVersion(), 2);
        fact("create and mod revision are those of the puts",
                found.getCreateRevision() == start && found.getModRevision() == start + 1, true);
        fact("get of a key that is not there", keys.get(bytes("kv/none")).get().getCount(), 0);

        keys.put(bytes("kv/b"), bytes("1")).get();
        keys.put(bytes("kv/c"), bytes("3")).get();
        fact("prefix", names(all(keys, GetOption.builder()).getKvs()), "[kv/a, kv/b, kv/c]");
        var range = GetOption.builder().withRange(bytes("kv/c")).build();
        fact("range without its end", names(keys.get(a, range).get().getKvs()), "[kv/a, kv/b]");
        var limited = all(keys, GetOption.builder().withLimit(2));
        fact("limit", names(limited.getKvs()), "[kv/a, kv/b]");
        fact("limit says that there is more", limited.isMore() + " " + limited.getCount(), "true 3");
        var descending = GetOption.builder().withSortField(SortTarget.KEY).withSortOrder(SortOrder.DESCEND);
        fact("sort by key, descending", names(all(keys, descending).getKvs()), "[kv/c, kv/b, kv/a]");
        var byValue = GetOption.builder().withSortField(SortTarget.VALUE).withSortOrder(SortOrder.ASCEND);
        fact("sort by value", names(all(keys, byValue).getKvs()), "[kv/b, kv/a, kv/c]");
        var count = all(keys, GetOption.builder().withCountOnly(true));
        fact("count only", count.getCount() + " " + count.getKvs().size(), "3 0");
        fact("keys only", all(keys, GetOption.builder().withKeysOnly(true)).getKvs().get(0).getValue(), "");
        fact("serializable", names(all(keys, GetOption.builder().withSerializable(true)).getKvs()), "[kv/a, kv/b, kv/c]");
        fact("created later", names(all(keys, GetOption.builder().withMinCreateRevision(start + 1)).getKvs()), "[kv/b, kv/c]");

        var old = GetOption.builder().withRevision(start).build();
        fact("old revision", keys.get(a, old).get().getKvs().get(0).getValue(), "1");
        var wholePrefix = DeleteOption.builder().isPrefix(true).withPrevKV(true).build();
        var deleted = keys.delete(bytes("kv/"), wholePrefix).get();
        fact("delete range", deleted.getDeleted(), 3);
        fact("delete range with prev_kv", names(deleted.getPrevKvs()), "[kv/a, kv/b, kv/c]");
        fact("delete of nothing", keys.delete(a).get().getDeleted(), 0);

        long current = deleted.getHeader().getRevision();
        keys.compact(current).get();
        refused("compacted revision", keys.get(a, old),
                "OUT_OF_RANGE: etcdserver: mvcc: required revision has been compacted");
        refused("future revision", keys.get(a, GetOption.builder().withRevision(current + 1000).build()),
                "OUT_OF_RANGE: etcdserver: mvcc: required revision is a future revision");
        refused("empty key", keys.put(ByteSequence.EMPTY, bytes("x")), "INVALID_ARGUMENT: etcdserver: key is not provided");

        byte[] everyByte = new byte[256];
        for (int i = 0; i < everyByte.length; i++) {
            everyByte[i] = (byte) i;
        }
        var values = Map.of("empty value", new byte[0], "binary value", everyByte, "value of 1 MiB", new byte[1 << 20]);
        for (String what : List.of("empty value", "binary value", "value of 1 MiB")) {
            ByteSequence value = ByteSequence.from(values.get(what));
            keys.put(a, value).get();
            fact(what + " is unchanged", keys.get(a).get().getKvs().get(0).getValue().equals(value), true);
        }
        keys.put(a.concat(ByteSequence.from(everyByte)), bytes("x")).get();
        byte[] binary = all(keys, GetOption.builder()).getKvs().get(1).getKey().getBytes();
        fact("binary key is unchanged", Arrays.equals(Arrays.copyOfRange(binary, 4, binary.length), everyByte), true);
        refused("too large a request", keys.put(a, ByteSequence.from(new byte[1600 << 10])),
                "INVALID_ARGUMENT: etcdserver: request is too large");
        keys.delete(bytes("kv/"), wholePrefix).get();
    }

    private static GetResponse all(KV keys, GetOption.Builder option) throws Exception {
        return keys.get(bytes("kv/"), option.isPrefix(true).build()).get();
    }

    static void transactions(Client client) throws Exception {
        KV keys = client.getKVClient();
        ByteSequence a = bytes("txn/a");
        TxnResponse created = create(keys, a);
        fact("guarded create", created.isSucceeded(), true);
        TxnResponse again = create(keys, a);
        fact("guarded create of what is there", again.isSucceeded(), false);
        fact("the else branch reads it", again.getGetResponses().get(0).getKvs().get(0).getValue(), "1");

        Cmp unchanged = new Cmp(a, Cmp.Op.EQUAL, CmpTarget.modRevision(created.getHeader().getRevision()));
        fact("guarded update won", keys.txn().If(unchanged).Then(put(a, "2")).commit().get().isSucceeded(), true);
        fact("guarded update lost", keys.txn().If(unchanged).Then(put(a, "3")).commit().get().isSucceeded(), false);
        fact("value of the winner", keys.get(a).get().getKvs().get(0).getValue(), "2");
        fact("compare value greater", holds(keys, new Cmp(a, Cmp.Op.GREATER, CmpTarget.value(bytes("1")))), true);
        fact("compare value not equal", holds(keys, new Cmp(a, Cmp.Op.NOT_EQUAL, CmpTarget.value(bytes("2")))), false);
        fact("compare version less", holds(keys, new Cmp(a, Cmp.Op.LESS, CmpTarget.version(2))), false);

        ByteSequence b = bytes("txn/b");
        ByteSequence c = bytes("txn/c");
        Op inner = Op.txn(
                new Cmp[] {new Cmp(b, Cmp.Op.EQUAL, CmpTarget.value(bytes("1")))},
                new Op[] {put(c, "inner then")},
                new Op[] {put(c, "inner else")});
        Op read = Op.get(c, GetOption.DEFAULT);
        TxnResponse nested = keys.txn().Then(put(b, "1"), inner, read, Op.delete(a, DeleteOption.DEFAULT)).commit().get();
        fact("nested transaction sees what the outer one found", nested.getTxnResponses().get(0).isSucceeded(), false);
        fact("reads see the writes before them", nested.getGetResponses().get(0).getKvs().get(0).getValue(), "inner else");
        fact("deleted in a transaction", nested.getDeleteResponses().get(0).getDeleted(), 1);
        refused("the same key twice", keys.txn().Then(put(a, "1"), put(a, "2")).commit(),
                "INVALID_ARGUMENT: etcdserver: duplicate key given in txn request");
        keys.delete(bytes("txn/"), DeleteOption.builder().isPrefix(true).build()).get();
    }

    private static TxnResponse create(KV keys, ByteSequence key) throws Exception {
        Cmp absent = new Cmp(key, Cmp.Op.EQUAL, CmpTarget.createRevision(0));
        return keys.txn().If(absent).Then(put(key, "1")).Else(Op.get(key, GetOption.DEFAULT)).commit().get();
    }

    private static boolean holds(KV keys, Cmp compare) throws Exception {
        return keys.txn().If(compare).commit().get().isSucceeded();
    }

    private static Op put(ByteSequence key, String value) {
        return Op.put(key, bytes(value), PutOption.DEFAULT);
    }
}
