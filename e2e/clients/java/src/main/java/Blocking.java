import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3Configuration;
import software.amazon.awssdk.services.s3.model.*;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;

/** The blocking client, on java.net.HttpURLConnection. */
final class Blocking implements AutoCloseable {
  private final S3Client s3 = connect(Cell.OWNER);

  private static S3Client connect(AwsCredentialsProvider who) {
    return S3Client.builder()
        .endpointOverride(Cell.ENDPOINT)
        .region(Cell.REGION)
        .forcePathStyle(Cell.PATH_STYLE)
        .credentialsProvider(who)
        .httpClient(UrlConnectionHttpClient.create())
        .build();
  }

  @Override
  public void close() {
    s3.close();
  }

  void checkAll(Report report) {
    report.check("bucket is made and deleted", this::bucket);
    report.check("small object with metadata", this::small);
    report.check("empty object", this::empty);
    report.check("checksums are validated on read", this::checksums);
    report.check("wrong checksum is refused", this::wrongChecksum);
    report.check("parts", this::parts);
    report.check("stream of unknown length", this::stream);
    report.check("ranges", this::ranges);
    report.check("odd keys", this::oddKeys);
    report.check("copy", this::copy);
    report.check("conditional writes", this::conditionalWrites);
    report.check("listing in pages", this::listing);
    report.check("deletion in batches", this::deletion);
    report.check("not found is told by class", this::notFound);
    report.check("forbidden", this::forbidden);
    report.check("presigned urls", this::presigned);
  }

  private void put(String key, byte[] content) {
    s3.putObject(r -> r.bucket(Cell.BUCKET).key(key), RequestBody.fromBytes(content));
  }

  private byte[] read(String key) {
    return s3.getObjectAsBytes(r -> r.bucket(Cell.BUCKET).key(key)).asByteArray();
  }

  private List<String> keys(String from, String prefix, int page) {
    return s3.listObjectsV2Paginator(r -> r.bucket(from).prefix(prefix).maxKeys(page))
        .contents().stream().map(S3Object::key).toList();
  }

  private void bucket() {
    s3.createBucket(r -> r.bucket(Cell.MADE));
    Cell.equal(s3.listBuckets().buckets().stream().anyMatch(b -> b.name().equals(Cell.MADE)), true, "listed");
    s3.deleteBucket(r -> r.bucket(Cell.MADE));
  }

  private void small() throws Exception {
    byte[] content = Cell.data(70_001, 1);
    var put = s3.putObject(
        r -> r.bucket(Cell.BUCKET).key("small").contentType("text/x-made").metadata(Map.of("colour", "blue")),
        RequestBody.fromBytes(content));
    ResponseBytes<GetObjectResponse> got = s3.getObjectAsBytes(r -> r.bucket(Cell.BUCKET).key("small"));
    Cell.same(got.asByteArray(), content, "content");
    Cell.equal(got.response().contentType(), "text/x-made", "content type");
    Cell.equal(got.response().metadata(), Map.of("colour", "blue"), "metadata");
    Cell.equal(String.valueOf(put.checksumCRC32()).length(), 8, "size of the default checksum in " + put);
    var head = s3.headObject(r -> r.bucket(Cell.BUCKET).key("small").checksumMode(ChecksumMode.ENABLED));
    Cell.equal(head.checksumCRC32(), put.checksumCRC32(), "stored checksum");
  }

  private void empty() throws Exception {
    put("empty", new byte[0]);
    Cell.equal(read("empty").length, 0, "length");
  }

  private void checksums() throws Exception {
    byte[] content = Cell.data(300_000, 2);
    // CRC64NVME needs the native library of the SDK.
    for (ChecksumAlgorithm algorithm : List.of(ChecksumAlgorithm.CRC32, ChecksumAlgorithm.CRC32_C,
        ChecksumAlgorithm.SHA1, ChecksumAlgorithm.SHA256)) {
      s3.putObject(r -> r.bucket(Cell.BUCKET).key("summed").checksumAlgorithm(algorithm),
          RequestBody.fromBytes(content));
      byte[] got = s3.getObjectAsBytes(
          r -> r.bucket(Cell.BUCKET).key("summed").checksumMode(ChecksumMode.ENABLED)).asByteArray();
      Cell.same(got, content, algorithm.toString());
    }
  }

