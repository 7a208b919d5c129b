import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** A stream that does not tell how much is left, cannot go back and gives short reads. */
final class Pipe extends InputStream {
  private final InputStream inner;

  Pipe(byte[] content) {
    inner = new ByteArrayInputStream(content);
  }

  @Override
  public int read() throws java.io.IOException {
    return inner.read();
  }

  @Override
  public int read(byte[] into, int offset, int length) throws java.io.IOException {
    return inner.read(into, offset, Math.min(length, 10_007));
  }
}
