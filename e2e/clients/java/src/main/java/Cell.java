import java.net.URI;
import java.security.MessageDigest;
import java.util.List;
import java.util.Random;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/** The cell that the program runs in, told by the environment. Whom to trust, the JVM's own trust store says. */
final class Cell {
  static final int MIB = 1024 * 1024;

  static final URI ENDPOINT = URI.create(System.getenv("CELL_ENDPOINT"));
  static final boolean PATH_STYLE = System.getenv("CELL_ADDRESSING").equals("path");
  /** A bucket that is there and empty. Names that begin with it and a hyphen are the program's own. */
  static final String BUCKET = System.getenv("CELL_BUCKET");
  static final String MADE = BUCKET + "-made";
  static final String ABSENT = BUCKET + "-absent";
  /** A bucket with this many keys, more than one page of a listing. */
  static final String MANY_BUCKET = System.getenv("CELL_MANY_BUCKET");
  static final int MANY = Integer.parseInt(System.getenv("CELL_MANY"));
  static final Region REGION = Region.of(System.getenv("AWS_REGION"));
  static final AwsCredentialsProvider OWNER =
      keys(System.getenv("AWS_ACCESS_KEY_ID"), System.getenv("AWS_SECRET_ACCESS_KEY"));
  static final AwsCredentialsProvider LIAR = keys(System.getenv("AWS_ACCESS_KEY_ID"), "x".repeat(40));

  /** Keys that signers, URL parsers and XML writers get wrong, each in its own way. */
  static final List<String> ODD_KEYS = List.of(
      "a folder/with spaces.txt",
      "plus+and&ampersand=equals",
      "ünïcödé/日本語/🗝",
      "percent%20literal%2F",
      "quote'\"<tag>;semi,colon:at@hash#question?",
      "dots.../~tilde*(star)!",
      "trailing slash/");

  private Cell() {}

  private static AwsCredentialsProvider keys(String id, String secret) {
    return StaticCredentialsProvider.create(AwsBasicCredentials.create(id, secret));
  }

  static byte[] data(int size, long seed) {
    byte[] made = new byte[size];
    new Random(seed).nextBytes(made);
    return made;
  }

  static void same(byte[] actual, byte[] wanted, String what) throws Exception {
    MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
    byte[] digest = sha256.digest(wanted);
    if (!MessageDigest.isEqual(sha256.digest(actual), digest)) {
      throw new AssertionError(
          what + ": " + actual.length + " bytes that differ from the " + wanted.length + " stored");
    }
  }

  static void equal(Object actual, Object wanted, String what) {
    if (!actual.equals(wanted)) throw new AssertionError(what + ": " + actual + " where " + wanted + " was expected");
  }
}
