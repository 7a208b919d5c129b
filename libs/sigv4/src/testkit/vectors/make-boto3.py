"""Writes boto3.json: what boto3 signs, with the moment it was signed at. Run: python3 make-boto3.py"""

import json
import pathlib
import re
import time
from urllib.parse import urlsplit

import boto3
import botocore
from botocore.config import Config

KEY, SECRET, TOKEN = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "FwoGZXIvYXdzEBYaD/+tok=="
ENDPOINT = "http://s3.localhost:9010"
cases = []


def client(region, style="path", token=None, **config):
    return boto3.client(
        "s3",
        region_name=region,
        endpoint_url=ENDPOINT,
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        aws_session_token=token,
        config=Config(s3={"addressing_style": style}, **config),
    )


def presign(name, s3, operation, params, method, bucket=None, headers=None, expires=3600):
    url = urlsplit(s3.generate_presigned_url(operation, Params=params, ExpiresIn=expires, HttpMethod=method))
    cases.append(
        {
            "name": name,
            "method": method,
            "target": f"{url.path}?{url.query}",
            "headers": [["Host", url.netloc], *(headers or [])],
            "now": int(time.time()),
            **({"virtualHostBucket": bucket} if bucket else {}),
        }
    )


ODD = {"Bucket": "my-bucket", "Key": "folder/a b+c&d=e%20/ü(1)~'!*.txt"}
for region, version in (("us-east-1", "v2"), ("eu-central-1", "v4")):
    s3 = client(region)
    presign(f"{version} GET", s3, "get_object", {"Bucket": "my-bucket", "Key": "k.txt"}, "GET")
    presign(f"{version} GET odd key", s3, "get_object", ODD, "GET")
    presign(f"{version} HEAD", s3, "head_object", {"Bucket": "my-bucket", "Key": "k.txt"}, "HEAD")
    presign(f"{version} DELETE version", s3, "delete_object", {**ODD, "VersionId": "a/b+c"}, "DELETE")
    presign(
        f"{version} GET with response overrides",
        s3,
        "get_object",
        {**ODD, "ResponseContentType": "text/plain; charset=utf-8", "ResponseContentDisposition": 'attachment; filename="x y.txt"'},
        "GET",
    )
    presign(f"{version} list", s3, "list_objects_v2", {"Bucket": "my-bucket", "Prefix": "a b+ü/"}, "GET")
    presign(
        f"{version} upload part", s3, "upload_part", {**ODD, "UploadId": "u~1+=", "PartNumber": 3}, "PUT"
    )
    presign(f"{version} PUT", s3, "put_object", ODD, "PUT")
    presign(
        f"{version} PUT with headers",
        s3,
        "put_object",
        {**ODD, "ContentType": "text/plain", "Metadata": {"colour": "blue"}, "ServerSideEncryption": "AES256"},
        "PUT",
        headers=[["Content-Type", "text/plain"]]
        + ([["x-amz-meta-colour", "blue"], ["x-amz-server-side-encryption", "AES256"]] if version == "v4" else []),
    )
    presign(f"{version} GET a week", s3, "get_object", ODD, "GET", expires=604800)
    presign(f"{version} GET with token", client(region, token=TOKEN), "get_object", ODD, "GET")
    presign(f"{version} GET virtual host", client(region, "virtual"), "get_object", ODD, "GET", bucket="my-bucket")
    presign(
        f"{version} list virtual host", client(region, "virtual"), "list_objects", {"Bucket": "my-bucket"}, "GET", bucket="my-bucket"
    )


def capture(name, s3, call):
    def seen(request, **_):
        url = urlsplit(request.url)
        text = lambda v: v.decode("latin1") if isinstance(v, bytes) else str(v)
        cases.append(
            {
                "name": name,
                "method": request.method,
                "target": url.path + (f"?{url.query}" if url.query else ""),
                "headers": [["Host", url.netloc], *[[k, text(v)] for k, v in request.headers.items() if k.lower() != "host"]],
                "now": int(time.time()),
            }
        )
        raise StopIteration

    s3.meta.events.register("before-send.s3", seen)
    try:
        call(s3)
    except StopIteration:
        pass


for version, config in (("v2 header", {"signature_version": "s3"}), ("v4 header", {})):
    capture(f"{version} GET", client("us-east-1", **config), lambda s: s.get_object(**ODD))
    capture(f"{version} list", client("us-east-1", **config), lambda s: s.list_objects_v2(Bucket="my-bucket", Prefix="a b+ü/"))
    capture(
        f"{version} PUT",
        client("us-east-1", **config),
        lambda s: s.put_object(**ODD, Body=b"hello", Metadata={"a": "b  c"}, ContentType="text/plain"),
    )
    capture(f"{version} acl", client("us-east-1", **config), lambda s: s.get_bucket_acl(Bucket="my-bucket"))

out = {
    "source": f"boto3 {boto3.__version__}, botocore {botocore.__version__}, by make-boto3.py",
    "accessKeyId": KEY,
    "secretAccessKey": SECRET,
    "cases": cases,
}
assert all(re.search("Signature|Authorization|AWSAccessKeyId", json.dumps(c)) for c in cases)
pathlib.Path(__file__).with_name("boto3.json").write_text(json.dumps(out, indent=1) + "\n")
