import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Tries the AWS SDK for Java 2.x in one cell: the blocking client, the asynchronous one and its transfer manager. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8));
    Report report = new Report(List.of(arguments).contains("--list"));
    try (Blocking blocking = new Blocking()) {
      blocking.checkAll(report);
    }
    try (Asynchronous asynchronous = new Asynchronous()) {
      asynchronous.checkAll(report);
    }
    System.exit(report.status());
  }
}
