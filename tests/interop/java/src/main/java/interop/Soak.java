package interop;

import static interop.Main.bytes;
import static interop.Report.fail;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.common.exception.ErrorCode;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.lease.LeaseKeepAliveResponse;
import io.etcd.jetcd.options.WatchOption;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * A client in service: it writes, watches, keeps a lease alive and competes for a lock until standard input ends. It says what it
 * was answered, line by line. The server is killed meanwhile: what fails is tried again, where the library does not do so itself.
 */
final class Soak {
    private static final String PREFIX = "soak/java/";
    private static final int KEYS = 20;
    private static final long LEASE_SECONDS = 20;
    /** Of the contenders for the lock; nobody keeps them alive. */
    private static final long LONG_LEASE_SECONDS = 3600;
    /** Between two requests of one kind. */
    private static final long PAUSE_MILLIS = 20;
    /** How long an answer may take. */
    private static final long PATIENCE_SECONDS = 20;

    private interface Role {
        void run(Client client) throws Exception;
    }

    private Soak() {}

    static void run(Client client) throws Exception {
        for (Role role : new Role[] {Soak::write, Soak::follow, Soak::keep, it -> contend(it, "a"), it -> contend(it, "b")}) {
            new Thread(() -> {
                try {
                    role.run(client);
                } catch (Exception error) {
                    fail(error.toString());
                }
            }).start();
        }
        while (System.in.read() >= 0) {}
        say("done");
        // Whoever is in the middle of something is not to complain.
        Runtime.getRuntime().halt(0);
    }

    private static void write(Client client) throws Exception {
        for (int number = 0; ; number++) {
            ByteSequence key = bytes(PREFIX + number % KEYS);
            ByteSequence value = bytes(Integer.toString(number));
            var put = attempt(() -> client.getKVClient().put(key, value));
            if (put != null) {
                say("put", key, number, put.getHeader().getRevision());
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private static void follow(Client client) throws Exception {
        var watching = new Watching(client, PREFIX, WatchOption.builder().withRevision(1));
        while (true) {
            for (var event : watching.next().getEvents()) {
                var kv = event.getKeyValue();
                say("saw", kv.getKey(), kv.getValue(), kv.getModRevision());
            }
        }
    }

    /** The library tells of every lost connection and leaves it to its user to go on. */
    private static void keep(Client client) throws Exception {
        long lease = insist(() -> client.getLeaseClient().grant(LEASE_SECONDS)).getID();
        while (true) {
            BlockingQueue<Throwable> errors = new LinkedBlockingQueue<>();
            try (var keeping = client.getLeaseClient().keepAlive(lease, keptOr(errors))) {
                Throwable error = errors.take();
                boolean gone = error instanceof EtcdException refusal && refusal.getErrorCode() == ErrorCode.NOT_FOUND;
                say(gone ? "lost" : "trouble", error.getClass().getSimpleName());
            }
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    private static StreamObserver<LeaseKeepAliveResponse> keptOr(BlockingQueue<Throwable> errors) {
        return new StreamObserver<>() {
            @Override
            public void onNext(LeaseKeepAliveResponse answer) {
                say("kept");
            }

            @Override
            public void onError(Throwable error) {
                errors.add(error);
            }

            @Override
            public void onCompleted() {
                errors.add(new IllegalStateException("nobody keeps the lease alive any more"));
            }
        };
    }

    private static void contend(Client client, String who) throws Exception {
        long lease = insist(() -> client.getLeaseClient().grant(LONG_LEASE_SECONDS)).getID();
        while (true) {
            // Asked for again with the same lease, the lock is the same, too.
            ByteSequence held = insist(() -> client.getLockClient().lock(bytes("soak-lock/java"), lease)).getKey();
            say("locked", who);
            attempt(() -> client.getKVClient().get(held));
            say("unlocking", who);
            insist(() -> client.getLockClient().unlock(held));
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    /** Returns the answer of a request, or none. */
    private static <T> T attempt(Supplier<CompletableFuture<T>> request) throws InterruptedException {
        try {
            return request.get().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException error) {
            say("trouble", error.getClass().getSimpleName());
            Thread.sleep(PAUSE_MILLIS);
            return null;
        }
    }

    /** Returns the answer of a request, however often it takes. */
    private static <T> T insist(Supplier<CompletableFuture<T>> request) throws InterruptedException {
        while (true) {
            T answer = attempt(request);
            if (answer != null) {
                return answer;
            }
        }
    }

    private static void say(Object... words) {
        var line = new StringBuilder();
        for (Object word : words) {
            line.append(line.isEmpty() ? "" : " ").append(word);
        }
        System.out.println(line);
    }
}
