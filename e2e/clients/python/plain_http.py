"""Requests without an SDK, for presigned URLs: no redirect, no proxy, the authority of the cell."""

import http.client
import ssl
from collections import namedtuple
from urllib.parse import urlsplit

from cell import CA

Answer = namedtuple("Answer", "status headers body")


def send(method, url, body=None, headers=None):
    parts = urlsplit(url)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.netloc, timeout=30, context=ssl.create_default_context(cafile=CA)
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(
            method, f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path, body, headers or {}
        )
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()
