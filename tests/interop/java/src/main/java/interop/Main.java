package interop;

import static interop.Report.fail;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.io.File;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A client of an etcd-compatible server on the Java library jetcd. It does what users of the library do and prints one line for
 * each fact it finds, so that two servers can be compared by what they make it print.
 *
 * <pre>ENDPOINT=127.0.0.1:2379 java kv|txn|watch|lease|lock|election|auth|tls|connect|soak</pre>
 */
public final class Main {
    private static final long TIME_LIMIT_SECONDS = 60;
    /** Of a section that goes on until its input ends. */
    private static final long SOAK_LIMIT_SECONDS = 3600;

    interface Section {
        void run(Client client) throws Exception;
    }

    private static final Map<String, Section> SECTIONS = new TreeMap<>(Map.of(
            "kv", Keys::keyValue,
            "txn", Keys::transactions,
            "watch", Changes::watch,
            "lease", Changes::leases,
            "lock", Coordination::locks,
            "election", Coordination::elections,
            "auth", Access::authentication,
            "tls", Encryption::putAndGet,
            "connect", Encryption::connectAgain,
            "soak", Soak::run));

    public static void main(String[] arguments) {
        Section section = arguments.length == 1 ? SECTIONS.get(arguments[0]) : null;
        if (section == null) {
            throw fail("usage: java " + String.join("|", SECTIONS.keySet()));
        }
        long limit = arguments[0].equals("soak") ? SOAK_LIMIT_SECONDS : TIME_LIMIT_SECONDS;
        CompletableFuture.delayedExecutor(limit, TimeUnit.SECONDS).execute(() -> fail("took too long"));
        try (Client client = connect(System.getenv("ETCD_TEST_USER"), System.getenv("ETCD_TEST_PASSWORD"))) {
            section.run(client);
        } catch (Exception error) {
            fail(error.toString());
        }
        System.out.println("done");
        // The library's threads may still be at work.
        System.exit(0);
    }

    static Client connect(String user, String password) throws Exception {
        String ca = System.getenv("CA");
        String certificate = System.getenv("CERT");
        String key = System.getenv("KEY");
        var builder = Client.builder()
                .endpoints((ca == null ? "http://" : "https://") + System.getenv("ENDPOINT"))
                .connectTimeout(Duration.ofSeconds(5))
                .retryMaxDuration(Duration.ofSeconds(5));
        if (ca != null) {
            builder.sslContext(tls -> {
                tls.trustManager(new File(ca));
                String version = System.getenv("TLS_VERSION");
                if (version != null) {
                    tls.protocols("TLSv" + version);
                }
                if (certificate != null) {
                    tls.keyManager(new File(certificate), new File(key));
                }
            });
        }
        if (user != null) {
            builder.user(bytes(user)).password(bytes(password));
        }
        return builder.build();
    }

    static ByteSequence bytes(String text) {
        return ByteSequence.from(text, UTF_8);
    }
}
