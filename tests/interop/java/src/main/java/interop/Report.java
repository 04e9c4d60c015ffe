package interop;

import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.common.exception.EtcdException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** What is printed: facts on stdout, and on stderr what was not as expected. */
final class Report {
    private Report() {}

    /** Prints what was found, and ends the program when it is not what was expected. */
    static void fact(String what, Object got, Object want) {
        if (!got.toString().equals(want.toString())) {
            throw fail(what + ": got " + got + ", expected " + want);
        }
        System.out.println(what + ": " + got);
    }

    /** Prints the error of a request that must fail with it. */
    static void refused(String what, CompletableFuture<?> request, String want) throws InterruptedException {
        try {
            request.get();
        } catch (ExecutionException error) {
            // The library wraps the server's error once or twice.
            Throwable cause = error;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            fact(what, text(cause), want);
            return;
        }
        fail(what + ": was not refused");
    }

    private static String text(Throwable error) {
        if (error instanceof EtcdException refusal) {
            return refusal.getErrorCode() + ": " + refusal.getMessage();
        }
        return error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
    }

    static List<String> names(List<KeyValue> found) {
        return found.stream().map(kv -> kv.getKey().toString()).toList();
    }

    /** Ends the program; the result is for callers that must not go on as far as the compiler knows. */
    static IllegalStateException fail(String message) {
        System.err.println("java: " + message);
        Runtime.getRuntime().halt(1);
        return new IllegalStateException(message);
    }
}