  private void wrongChecksum() throws Exception {
    Report.refused(S3Exception.class, "BadDigest", 400, () -> s3.putObject(
        r -> r.bucket(Cell.BUCKET).key("never").checksumCRC32("AAAAAA=="), RequestBody.fromString("other")));
  }

  private void parts() throws Exception {
    byte[] content = Cell.data(11 * Cell.MIB + 7, 3);
    String id = s3.createMultipartUpload(r -> r.bucket(Cell.BUCKET).key("parts")).uploadId();
    List<CompletedPart> parts = new ArrayList<>();
    for (int at = 0; at < content.length; at += 5 * Cell.MIB) {
      int number = parts.size() + 1, from = at, size = Math.min(5 * Cell.MIB, content.length - at);
      String etag = s3.uploadPart(r -> r.bucket(Cell.BUCKET).key("parts").uploadId(id).partNumber(number),
          RequestBody.fromInputStream(new ByteArrayInputStream(content, from, size), size)).eTag();
      parts.add(CompletedPart.builder().partNumber(number).eTag(etag).build());
    }
    Cell.equal(s3.listParts(r -> r.bucket(Cell.BUCKET).key("parts").uploadId(id)).parts().size(), 3, "parts");
    String etag = s3.completeMultipartUpload(
        r -> r.bucket(Cell.BUCKET).key("parts").uploadId(id).multipartUpload(m -> m.parts(parts))).eTag();
    Cell.equal(etag.endsWith("-3\""), true, "whether " + etag + " is of three parts");
    Cell.same(read("parts"), content, "content");
  }

  private void stream() throws Exception {
    byte[] content = Cell.data(3 * Cell.MIB + 7, 4);
    s3.putObject(r -> r.bucket(Cell.BUCKET).key("stream"),
        RequestBody.fromContentProvider(() -> new Pipe(content), "application/octet-stream"));
    Cell.same(read("stream"), content, "content");
  }

  private void ranges() throws Exception {
    byte[] content = Cell.data(300_000, 5);
    put("ranges", content);
    Map<String, int[]> asked = Map.of("0-0", new int[] {0, 1}, "65000-140000", new int[] {65_000, 140_001},
        "299990-", new int[] {299_990, 300_000}, "-77", new int[] {299_923, 300_000});
    for (var each : asked.entrySet()) {
      byte[] got = s3.getObjectAsBytes(
          r -> r.bucket(Cell.BUCKET).key("ranges").range("bytes=" + each.getKey())).asByteArray();
      Cell.same(got, java.util.Arrays.copyOfRange(content, each.getValue()[0], each.getValue()[1]), each.getKey());
    }
    Report.refused(S3Exception.class, "InvalidRange", 416,
        () -> s3.getObjectAsBytes(r -> r.bucket(Cell.BUCKET).key("ranges").range("bytes=300000-")));
  }

  private void oddKeys() throws Exception {
    List<String> wanted = Cell.ODD_KEYS.stream().map(key -> "odd/" + key).toList();
    for (int number = 0; number < wanted.size(); number++) put(wanted.get(number), Cell.data(1000, number));
    for (int number = 0; number < wanted.size(); number++) {
      Cell.same(read(wanted.get(number)), Cell.data(1000, number), wanted.get(number));
    }
    List<String> listed = keys(Cell.BUCKET, "odd/", 1000).stream().sorted().toList();
    Cell.equal(listed, wanted.stream().sorted().toList(), "listed keys");
  }

  private void copy() throws Exception {
    s3.copyObject(r -> r.sourceBucket(Cell.BUCKET).sourceKey("odd/" + Cell.ODD_KEYS.get(2))
        .destinationBucket(Cell.BUCKET).destinationKey("copied +"));
    Cell.same(read("copied +"), Cell.data(1000, 2), "copy");
  }

  private void conditionalWrites() throws Exception {
    s3.putObject(r -> r.bucket(Cell.BUCKET).key("once").ifNoneMatch("*"), RequestBody.fromString("first"));
    Report.refused(S3Exception.class, "PreconditionFailed", 412, () -> s3.putObject(
        r -> r.bucket(Cell.BUCKET).key("once").ifNoneMatch("*"), RequestBody.fromString("second")));
    Cell.equal(new String(read("once")), "first", "content");
  }

