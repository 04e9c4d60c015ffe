package interop;

import static interop.Main.bytes;
import static interop.Report.fact;
import static interop.Report.fail;

import io.etcd.jetcd.ByteSequence;
import io.etcd.jetcd.Client;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.EtcdException;
import io.etcd.jetcd.options.WatchOption;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A watch on a prefix, whose answers are read one after the other. The library tells of every lost connection. Where gRPC
 * knows that the server is unavailable it goes on by itself; where it does not, its user watches again behind the last event.
 */
final class Watching {
    final BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
    private final Client client;
    private final ByteSequence prefix;
    private final WatchOption.Builder option;
    Watch.Watcher watcher;

    Watching(Client client, String prefix, WatchOption.Builder option) {
        this.client = client;
        this.prefix = bytes(prefix);
        this.option = option.isPrefix(true);
        open();
    }

    private void open() {
        watcher = client.getWatchClient().watch(prefix, option.build(), Watch.listener(answers::add, answers::add));
    }

    WatchResponse next() throws InterruptedException {
        while (true) {
            Object answer = answers.take();
            if (answer instanceof WatchResponse response) {
                response.getEvents().forEach(event -> option.withRevision(event.getKeyValue().getModRevision() + 1));
                return response;
            }
            if (!(answer instanceof EtcdException error)) {
                throw fail("the watch ended: " + answer);
            }
            switch (error.getErrorCode()) {
                case UNKNOWN -> open();
                case UNAVAILABLE, INTERNAL -> { }
                default -> throw fail("the watch ended: " + answer);
            }
        }
    }

    /** Prints the next events, which must be these and in this order. */
    void expect(String what, String... want) throws InterruptedException {
        List<String> got = new ArrayList<>();
        while (got.size() < want.length) {
            next().getEvents().forEach(event -> got.add(text(event)));
        }
        fact(what, String.join(", ", got), String.join(", ", want));
    }

    private static String text(WatchEvent event) {
        String text = event.getEventType() + " " + event.getKeyValue().getKey() + "=" + event.getKeyValue().getValue();
        return event.getPrevKV().getVersion() == 0 ? text : text + " after " + event.getPrevKV().getValue();
    }
}
