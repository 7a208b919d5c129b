import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** One JSON line for each check; all run, even when one fails. Or the names of the checks alone, which do not run. */
final class Report {
  private final List<String> names = new ArrayList<>();
  private final boolean namesOnly;
  private boolean failed;

  Report(boolean namesOnly) {
    this.namesOnly = namesOnly;
  }

  interface Body {
    void run() throws Exception;
  }

  void check(String name, Body body) {
    names.add(quoted(name));
    if (namesOnly) return;
    long started = System.nanoTime();
    String detail = "";
    boolean ok = true;
    try {
      body.run();
    } catch (Throwable error) {
      ok = false;
      failed = true;
      detail = error.toString();
      if (error.getCause() != null) detail += " because of " + error.getCause();
    }
    System.out.printf("{\"name\":%s,\"ok\":%b,\"ms\":%d,\"detail\":%s}%n",
        quoted(name), ok, (System.nanoTime() - started) / 1_000_000, quoted(detail));
  }

  int status() {
    if (namesOnly) System.out.println(names);
    return failed ? 1 : 0;
  }

  /** The call fails with this class, code and status. */
  static void refused(Class<? extends S3Exception> kind, String code, int status, Callable<?> call)
      throws Exception {
    try {
      call.call();
    } catch (Exception error) {
      Throwable cause = error instanceof java.util.concurrent.CompletionException ? error.getCause() : error;
      if (!kind.isInstance(cause)) throw new AssertionError("not a " + kind.getSimpleName() + ": " + cause, cause);
      S3Exception answer = (S3Exception) cause;
      Cell.equal(answer.statusCode(), status, "status");
      // A HEAD has no body to say a code in.
      if (code != null) Cell.equal(answer.awsErrorDetails().errorCode(), code, "code");
      if (answer.requestId() == null) throw new AssertionError("an answer without a request id");
      return;
    }
    throw new AssertionError("nothing was refused where " + kind.getSimpleName() + " was expected");
  }

  private static String quoted(String text) {
    StringBuilder made = new StringBuilder("\"");
    for (char each : text.toCharArray()) {
      if (each == '"' || each == '\\') made.append('\\').append(each);
      else if (each < 0x20) made.append(String.format("\\u%04x", (int) each));
      else made.append(each);
    }
    return made.append('"').toString();
  }
}
