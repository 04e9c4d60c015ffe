package interop;

import static interop.Main.bytes;
import static interop.Main.connect;
import static interop.Report.fact;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Connections by TLS, which Netty leaves to the JDK here. */
final class Encryption {
    private static final ByteSequence KEY = bytes("tls/key");

    private Encryption() {}

    static void putAndGet(Client client) throws Exception {
        long patience = Optional.ofNullable(System.getenv("PATIENCE_SECONDS")).map(Long::parseLong).orElse(10L);
        var keys = client.getKVClient();
        keys.put(KEY, bytes("encrypted")).get(patience, TimeUnit.SECONDS);
        fact("value read", keys.get(KEY).get(patience, TimeUnit.SECONDS).getKvs().get(0).getValue(), "encrypted");
    }

    /** Puts over a connection of its own each time, until something is on standard input. */
    static void connectAgain(Client unused) throws Exception {
        while (System.in.available() == 0) {
            try (Client client = connect(null, null)) {
                client.getKVClient().put(KEY, bytes("encrypted")).get(30, TimeUnit.SECONDS);
            }
            System.out.println("connected");
        }
    }
}
