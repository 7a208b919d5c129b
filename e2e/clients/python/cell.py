"""What the Python programs share: the cell they run in, seeded bytes, one JSON line for each check."""

import hashlib
import json
import os
import random
import sys
import time

MIB = 1024 * 1024

ENDPOINT = os.environ["CELL_ENDPOINT"]
ADDRESSING = os.environ["CELL_ADDRESSING"]
# PEM file of the authority to trust; absent over plain HTTP.
CA = os.environ.get("CELL_CA") or None
# A bucket that is there and empty. Names that begin with it and a hyphen are the program's own.
BUCKET = os.environ["CELL_BUCKET"]
MADE = f"{BUCKET}-made"
ABSENT = f"{BUCKET}-absent"
# A bucket with MANY keys, more than one page of a listing.
MANY_BUCKET = os.environ["CELL_MANY_BUCKET"]
MANY = int(os.environ["CELL_MANY"])
MANY_KEYS = [f"many/{number:05d}" for number in range(MANY)]
REGION = os.environ["AWS_REGION"]
KEY_ID = os.environ["AWS_ACCESS_KEY_ID"]
SECRET = os.environ["AWS_SECRET_ACCESS_KEY"]

# Keys that signers, URL parsers and XML writers get wrong, each in its own way.
ODD_KEYS = [
    "a folder/with spaces.txt",
    "plus+and&ampersand=equals",
    "ünïcödé/日本語/🗝",
    "percent%20literal%2F",
    "quote'\"<tag>;semi,colon:at@hash#question?",
    "dots.../~tilde*(star)!",
    "trailing slash/",
]

_checks = []


def check(function):
    """Registers a check; it is named by its function, and what it returns is shown as its detail."""
    _checks.append(function)
    return function


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


def expect_equal(actual, wanted, what):
    if actual != wanted:
        raise AssertionError(f"{what}: {actual!r:.300} where {wanted!r:.300} was expected")


def data(size, seed):
    return random.Random(seed).randbytes(size)


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def expect_bytes(actual, wanted, what):
    if sha256(actual) != sha256(wanted):
        raise AssertionError(f"{what}: {len(actual)} bytes that differ from the {len(wanted)} stored")


class Stream:
    """A reader that can neither seek nor tell its length, as the end of a pipe."""

    def __init__(self, content):
        self._content = memoryview(content)
        self._at = 0

    def read(self, size=-1):
        piece = bytes(
            self._content[self._at :] if size is None or size < 0 else self._content[self._at : self._at + size]
        )
        self._at += len(piece)
        return piece


def name_of(function):
    return function.__name__.replace("_", " ")


def run():
    """Runs the checks in their order, all of them even when one fails. With `--list` it prints their names instead."""
    if "--list" in sys.argv:
        print(json.dumps([name_of(function) for function in _checks]))
        sys.exit(0)
    failed = False
    for function in _checks:
        started = time.monotonic()
        try:
            detail, ok = function() or "", True
        except Exception as error:
            detail, ok, failed = f"{type(error).__module__}.{type(error).__name__}: {error}", False, True
        milliseconds = round((time.monotonic() - started) * 1000)
        line = {"name": name_of(function), "ok": ok, "ms": milliseconds, "detail": str(detail)[:2000]}
        print(json.dumps(line), flush=True)
    sys.exit(1 if failed else 0)
