package interop;

import static interop.Main.bytes;
import static interop.Report.fact;
import static interop.Report.fail;
import static interop.Report.names;
import static interop.Report.refused;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.KV;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.DeleteOption;
import io.etcd.jetcd.options.GetOption;
import io.etcd.jetcd.options.LeaseOption;
import io.etcd.jetcd.options.PutOption;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchResponse;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** What happens to keys as time goes by: watches, and leases. */
final class Changes {
    private Changes() {}

    static void watch(Client client) throws Exception {
        KV keys = client.getKVClient();
        ByteSequence a = bytes("watch/a");
        var live = new Watching(client, "watch/", WatchOption.builder().withPrevKV(true).withCreateNotify(true));
        fact("the watch says that it is created", live.next().isCreatedNotify(), true);
        long start = keys.put(a, bytes("1")).get().getHeader().getRevision();
        keys.put(a, bytes("2")).get();
        keys.put(bytes("unwatched"), bytes("x")).get();
        keys.put(bytes("watch/b"), bytes("1")).get();
        keys.delete(a).get();
        keys.delete(bytes("unwatched")).get();
        String[] want = {"PUT watch/a=1", "PUT watch/a=2 after 1", "PUT watch/b=1", "DELETE watch/a= after 2"};
        live.expect("live", want);
        var old = new Watching(client, "watch/", WatchOption.builder().withPrevKV(true).withRevision(start));
        old.expect("from an old revision", want);
        old.watcher.close();
        fact("a closed watch is closed", old.watcher.isClosed(), true);
        new Watching(client, "watch/", WatchOption.builder().withNoPut(true).withRevision(start))
                .expect("without puts", "DELETE watch/a=");
        new Watching(client, "watch/", WatchOption.builder().withNoDelete(true).withRevision(start))
                .expect("without deletes", "PUT watch/a=1", "PUT watch/a=2", "PUT watch/b=1");

        live.watcher.requestProgress();
        WatchResponse progress = live.next();
        long current = keys.get(a).get().getHeader().getRevision();
        fact("progress on request", progress.isProgressNotify() && progress.getHeader().getRevision() == current, true);

        keys.compact(current).get();
        var compacted = new Watching(client, "watch/", WatchOption.builder().withRevision(start));
        if (!(compacted.answers.take() instanceof CompactedException refusal)) {
            throw fail("a watch from a compacted revision started");
        }
        fact("compacted start revision", refusal.getMessage(), "etcdserver: mvcc: required revision has been compacted");
        fact("compacted start revision names the compact revision", refusal.getCompactedRevision() == current, true);

        System.out.println("cut me");
        if (System.in.read() < 0) {
            throw fail("nobody said that the connections are cut");
        }
        // The library connects again; what is sent before it has may fail.
        while (keys.get(a).handle((answer, error) -> error != null).get()) {
            Thread.onSpinWait();
        }
        keys.put(bytes("watch/c"), bytes("1")).get();
        keys.put(bytes("watch/c"), bytes("2")).get();
        keys.delete(bytes("watch/"), DeleteOption.builder().isPrefix(true).build()).get();
        var after = new ArrayList<>(List.of("PUT watch/c=1", "PUT watch/c=2 after 1"));
        after.addAll(List.of("DELETE watch/b= after 1", "DELETE watch/c= after 2"));
        live.expect("after a reconnect", after.toArray(String[]::new));
    }

    static void leases(Client client) throws Exception {
        KV keys = client.getKVClient();
        var leases = client.getLeaseClient();
        var granted = leases.grant(2).get();
        long kept = granted.getID();
        fact("granted time to live", granted.getTTL(), 2);
        keys.put(bytes("lease/kept"), bytes("1"), PutOption.builder().withLeaseId(kept).build()).get();
        BlockingQueue<Long> answers = new LinkedBlockingQueue<>();
        try (var keeping = leases.keepAlive(kept, timesToLive(answers))) {
            for (long since = System.nanoTime(); System.nanoTime() - since < 4_000_000_000L; ) {
                if (answers.take() != 2) {
                    throw fail("keeping the lease alive ended");
                }
            }
        }
        fact("key of a lease of 2 s kept alive for 4 s", keys.get(bytes("lease/kept")).get().getCount(), 1);
        fact("keep alive once", leases.keepAliveOnce(kept).get().getTTL(), 2);

        long large = leases.grant(600).get().getID();
        keys.put(bytes("lease/long"), bytes("1"), PutOption.builder().withLeaseId(large).build()).get();
        fact("the key names its lease", keys.get(bytes("lease/long")).get().getKvs().get(0).getLease() == large, true);
        var left = leases.timeToLive(large, LeaseOption.builder().withAttachedKeys().build()).get();
        fact("time to live, granted", left.getGrantedTTL(), 600);
        fact("time to live, left", left.getTTL() > 500 && left.getTTL() <= 600, true);
        fact("time to live, keys", left.getKeys(), "[lease/long]");

        // Nobody keeps the first lease alive any more.
        new Watching(client, "lease/", WatchOption.builder().withNoPut(true))
                .expect("an expired lease deletes its key", "DELETE lease/kept=");
        fact("time to live of an expired lease", leases.timeToLive(kept, LeaseOption.DEFAULT).get().getTTL(), -1);
        refused("put with an expired lease",
                keys.put(bytes("lease/late"), bytes("1"), PutOption.builder().withLeaseId(kept).build()),
                "NOT_FOUND: etcdserver: requested lease not found");
        leases.revoke(large).get();
        var left2 = keys.get(bytes("lease/"), GetOption.builder().isPrefix(true).build()).get();
        fact("revoke deletes the key", names(left2.getKvs()), "[]");
        refused("revoke again", leases.revoke(large), "NOT_FOUND: etcdserver: requested lease not found");
    }

    private static StreamObserver<LeaseKeepAliveResponse> timesToLive(BlockingQueue<Long> answers) {
        return new StreamObserver<>() {
            @Override
            public void onNext(LeaseKeepAliveResponse answer) {
                answers.add(answer.getTTL());
            }

            @Override
            public void onError(Throwable error) {
                answers.add(-1L);
            }

            @Override
            public void onCompleted() {}
        };
    }
}
