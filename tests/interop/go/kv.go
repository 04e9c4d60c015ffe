package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func keyValue(ctx context.Context, client *clientv3.Client) {
	first := must(client.Put(ctx, "kv/a", "1"))
	fact("put without prev_kv returns none", first.PrevKv == nil, true)
	second := must(client.Put(ctx, "kv/a", "2", clientv3.WithPrevKV()))
	fact("put with prev_kv", string(second.PrevKv.Value), "1")
	fact("a put takes one revision", second.Header.Revision-first.Header.Revision, 1)
	found := must(client.Get(ctx, "kv/a")).Kvs[0]
	fact("get", string(found.Value), "2")
	fact("version", found.Version, 2)
	fact("create and mod revision are those of the puts",
		found.CreateRevision == first.Header.Revision && found.ModRevision == second.Header.Revision, true)
	fact("get of a key that is not there", len(must(client.Get(ctx, "kv/none")).Kvs), 0)

	must(client.Put(ctx, "kv/b", "1"))
	must(client.Put(ctx, "kv/c", "3"))
	prefix := clientv3.WithPrefix()
	fact("prefix", names(must(client.Get(ctx, "kv/", prefix)).Kvs), "kv/a kv/b kv/c")
	fact("from key", names(must(client.Get(ctx, "kv/b", clientv3.WithFromKey())).Kvs), "kv/b kv/c")
	fact("range without its end", names(must(client.Get(ctx, "kv/a", clientv3.WithRange("kv/c"))).Kvs), "kv/a kv/b")
	limited := must(client.Get(ctx, "kv/", prefix, clientv3.WithLimit(2)))
	fact("limit", names(limited.Kvs), "kv/a kv/b")
	fact("limit says that there is more", fmt.Sprint(limited.More, limited.Count), "true 3")
	byKey := clientv3.WithSort(clientv3.SortByKey, clientv3.SortDescend)
	fact("sort by key, descending", names(must(client.Get(ctx, "kv/", prefix, byKey)).Kvs), "kv/c kv/b kv/a")
	byValue := clientv3.WithSort(clientv3.SortByValue, clientv3.SortAscend)
	fact("sort by value", names(must(client.Get(ctx, "kv/", prefix, byValue)).Kvs), "kv/b kv/a kv/c")
	count := must(client.Get(ctx, "kv/", prefix, clientv3.WithCountOnly()))
	fact("count only", fmt.Sprint(count.Count, len(count.Kvs)), "3 0")
	fact("keys only", string(must(client.Get(ctx, "kv/", prefix, clientv3.WithKeysOnly())).Kvs[0].Value), "")
	fact("serializable", names(must(client.Get(ctx, "kv/", prefix, clientv3.WithSerializable())).Kvs), "kv/a kv/b kv/c")

	old := must(client.Get(ctx, "kv/a", clientv3.WithRev(first.Header.Revision)))
	fact("old revision", string(old.Kvs[0].Value), "1")
	deleted := must(client.Delete(ctx, "kv/", prefix, clientv3.WithPrevKV()))
	fact("delete range", deleted.Deleted, 3)
	fact("delete range with prev_kv", names(deleted.PrevKvs), "kv/a kv/b kv/c")
	fact("delete of nothing", must(client.Delete(ctx, "kv/", prefix)).Deleted, 0)

	must(client.Compact(ctx, deleted.Header.Revision))
	_, err := client.Get(ctx, "kv/a", clientv3.WithRev(first.Header.Revision))
	refused("compacted revision", err, rpctypes.ErrCompacted)
	_, err = client.Get(ctx, "kv/a", clientv3.WithRev(deleted.Header.Revision+1000))
	refused("future revision", err, rpctypes.ErrFutureRev)
	_, err = client.Compact(ctx, deleted.Header.Revision)
	refused("compacting again", err, rpctypes.ErrCompacted)
	_, err = client.Put(ctx, "", "x")
	refused("empty key", err, rpctypes.ErrEmptyKey)

	fact("empty value", len(roundTrip(ctx, client, "")), 0)
	binary := make([]byte, 256)
	for i := range binary {
		binary[i] = byte(i)
	}
	fact("binary value is unchanged", roundTrip(ctx, client, string(binary)) == string(binary), true)
	must(client.Put(ctx, "kv/"+string(binary), "x"))
	fact("binary key is unchanged", bytes.Equal(must(client.Get(ctx, "kv/\x00", prefix)).Kvs[0].Key[3:], binary), true)
	megabyte := strings.Repeat("v", 1<<20)
	fact("value of 1 MiB is unchanged", roundTrip(ctx, client, megabyte) == megabyte, true)
	_, err = client.Put(ctx, "kv/large", strings.Repeat("v", 1600<<10))
	refused("too large a request", err, rpctypes.ErrRequestTooLarge)
	_, err = client.Put(ctx, "kv/large", strings.Repeat("v", 4<<20))
	fact("too large a message", status.Code(err), codes.ResourceExhausted)
	must(client.Delete(ctx, "kv/", prefix))
}

