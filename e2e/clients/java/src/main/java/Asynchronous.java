import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.async.BlockingInputStreamAsyncRequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;
import software.amazon.awssdk.services.s3.model.*;
import software.amazon.awssdk.transfer.s3.S3TransferManager;

/** The asynchronous client on Netty, plain and with its own splitting into parts; the transfer manager on the latter. */
final class Asynchronous implements AutoCloseable {
  private final S3AsyncClient s3 = builder(Cell.OWNER).build();
  private final S3AsyncClient splitting = builder(Cell.OWNER).multipartEnabled(true)
      .multipartConfiguration(m -> m.thresholdInBytes(5L * Cell.MIB).minimumPartSizeInBytes(5L * Cell.MIB)).build();
  private final S3TransferManager transfers = S3TransferManager.builder().s3Client(splitting).build();
  private final ExecutorService threads = Executors.newCachedThreadPool();

  private static S3AsyncClientBuilder builder(AwsCredentialsProvider who) {
    return S3AsyncClient.builder()
        .endpointOverride(Cell.ENDPOINT)
        .region(Cell.REGION)
        .forcePathStyle(Cell.PATH_STYLE)
        .credentialsProvider(who);
  }

  @Override
  public void close() {
    transfers.close();
    splitting.close();
    s3.close();
    threads.shutdown();
  }

  void checkAll(Report report) {
    report.check("async: many objects at once, listed in pages", this::manyAtOnce);
    report.check("async: parts of its own accord", this::parts);
    report.check("async: stream of unknown length", this::stream);
    report.check("async: transfer manager with files", this::files);
    report.check("async: transfer manager with a stream of unknown length", this::transferOfStream);
    report.check("async: transfer manager copies in parts", this::copy);
    report.check("async: transfer manager with a folder", this::folder);
    report.check("async: refusals are told by class", this::refusals);
  }

  private byte[] read(String key) {
    return s3.getObject(r -> r.bucket(Cell.BUCKET).key(key), AsyncResponseTransformer.toBytes()).join().asByteArray();
  }

  private void inParts(String key, int parts) {
    String etag = s3.headObject(r -> r.bucket(Cell.BUCKET).key(key)).join().eTag();
    Cell.equal(etag.endsWith("-" + parts + "\""), true, "whether " + etag + " is of " + parts + " parts");
  }

  private void manyAtOnce() throws Exception {
    List<String> wanted = IntStream.range(0, 40).mapToObj(n -> "async/%02d".formatted(n)).toList();
    var all = wanted.stream().map(key -> s3.putObject(r -> r.bucket(Cell.BUCKET).key(key),
        AsyncRequestBody.fromBytes(Cell.data(30_000, key.hashCode())))).toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(all).join();
    List<String> listed = new java.util.concurrent.CopyOnWriteArrayList<>();
    s3.listObjectsV2Paginator(r -> r.bucket(Cell.BUCKET).prefix("async/").maxKeys(7))
        .subscribe(page -> page.contents().forEach(each -> listed.add(each.key()))).join();
    Cell.equal(listed, wanted, "keys");
    for (String key : wanted) Cell.same(read(key), Cell.data(30_000, key.hashCode()), key);
  }

  private void parts() throws Exception {
    byte[] content = Cell.data(16 * Cell.MIB + 3, 11);
    splitting.putObject(r -> r.bucket(Cell.BUCKET).key("async parts"), AsyncRequestBody.fromBytes(content)).join();
    inParts("async parts", 4);
    Cell.same(read("async parts"), content, "content");
    Cell.same(splitting.getObject(r -> r.bucket(Cell.BUCKET).key("async parts"), AsyncResponseTransformer.toBytes())
        .join().asByteArray(), content, "content read in parts");
  }