  private void listing() {
    for (int page : new int[] {1000, 300}) {
      List<String> listed = keys(Cell.MANY_BUCKET, "", page);
      Cell.equal(listed.size(), Cell.MANY, "keys by " + page);
      Cell.equal(listed, listed.stream().sorted().toList(), "order by " + page);
    }
    var grouped = s3.listObjectsV2(r -> r.bucket(Cell.MANY_BUCKET).delimiter("/"));
    Cell.equal(grouped.commonPrefixes().size(), 1, "prefixes");
  }

  private void deletion() {
    List<String> keys = IntStream.range(0, 40).mapToObj(number -> "gone/" + number + " & more").toList();
    for (String key : keys) put(key, new byte[1]);
    var objects = keys.stream().map(key -> ObjectIdentifier.builder().key(key).build()).toList();
    var answer = s3.deleteObjects(r -> r.bucket(Cell.BUCKET).delete(d -> d.objects(objects)));
    Cell.equal(answer.deleted().size(), keys.size(), "deleted");
    Cell.equal(answer.errors(), List.of(), "errors");
    Cell.equal(keys(Cell.BUCKET, "gone/", 1000), List.of(), "keys left");
  }

  private void notFound() throws Exception {
    Report.refused(NoSuchKeyException.class, "NoSuchKey", 404,
        () -> s3.getObjectAsBytes(r -> r.bucket(Cell.BUCKET).key("absent")));
    Report.refused(NoSuchKeyException.class, null, 404, () -> s3.headObject(r -> r.bucket(Cell.BUCKET).key("absent")));
    Report.refused(NoSuchBucketException.class, null, 404, () -> s3.headBucket(r -> r.bucket(Cell.ABSENT)));
    Report.refused(NoSuchBucketException.class, "NoSuchBucket", 404,
        () -> s3.listObjectsV2(r -> r.bucket(Cell.ABSENT)));
    Report.refused(NoSuchUploadException.class, "NoSuchUpload", 404,
        () -> s3.listParts(r -> r.bucket(Cell.BUCKET).key("k").uploadId("a".repeat(40))));
  }

  private void forbidden() throws Exception {
    try (S3Client anonymous = connect(AnonymousCredentialsProvider.create()); S3Client liar = connect(Cell.LIAR)) {
      Report.refused(S3Exception.class, "AccessDenied", 403,
          () -> anonymous.getObjectAsBytes(r -> r.bucket(Cell.BUCKET).key("small")));
      Report.refused(S3Exception.class, "SignatureDoesNotMatch", 403,
          () -> liar.getObjectAsBytes(r -> r.bucket(Cell.BUCKET).key("small")));
    }
  }

  private void presigned() throws Exception {
    byte[] content = Cell.data(50_000, 6);
    Duration time = Duration.ofMinutes(5);
    HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    try (S3Presigner signer = S3Presigner.builder().endpointOverride(Cell.ENDPOINT).region(Cell.REGION)
        .serviceConfiguration(S3Configuration.builder().pathStyleAccessEnabled(Cell.PATH_STYLE).build())
        .credentialsProvider(Cell.OWNER).build()) {
      URI put = signer.presignPutObject(p -> p.signatureDuration(time)
          .putObjectRequest(r -> r.bucket(Cell.BUCKET).key("presigned + ü"))).url().toURI();
      URI get = signer.presignGetObject(p -> p.signatureDuration(time)
          .getObjectRequest(r -> r.bucket(Cell.BUCKET).key("presigned + ü"))).url().toURI();
      var none = HttpResponse.BodyHandlers.discarding();
      var body = HttpRequest.BodyPublishers.ofByteArray(content);
      var stored = http.send(HttpRequest.newBuilder(put).PUT(body).build(), none);
      Cell.equal(stored.statusCode(), 200, "status of PUT");
      var got = http.send(HttpRequest.newBuilder(get).build(), HttpResponse.BodyHandlers.ofByteArray());
      Cell.equal(got.statusCode(), 200, "status of GET");
      Cell.same(got.body(), content, "content");
      Cell.equal(http.send(HttpRequest.newBuilder(get).DELETE().build(), none).statusCode(), 403,
          "status of DELETE by a URL for GET");
    }
  }
}
