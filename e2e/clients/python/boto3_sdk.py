"""boto3: client, resource, transfer manager, presigned URLs of both signature versions."""

import io

import boto3
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

import plain_http as http
from cell import *


def session():
    return boto3.session.Session(aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET, region_name=REGION)


def settings(**more):
    config = Config(s3={"addressing_style": ADDRESSING}, max_pool_connections=16, **more)
    return {"endpoint_url": ENDPOINT, "verify": CA, "config": config}


s3 = session().client("s3", **settings())
PARTS = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)


def refused(code, status, call, **arguments):
    """The call fails with this code and status; gives the error's class and message."""
    try:
        call(**arguments)
    except ClientError as error:
        answer = error.response
        expect_equal((answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]), (code, status), "refusal")
        return error
    raise AssertionError(f"nothing was refused where {code} was expected")


def body(key, **more):
    return s3.get_object(Bucket=BUCKET, Key=key, **more)["Body"].read()


@check
def bucket_is_made_found_and_deleted():
    s3.create_bucket(Bucket=MADE)
    s3.get_waiter("bucket_exists").wait(Bucket=MADE)
    expect(MADE in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]], "the bucket is not listed")
    s3.delete_bucket(Bucket=MADE)
    s3.get_waiter("bucket_not_exists").wait(Bucket=MADE)


@check
def small_object_with_metadata():
    content = data(70_001, 1)
    put = s3.put_object(
        Bucket=BUCKET,
        Key="small",
        Body=content,
        ContentType="text/x-made",
        Metadata={"colour": "blue"},
        CacheControl="no-store",
    )
    expect("ChecksumCRC32" in put, "the default checksum was not stored")
    got = s3.get_object(Bucket=BUCKET, Key="small")
    expect_bytes(got["Body"].read(), content, "object")
    expect_equal(
        (got["ContentType"], got["Metadata"], got["CacheControl"]),
        ("text/x-made", {"colour": "blue"}, "no-store"),
        "headers",
    )
    expect_equal(got["ETag"], put["ETag"], "ETag")


@check
def empty_object():
    s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    expect_equal((body("empty"), s3.head_object(Bucket=BUCKET, Key="empty")["ContentLength"]), (b"", 0), "empty object")


@check
def checksums_are_validated_on_read():
    content = data(300_000, 2)
    seen = []
    for algorithm in ["CRC32", "SHA1", "SHA256"]:
        s3.put_object(Bucket=BUCKET, Key="summed", Body=io.BytesIO(content), ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket=BUCKET, Key="summed", ChecksumMode="ENABLED")
        # Only then does the SDK wrap the body in a reader that fails on other bytes.
        expect_equal(type(got["Body"]).__name__, "StreamingChecksumBody", f"reader of {algorithm}")
        expect_bytes(got["Body"].read(), content, algorithm)
        seen.append(algorithm)
    return ", ".join(seen)


@check
def wrong_checksum_is_refused():
    # The SDK would send it again, four times.
    once = session().client("s3", **settings(retries={"total_max_attempts": 1}))
    refused("BadDigest", 400, once.put_object, Bucket=BUCKET, Key="never", Body=b"other", ChecksumCRC32="AAAAAA==")
    refused("404", 404, s3.head_object, Bucket=BUCKET, Key="never")


@check
def transfer_manager_moves_many_parts():
    content = data(17 * MIB + 13, 3)
    s3.upload_fileobj(io.BytesIO(content), BUCKET, "parts", Config=PARTS)
    head = s3.head_object(Bucket=BUCKET, Key="parts", ChecksumMode="ENABLED")
    expect(head["ETag"].endswith('-4"'), f"not four parts: {head['ETag']}")
    target = io.BytesIO()
    s3.download_fileobj(BUCKET, "parts", target, Config=PARTS)
    expect_bytes(target.getvalue(), content, "object in parts")
    part = s3.get_object(Bucket=BUCKET, Key="parts", PartNumber=4)
    expect_bytes(part["Body"].read(), content[15 * MIB :], "fourth part")
    return f"{head['ETag']} {head.get('ChecksumType')}"


@check
def stream_of_unknown_length():
    content = data(11 * MIB + 7, 4)
    s3.upload_fileobj(Stream(content), BUCKET, "stream", Config=PARTS)
    expect_bytes(body("stream"), content, "streamed object")


