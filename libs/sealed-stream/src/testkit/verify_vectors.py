"""Checks the published vectors with Python's `cryptography`, from the documents alone. Usage: verify_vectors.py FILE"""
import hashlib
import json
import struct
import sys

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def fields(values):
    encoded = [value.encode("utf-8") for value in values]
    return b"".join(struct.pack(">I", len(value)) + value for value in encoded)


def hkdf(secret, salt, info, length):
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)


def check_sealed(vector):
    plain = bytes((31 * i + i // 256 + 7) % 256 for i in range(vector["plainSize"]))
    identity = vector["identity"]
    digest = hashlib.sha256(fields([identity[n] for n in ("bucketId", "key", "versionId", "blobId")])).digest()
    prefix, salt = bytes.fromhex(vector["noncePrefix"]), bytes.fromhex(vector["salt"])
    output = hkdf(bytes.fromhex(vector["dataKey"]), salt, b"coffer/sealed-stream/v1" + digest, 64)
    header = b"CFSB\x01" + prefix + salt + output[32:]
    assert header.hex() == vector["header"], "header"
    count = max(1, -(-len(plain) // 65536))
    sealed = header
    for i in range(count):
        nonce = prefix + struct.pack(">IB", i, 1 if i == count - 1 else 0)
        sealed += AESGCM(output[:32]).encrypt(nonce, plain[i * 65536 : (i + 1) * 65536], None)
    assert len(sealed) == vector["sealedSize"], "size"
    assert hashlib.sha256(sealed).hexdigest() == vector["sealedSha256"], "sealed"


def check_wrapped(vector):
    wrapped, key_id = bytes.fromhex(vector["wrapped"]), vector["wrappingKeyId"].encode("utf-8")
    version = wrapped[0]
    head = bytes([version, len(key_id)]) + key_id
    assert wrapped.startswith(head), "head"
    rest = wrapped[len(head) :]
    kek, salt, commitment = bytes.fromhex(vector["wrappingKey"]), rest[:32], rest[32:64]
    assert salt.hex() == vector["salt"], "salt"
    if version == 1:
        output = hkdf(kek, salt, b"coffer/wrapped-key/v1", 76)
        key, nonce, expected, sealed = output[:32], output[32:44], output[44:], rest[64:]
    else:
        assert version == 2, "version"
        output = hkdf(kek, salt, b"coffer/wrapped-key/v2", 64)
        key, nonce, expected, sealed = output[:32], rest[64:76], output[32:], rest[76:]
    assert commitment == expected, "commitment"
    pairs = sorted(vector["context"].items(), key=lambda pair: pair[0].encode("utf-8"))
    aad = head + fields([text for pair in pairs for text in pair])
    secret = AESGCM(key).decrypt(nonce, sealed, aad)
    assert secret.hex() == vector["secret"], "secret"


published = json.load(open(sys.argv[1], encoding="utf-8"))
for one in published["sealed"]:
    check_sealed(one)
for one in published["wrapped"]:
    check_wrapped(one)
print(len(published["sealed"]) + len(published["wrapped"]))