  private void stream() throws Exception {
    byte[] content = Cell.data(11 * Cell.MIB + 3, 12);
    BlockingInputStreamAsyncRequestBody body = AsyncRequestBody.forBlockingInputStream(null);
    var stored = splitting.putObject(r -> r.bucket(Cell.BUCKET).key("async stream"), body);
    body.writeInputStream(new Pipe(content));
    stored.join();
    Cell.same(read("async stream"), content, "content");
    inParts("async stream", 3);
  }

  private void files() throws Exception {
    byte[] content = Cell.data(17 * Cell.MIB + 1, 13);
    Path source = Files.createTempFile("upload", ""), target = Files.createTempFile("download", "");
    try {
      Files.write(source, content);
      transfers.uploadFile(u -> u.source(source).putObjectRequest(r -> r.bucket(Cell.BUCKET).key("file")))
          .completionFuture().join();
      inParts("file", 4);
      transfers.downloadFile(d -> d.destination(target).getObjectRequest(r -> r.bucket(Cell.BUCKET).key("file")))
          .completionFuture().join();
      Cell.same(Files.readAllBytes(target), content, "content");
    } finally {
      Files.delete(source);
      Files.deleteIfExists(target);
    }
  }

  private void transferOfStream() throws Exception {
    byte[] content = Cell.data(12 * Cell.MIB + 9, 14);
    var upload = transfers.upload(u -> u.requestBody(AsyncRequestBody.fromInputStream(new Pipe(content), null, threads))
        .putObjectRequest(r -> r.bucket(Cell.BUCKET).key("transferred stream")));
    upload.completionFuture().join();
    Cell.same(read("transferred stream"), content, "content");
    inParts("transferred stream", 3);
  }

  private void copy() throws Exception {
    transfers.copy(c -> c.copyObjectRequest(r -> r.sourceBucket(Cell.BUCKET).sourceKey("file")
        .destinationBucket(Cell.BUCKET).destinationKey("file ü copied"))).completionFuture().join();
    Cell.same(read("file ü copied"), Cell.data(17 * Cell.MIB + 1, 13), "copy");
  }

  private void folder() throws Exception {
    Path source = Files.createTempDirectory("upload"), target = Files.createTempDirectory("download");
    for (int number = 0; number < 12; number++) {
      Path file = source.resolve("sub " + number % 3).resolve("file + " + number);
      Files.createDirectories(file.getParent());
      Files.write(file, Cell.data(number * 9_001, number));
    }
    var up = transfers.uploadDirectory(u -> u.source(source).bucket(Cell.BUCKET).s3Prefix("folder"))
        .completionFuture().join();
    Cell.equal(up.failedTransfers(), List.of(), "failed uploads");
    var down = transfers.downloadDirectory(d -> d.destination(target).bucket(Cell.BUCKET)
        .listObjectsV2RequestTransformer(l -> l.prefix("folder/"))).completionFuture().join();
    Cell.equal(down.failedTransfers(), List.of(), "failed downloads");
    for (int number = 0; number < 12; number++) {
      Path file = target.resolve("sub " + number % 3).resolve("file + " + number);
      Cell.same(Files.readAllBytes(file), Cell.data(number * 9_001, number), file.toString());
    }
  }

  private void refusals() throws Exception {
    Report.refused(NoSuchKeyException.class, "NoSuchKey", 404, () -> read("absent"));
    Report.refused(NoSuchBucketException.class, "NoSuchBucket", 404,
        () -> s3.listObjectsV2(r -> r.bucket(Cell.ABSENT)).join());
    Report.refused(S3Exception.class, "PreconditionFailed", 412, () -> s3.putObject(
        r -> r.bucket(Cell.BUCKET).key("file").ifNoneMatch("*"), AsyncRequestBody.fromString("x")).join());
    try (S3AsyncClient anonymous = builder(AnonymousCredentialsProvider.create()).build()) {
      Report.refused(S3Exception.class, "AccessDenied", 403, () -> anonymous.getObject(
          r -> r.bucket(Cell.BUCKET).key("file"), AsyncResponseTransformer.toBytes()).join());
    }
  }
}