@check
def ranges():
    content = data(300_000, 5)
    s3.put_object(Bucket=BUCKET, Key="ranges", Body=content)
    for asked, wanted in [
        ("0-0", content[:1]),
        ("65000-140000", content[65000:140001]),
        ("299990-", content[299990:]),
        ("-77", content[-77:]),
    ]:
        got = s3.get_object(Bucket=BUCKET, Key="ranges", Range=f"bytes={asked}")
        expect_equal(got["ResponseMetadata"]["HTTPStatusCode"], 206, asked)
        expect_bytes(got["Body"].read(), wanted, asked)
    refused("InvalidRange", 416, s3.get_object, Bucket=BUCKET, Key="ranges", Range="bytes=300000-")


@check
def odd_keys():
    for number, key in enumerate(ODD_KEYS):
        s3.put_object(Bucket=BUCKET, Key=f"odd/{key}", Body=data(1000, number))
    for number, key in enumerate(ODD_KEYS):
        expect_bytes(body(f"odd/{key}"), data(1000, number), key)
    listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix="odd/")["Contents"]]
    expect_equal(sorted(listed), sorted(f"odd/{key}" for key in ODD_KEYS), "listed keys")


@check
def copies():
    source = {"Bucket": BUCKET, "Key": f"odd/{ODD_KEYS[2]}"}
    s3.copy_object(Bucket=BUCKET, Key="copied +", CopySource=source)
    expect_bytes(body("copied +"), data(1000, 2), "copy")
    s3.copy({"Bucket": BUCKET, "Key": "parts"}, BUCKET, "parts copied", Config=PARTS)
    expect_bytes(body("parts copied"), data(17 * MIB + 13, 3), "copy in parts")


@check
def conditional_writes():
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"first", IfNoneMatch="*")
    refused("PreconditionFailed", 412, s3.put_object, Bucket=BUCKET, Key="once", Body=b"second", IfNoneMatch="*")
    etag = s3.head_object(Bucket=BUCKET, Key="once")["ETag"]
    s3.put_object(Bucket=BUCKET, Key="once", Body=b"third", IfMatch=etag)
    refused("PreconditionFailed", 412, s3.put_object, Bucket=BUCKET, Key="once", Body=b"fourth", IfMatch=etag)
    expect_equal(body("once"), b"third", "content")
    refused(
        "304",
        304,
        s3.get_object,
        Bucket=BUCKET,
        Key="once",
        IfNoneMatch=s3.head_object(Bucket=BUCKET, Key="once")["ETag"],
    )


@check
def not_found_is_told_by_class():
    expect(
        isinstance(refused("NoSuchKey", 404, s3.get_object, Bucket=BUCKET, Key="absent"), s3.exceptions.NoSuchKey),
        "not a NoSuchKey",
    )
    missing = refused("NoSuchBucket", 404, s3.list_objects_v2, Bucket=ABSENT)
    expect(isinstance(missing, s3.exceptions.NoSuchBucket), "not a NoSuchBucket")
    refused("404", 404, s3.head_object, Bucket=BUCKET, Key="absent")
    refused("404", 404, s3.head_bucket, Bucket=ABSENT)
    gone = refused("NoSuchUpload", 404, s3.list_parts, Bucket=BUCKET, Key="parts", UploadId="a" * 40)
    return str(gone)


@check
def bucket_of_ones_own_is_told_by_class():
    s3.create_bucket(Bucket=MADE)
    try:
        west = session().client("s3", **settings())
        west.create_bucket(Bucket=MADE)
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists) as error:
        return str(error)
    finally:
        s3.delete_bucket(Bucket=MADE)


@check
def forbidden():
    anonymous = boto3.session.Session(region_name=REGION).client("s3", **settings(signature_version=UNSIGNED))
    refused("AccessDenied", 403, anonymous.get_object, Bucket=BUCKET, Key="small")
    refused("AccessDenied", 403, anonymous.list_objects_v2, Bucket=BUCKET)
    refused("403", 403, anonymous.head_object, Bucket=BUCKET, Key="small")
    liar = boto3.session.Session(aws_access_key_id=KEY_ID, aws_secret_access_key="x" * 40, region_name=REGION)
    refused("SignatureDoesNotMatch", 403, liar.client("s3", **settings()).get_object, Bucket=BUCKET, Key="small")
    nobody = boto3.session.Session(
        aws_access_key_id="AKIA0000000000000000", aws_secret_access_key=SECRET, region_name=REGION
    )
    refused("InvalidAccessKeyId", 403, nobody.client("s3", **settings()).get_object, Bucket=BUCKET, Key="small")


