package interop;

import static interop.Main.bytes;
import static interop.Report.fact;
import static interop.Report.fail;
import static interop.Report.refused;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Election;
import io.etcd.jetcd.election.LeaderResponse;
import io.etcd.jetcd.options.GetOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** Locks and elections, which jetcd leaves to the server's own services for them. */
final class Coordination {
    private Coordination() {}

    static void locks(Client client) throws Exception {
        var locks = client.getLockClient();
        long ours = client.getLeaseClient().grant(60).get().getID();
        long theirs = client.getLeaseClient().grant(60).get().getID();
        ByteSequence name = bytes("lock/a");
        ByteSequence first = locks.lock(name, ours).get().getKey();
        fact("the lock's key is made of its name and the lease", first.equals(contender(name, ours)), true);
        var second = locks.lock(name, theirs);
        awaitCount(client, "lock/a/", 2);
        fact("the second waits", second.isDone(), false);
        locks.unlock(first).get();
        fact("the second has it after the unlock", second.get().getKey().equals(contender(name, theirs)), true);
        client.getLeaseClient().revoke(theirs).get();
        var again = locks.lock(name, ours).get().getKey();
        System.out.println("the first has it after the second's lease");
        refused("lock with a lease that is not there", locks.lock(name, theirs),
                "UNKNOWN: etcdserver: requested lease not found");
        locks.unlock(again).get();
        locks.unlock(again).get();
        System.out.println("unlocking again does nothing");
        client.getLeaseClient().revoke(ours).get();
        awaitCount(client, "lock/", 0);
    }

    static void elections(Client client) throws Exception {
        Election elections = client.getElectionClient();
        long ours = client.getLeaseClient().grant(60).get().getID();
        long theirs = client.getLeaseClient().grant(60).get().getID();
        ByteSequence name = bytes("election/a");
        refused("leader before anyone campaigns", elections.leader(name), "NoLeaderException");
        var first = elections.campaign(name, ours, bytes("one")).get().getLeader();
        fact("the key is made of the election's name and the lease", first.getKey().equals(contender(name, ours)), true);
        fact("the first leads", elections.leader(name).get().getKv().getValue(), "one");
        BlockingQueue<Object> observed = new LinkedBlockingQueue<>();
        elections.observe(name, new Election.Listener() {
            @Override
            public void onNext(LeaderResponse answer) {
                observed.add(answer.getKv().getValue());
            }

            @Override
            public void onError(Throwable error) {
                observed.add(error);
            }

            @Override
            public void onCompleted() {
                observed.add("the end");
            }
        });
        fact("observed", observed.take(), "one");
        elections.proclaim(first, bytes("one again")).get();
        fact("observed after a proclamation", observed.take(), "one again");

        var second = elections.campaign(name, theirs, bytes("two"));
        awaitCount(client, "election/a/", 2);
        fact("the second waits", second.isDone(), false);
        elections.resign(first).get();
        var successor = second.get().getLeader();
        fact("the second leads after the resignation", elections.leader(name).get().getKv().getValue(), "two");
        fact("observed after the resignation", observed.take(), "two");
        refused("proclamation of who leads no more", elections.proclaim(first, bytes("x")), "NotLeaderException");
        elections.resign(successor).get();
        awaitCount(client, "election/", 0);
        client.getLeaseClient().revoke(ours).get();
        client.getLeaseClient().revoke(theirs).get();
    }

    private static ByteSequence contender(ByteSequence name, long lease) {
        return name.concat(bytes("/" + Long.toHexString(lease)));
    }

    /** Waits until so many contenders have their keys. */
    private static void awaitCount(Client client, String prefix, int contenders) throws Exception {
        var count = GetOption.builder().isPrefix(true).withCountOnly(true).build();
        while (client.getKVClient().get(bytes(prefix), count).get().getCount() != contenders) {
            if (Thread.interrupted()) {
                throw fail("interrupted");
            }
        }
        fact("contenders", contenders, contenders);
    }
}