func roundTrip(ctx context.Context, client *clientv3.Client, value string) string {
	must(client.Put(ctx, "kv/value", value))
	return string(must(client.Get(ctx, "kv/value")).Kvs[0].Value)
}

func transactions(ctx context.Context, client *clientv3.Client) {
	absent := clientv3.Compare(clientv3.CreateRevision("txn/a"), "=", 0)
	create := func() *clientv3.TxnResponse {
		return must(client.Txn(ctx).If(absent).Then(clientv3.OpPut("txn/a", "1")).Else(clientv3.OpGet("txn/a")).Commit())
	}
	created := create()
	fact("guarded create", created.Succeeded, true)
	again := create()
	fact("guarded create of what is there", again.Succeeded, false)
	fact("the else branch reads it", string(again.Responses[0].GetResponseRange().Kvs[0].Value), "1")

	update := func(revision int64, value string) bool {
		unchanged := clientv3.Compare(clientv3.ModRevision("txn/a"), "=", revision)
		return must(client.Txn(ctx).If(unchanged).Then(clientv3.OpPut("txn/a", value)).Commit()).Succeeded
	}
	fact("guarded update won", update(created.Header.Revision, "2"), true)
	fact("guarded update lost", update(created.Header.Revision, "3"), false)
	fact("value of the winner", string(must(client.Get(ctx, "txn/a")).Kvs[0].Value), "2")

	for _, compare := range []struct {
		what string
		is   clientv3.Cmp
	}{
		{"value equal", clientv3.Compare(clientv3.Value("txn/a"), "=", "2")},
		{"value not equal", clientv3.Compare(clientv3.Value("txn/a"), "!=", "2")},
		{"value greater", clientv3.Compare(clientv3.Value("txn/a"), ">", "1")},
		{"version less", clientv3.Compare(clientv3.Version("txn/a"), "<", 2)},
		{"lease none", clientv3.Compare(clientv3.LeaseValue("txn/a"), "=", clientv3.NoLease)},
		{"every key of a prefix", clientv3.Compare(clientv3.CreateRevision("txn/"), ">", 0).WithPrefix()},
	} {
		want := compare.what != "value not equal" && compare.what != "version less"
		fact("compare "+compare.what, must(client.Txn(ctx).If(compare.is).Commit()).Succeeded, want)
	}

	nested := must(client.Txn(ctx).Then(
		clientv3.OpPut("txn/b", "1"),
		clientv3.OpTxn([]clientv3.Cmp{clientv3.Compare(clientv3.Value("txn/b"), "=", "1")},
			[]clientv3.Op{clientv3.OpPut("txn/c", "inner then")}, []clientv3.Op{clientv3.OpPut("txn/c", "inner else")}),
		clientv3.OpGet("txn/", clientv3.WithPrefix()),
	).Commit())
	fact("nested transaction sees what the outer one found", nested.Responses[1].GetResponseTxn().Succeeded, false)
	fact("reads see the writes before them", names(nested.Responses[2].GetResponseRange().Kvs), "txn/a txn/b txn/c")
	_, err := client.Txn(ctx).Then(clientv3.OpPut("txn/d", "1"), clientv3.OpPut("txn/d", "2")).Commit()
	refused("the same key twice", err, rpctypes.ErrDuplicateKey)
	_, err = client.Txn(ctx).Then(manyPuts(129)...).Commit()
	refused("too many operations", err, rpctypes.ErrTooManyOps)

	must(concurrency.NewSTM(client, func(stm concurrency.STM) error {
		stm.Put("txn/sum", stm.Get("txn/a")+stm.Get("txn/b"))
		return nil
	}))
	fact("software transactional memory", string(must(client.Get(ctx, "txn/sum")).Kvs[0].Value), "21")
	must(client.Delete(ctx, "txn/", clientv3.WithPrefix()))
}

func manyPuts(count int) []clientv3.Op {
	puts := make([]clientv3.Op, count)
	for i := range puts {
		puts[i] = clientv3.OpPut(fmt.Sprintf("txn/many/%d", i), "x")
	}
	return puts
}

func names(found []*mvccpb.KeyValue) string {
	keys := make([]string, len(found))
	for i, kv := range found {
		keys[i] = string(kv.Key)
	}
	return strings.Join(keys, " ")
}