@check
def resource_interface():
    resource = session().resource("s3", **settings())
    bucket = resource.Bucket(BUCKET)
    made = bucket.put_object(Key="resource/one", Body=b"one")
    expect_equal(made.get()["Body"].read(), b"one", "content")
    resource.Object(BUCKET, "resource/two").copy_from(CopySource={"Bucket": BUCKET, "Key": "resource/one"})
    expect_equal(
        [entry.key for entry in bucket.objects.filter(Prefix="resource/")], ["resource/one", "resource/two"], "keys"
    )
    bucket.objects.filter(Prefix="resource/").delete()
    expect_equal(list(bucket.objects.filter(Prefix="resource/")), [], "keys after deletion")


@check
def listing_in_pages():
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket=MANY_BUCKET))
    expect_equal(len(pages), 2, "pages of 1000")
    expect_equal([entry["Key"] for page in pages for entry in page["Contents"]], MANY_KEYS, "listed keys")
    older = s3.get_paginator("list_objects").paginate(Bucket=MANY_BUCKET, PaginationConfig={"PageSize": 300})
    expect_equal([entry["Key"] for page in older for entry in page["Contents"]], MANY_KEYS, "keys listed by markers")
    grouped = s3.list_objects_v2(Bucket=MANY_BUCKET, Delimiter="/")
    expect_equal([each["Prefix"] for each in grouped["CommonPrefixes"]], ["many/"], "prefixes")
    expect_equal(
        sum(1 for _ in session().resource("s3", **settings()).Bucket(MANY_BUCKET).objects.all()), MANY, "objects"
    )


@check
def deletion_in_batches():
    keys = [f"gone/{number} & more" for number in range(40)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})
    expect_equal(
        (sorted(each["Key"] for each in answer["Deleted"]), answer.get("Errors")), (sorted(keys), None), "deleted"
    )
    expect_equal(s3.list_objects_v2(Bucket=BUCKET, Prefix="gone/")["KeyCount"], 0, "keys left")


@check
def presigned_urls_of_both_versions():
    content, seen = data(50_000, 6), []
    for version, mark in [("s3v4", "X-Amz-Signature="), ("s3", "AWSAccessKeyId=")]:
        signer = session().client("s3", **settings(signature_version=version))
        target = {"Bucket": BUCKET, "Key": f"presigned {version} + ü"}
        put = signer.generate_presigned_url("put_object", Params=target, ExpiresIn=300)
        expect(mark in put, f"not a URL of {version}")
        expect_equal(http.send("PUT", put, content).status, 200, f"PUT of {version}")
        got = http.send("GET", signer.generate_presigned_url("get_object", Params=target, ExpiresIn=300))
        expect_equal(got.status, 200, f"GET of {version}")
        expect_bytes(got.body, content, version)
        other = put.replace("presigned", "replaced_")
        expect_equal(http.send("PUT", other, content).status, 403, f"PUT of another key by {version}")
        seen.append(version)
    return ", ".join(seen)


@check
def versions_of_an_object():
    s3.create_bucket(Bucket=MADE)
    s3.put_bucket_versioning(Bucket=MADE, VersioningConfiguration={"Status": "Enabled"})
    first, second = (s3.put_object(Bucket=MADE, Key="k", Body=text)["VersionId"] for text in [b"first", b"second"])
    expect_equal(s3.get_object(Bucket=MADE, Key="k", VersionId=first)["Body"].read(), b"first", "first version")
    marker = s3.delete_object(Bucket=MADE, Key="k")
    expect(marker["DeleteMarker"], "no delete marker")
    listed = s3.list_object_versions(Bucket=MADE)
    expect_equal([each["VersionId"] for each in listed["Versions"]], [second, first], "versions")
    versions = session().resource("s3", **settings()).Bucket(MADE).object_versions
    versions.delete()
    s3.delete_bucket(Bucket=MADE)


run()
