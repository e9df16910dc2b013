#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A registry that misbehaves on request, for tests.

    faultreg.py [--port N] [--root DIR] [--tls CERT KEY [--client-ca PEM]] [--user NAME:PASSWORD]
                [--challenge bearer|basic] [--layer FILE.tar] [--list]

The first component of a repository's name chooses the fault (`--list` prints them):
`127.0.0.1:PORT/reset-mid-once/17:latest`. What a fault counts ("the first two requests") it counts
for each full repository name, so a test takes a name of its own. Every repository holds the same
small image, tag `latest`: one gzip layer, the same bytes in every run.

The first line on stdout is the port, the second the port of a second plain HTTP server ("other"),
which redirects and foreign realms point to. DIR/requests.log gets a JSON object a line:
server ("registry", "other"), method, path, auth (the Authorization header or null), range.
Names that begin with "upload" take uploads, too: what is pushed there can be pulled again.
Needs only Python's standard library.
"""
import argparse
import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import platform
import re
import signal
import socket
import ssl
import struct
import sys
import tarfile
import threading
import time
import urllib.parse

OCI = "application/vnd.oci.image."
MANIFEST, INDEX = OCI + "manifest.v1+json", OCI + "index.v1+json"
CONFIG, LAYER = OCI + "config.v1+json", OCI + "layer.v1.tar+gzip"
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def noise(size):
    """Bytes that gzip can't shrink, the same each time."""
    blocks = (hashlib.sha256(b"%d" % i).digest() for i in range(size // 32 + 1))
    return b"".join(blocks)[:size]


def make_layer():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in (("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n"),
                           ("hello.txt", b"hello\n"), ("noise", noise(256 * 1024))):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


class Image:
    """One-layer image and documents derived from it."""

    def __init__(self, tar):
        self.layer = gzip.compress(tar, 6, mtime=0)
        self.config = self.dump({
            "architecture": ARCH, "os": "linux", "created": "2020-01-01T00:00:00Z",
            "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]}})
        self.manifest = self.make_manifest()

    @staticmethod
    def dump(value):
        return json.dumps(value, separators=(",", ":")).encode()

    @staticmethod
    def descriptor(media_type, data, **extra):
        return {"mediaType": media_type, "digest": digest_of(data), "size": len(data), **extra}

    def make_manifest(self, config_extra=None, layer_extra=None, **extra):
        config = self.descriptor(CONFIG, self.config, **(config_extra or {}))
        layer = self.descriptor(LAYER, self.layer, **(layer_extra or {}))
        return self.dump({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                          "layers": [layer], **extra})

    def make_index(self, *entries):
        return self.dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)})


class State:
    """What all threads share."""

    def __init__(self, options):
        self.options = options
        tar = open(options.layer, "rb").read() if options.layer else make_layer()
        self.image = Image(tar)
        self.lock = threading.Lock()
        self.counts = {}
        self.layers_under_way = 0
        self.tokens = {}  # token -> [repository, uses left]
        self.uploads = {}  # session -> bytearray
        self.blobs = {}  # repository -> {digest: bytes}
        self.manifests = {}  # repository -> {tag or digest: (type, bytes)}
        self.log_file = open(os.path.join(options.root, "requests.log"), "a", buffering=1)

    def count(self, key):
        """How often this was called for `key`, this call included."""
        with self.lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]

    @contextlib.contextmanager
    def under_way(self):
        """Counts the answers that are under way."""
        with self.lock:
            self.layers_under_way += 1
        try:
            yield
        finally:
            with self.lock:
                self.layers_under_way -= 1

    def log(self, **fields):
        with self.lock:
            self.log_file.write(json.dumps(fields) + "\n")

    def issue(self, repository, uses):
        token = f"token-{self.count('token')}"
        with self.lock:
            self.tokens[token] = [repository, uses]
        return token

    def accepts(self, token, repository):
        with self.lock:
            entry = self.tokens.get(token)
            if entry is None or entry[0] != repository or entry[1] == 0:
                return False
            entry[1] -= 1
            return True


FAULTS = {}      # name -> (explanation, function or None)
CHALLENGES = {}  # name -> function(handler) -> list of WWW-Authenticate values


def fault(name, explanation):
    """The function gets the handler and what is asked for ("manifest", "config", "layer"); it
    returns True when it has answered, anything else for the normal answer."""
    def register(function):
        FAULTS[name] = (explanation, function)
        return function
    return register


def bearer(handler, realm=None, scope=None):
    realm = realm or f"{handler.base()}/token/{handler.repository}"
    scope = scope or f"repository:{handler.repository}:pull"
    return [f'Bearer realm="{realm}",service="faultreg",scope="{scope}"']


def auth_fault(name, explanation, challenge):
    FAULTS[name] = (explanation, None)
    CHALLENGES[name] = challenge


# Faults of blobs -----------------------------------------------------------------------------

FAULTS["ok"] = ("no fault", None)


def half(handler):
    return len(handler.state.image.layer) // 2


@fault("reset-mid-once", "the layer's first download is reset half way")
def reset_mid_once(h, what):
    if what == "layer" and h.count() == 1:
        return h.partial(half(h), h.reset)


@fault("reset-mid", "every download of the layer is reset after 1000 bytes")
def reset_mid(h, what):
    if what == "layer":
        return h.partial(1000, h.reset)


@fault("truncate", "the layer ends half way, orderly, every time")
def truncate(h, what):
    if what == "layer":
        return h.partial(max(0, half(h) - h.range_start()), h.close)


@fault("cl-long", "the layer's Content-Length is 100 bytes more than there are")
def cl_long(h, what):
    if what == "layer":
        data = h.state.image.layer
        h.head(200, {"Content-Length": len(data) + 100})
        h.wfile.write(data)
        return h.close()


@fault("cl-short", "the layer and its Content-Length lack 100 bytes")
def cl_short(h, what):
    if what == "layer":
        return h.answer(200, h.state.image.layer[:-100])


@fault("baddigest-blob", "one bit of the layer is wrong")
def baddigest_blob(h, what):
    if what == "layer":
        data = h.state.image.layer
        return h.answer(200, data[:-1] + bytes([data[-1] ^ 1]))


@fault("stall-mid", "the layer stops half way, the connection stays open")
def stall_mid(h, what):
    if what == "layer":
        return h.partial(max(0, half(h) - h.range_start()), h.stall)


@fault("slow", "the layer comes with 10 bytes a second")
def slow(h, what):
    if what == "layer":
        data = h.state.image.layer
        h.head(200, {"Content-Length": len(data)})
        for i in range(len(data)):
            h.wfile.write(data[i:i + 1])
            h.wfile.flush()
            time.sleep(0.1)
        return True


def trickle(h, data, limit):
    """What was asked for of `data`, with `limit()` bytes every 10 ms."""
    start, end = h.range(len(data))
    headers = {"Content-Length": end - start}
    if h.headers.get("Range"):
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    h.head(206 if h.headers.get("Range") else 200, headers)
    while start < end:
        count = min(limit(), end - start)
        h.wfile.write(data[start:start + count])
        start += count
        time.sleep(0.01)
    return True


@fault("slow-connection", "the layer comes with 3 MB a second over each connection")
def slow_connection(h, what):
    if what == "layer":
        return trickle(h, h.state.image.layer, lambda: 30000)


@fault("slow-network", "the layer comes with 3 MB a second over all connections together")
def slow_network(h, what):
    if what == "layer":
        with h.state.under_way():
            return trickle(h, h.state.image.layer, lambda: 30000 // h.state.layers_under_way)


@fault("slow-whole", "the layer comes with 3 MB a second, and never a part of it")
def slow_whole(h, what):
    if what == "layer":
        del h.headers["Range"]
        return trickle(h, h.state.image.layer, lambda: 30000)


@fault("range-ignored", "reset half way once, then Range is ignored")
def range_ignored(h, what):
    if what == "layer":
        if h.count() == 1:
            return h.partial(half(h), h.reset)
        return h.answer(200, h.state.image.layer)


@fault("range-wrong", "reset half way once, then another range than the one asked for")
def range_wrong(h, what):
    if what == "layer":
        if h.count() == 1:
            return h.partial(half(h), h.reset)
        data = h.state.image.layer
        return h.answer(206, data, {"Content-Range": f"bytes 0-{len(data) - 1}/{len(data)}"})


@fault("404-blob", "the layer does not exist")
def missing_blob(h, what):
    if what == "layer":
        return h.error(404, "BLOB_UNKNOWN", "blob unknown to registry")


@fault("503-blob", "the layer's first two downloads are answered with 503")
def busy_blob(h, what):
    if what == "layer" and h.count() <= 2:
        return h.error(503, "UNAVAILABLE", "busy", {"Retry-After": "0"})


@fault("foreign-url", "the layer is only to be had from another server")
def foreign_url(h, what):
    if what == "manifest":
        extra = {"urls": [f"{h.other()}/foreign"],
                 "mediaType": OCI + "layer.nondistributable.v1.tar+gzip"}
        return h.document(h.state.image.make_manifest(layer_extra=extra))
    if what == "layer":
        return h.error(404, "BLOB_UNKNOWN", "blob unknown to registry")


# Faults of manifests -------------------------------------------------------------------------

@fault("baddigest-manifest", "the manifest is not what its digest says")
def baddigest_manifest(h, what):
    if what == "manifest":
        good = h.state.image.manifest
        return h.answer(200, good + b"\n", {"Content-Type": MANIFEST,
                                            "Docker-Content-Digest": digest_of(good)})


@fault("stall-headers", "no answer to the request for the manifest")
def stall_headers(h, what):
    if what == "manifest":
        return h.stall()


@fault("gone", "the connection is closed instead of an answer")
def gone(h, what):
    return h.close()


@fault("http09", "an answer without status line and headers")
def http09(h, what):
    h.wfile.write(b"hello\n")
    return h.close()


@fault("html-200", "a web page, with status 200")
def html(h, what):
    return h.answer(200, b"<html>Please log in</html>", {"Content-Type": "text/html; charset=x"})


@fault("empty-manifest", "a manifest of 0 bytes")
def empty_manifest(h, what):
    if what == "manifest":
        return h.answer(200, b"", {"Content-Type": MANIFEST})


@fault("no-type", "a manifest with neither Content-Type nor mediaType")
def no_type(h, what):
    if what == "manifest":
        data = json.loads(h.state.image.manifest)
        del data["mediaType"]
        return h.answer(200, Image.dump(data))


@fault("wrong-type", "a manifest that is sent as an index")
def wrong_type(h, what):
    if what == "manifest":
        return h.answer(200, h.state.image.manifest, {"Content-Type": INDEX})


@fault("ambiguous", "a manifest that is an index too")
def ambiguous(h, what):
    if what == "manifest":
        return h.document(h.state.image.make_manifest(manifests=[]))


@fault("huge-manifest", "a manifest without end")
def huge_manifest(h, what):
    if what == "manifest":
        h.head(200, {"Content-Type": MANIFEST, "Content-Length": 10 << 30})
        return h.flood(b'{"schemaVersion":2,"x":"' + b"a" * 65000)


@fault("size-layer", "the manifest has a wrong size for the layer")
def size_layer(h, what):
    if what == "manifest":
        return h.document(h.state.image.make_manifest(layer_extra={"size": 1}))


@fault("size-config", "the manifest has a wrong size for the config")
def size_config(h, what):
    if what == "manifest":
        return h.document(h.state.image.make_manifest(config_extra={"size": 1}))


@fault("evil-digest", "the layer's digest is a path")
def evil_digest(h, what):
    if what == "manifest":
        extra = {"digest": "sha256:../../../../etc/passwd"}
        return h.document(h.state.image.make_manifest(layer_extra=extra))


@fault("hdr-digest", "Docker-Content-Digest is a path")
def hdr_digest(h, what):
    if what == "manifest":
        return h.answer(200, h.state.image.manifest, {
            "Content-Type": MANIFEST, "Docker-Content-Digest": "sha256:../../x"})


@fault("hdr-huge", "headers without end")
def hdr_huge(h, what):
    h.wfile.write(b"HTTP/1.1 200 OK\r\n")
    return h.flood(b"X-Filler: " + b"x" * 1000 + b"\r\n")


@fault("cookie-set", "sets cookies, which must not come back")
def cookie_set(h, what):
    if what == "manifest":
        return h.document(h.state.image.manifest, {"Set-Cookie": "a=b; Path=/"})


def index_entry(data, arch=ARCH, system="linux", media_type=MANIFEST):
    return Image.descriptor(media_type, data,
                            platform={"architecture": arch, "os": system})


@fault("index", "no fault: an index of three manifests")
def index(h, what):
    if what == "manifest" and not h.asked_digest():
        good = h.state.image.manifest
        return h.document(h.state.image.make_index(
            index_entry(b"attestation", "unknown", "unknown"),
            index_entry(b"other", "riscv64" if ARCH != "riscv64" else "amd64"),
            index_entry(good)), media_type=INDEX)


@fault("deep-index", "an index in an index, without end")
def deep_index(h, what):
    if what == "manifest":
        level = 0
        document = h.state.image.make_index(index_entry(h.state.image.manifest))
        wanted = h.asked_digest()
        while level < 20 and digest_of(document) != wanted:
            document = h.state.image.make_index(index_entry(document, media_type=INDEX))
            level += 1
        return h.document(document, media_type=INDEX)


@fault("wide-index", "an index of 50 000 manifests")
def wide_index(h, what):
    if what == "manifest":
        entry = index_entry(b"x")
        return h.document(h.state.image.make_index(*[entry] * 50000), media_type=INDEX)


@fault("no-platform", "an index without an image for this machine")
def no_platform(h, what):
    if what == "manifest":
        return h.document(h.state.image.make_index(index_entry(b"x", "s390x", "windows")),
                          media_type=INDEX)


# Faults of every request ---------------------------------------------------------------------

def twice(status, **headers):
    def answer(h, what):
        if h.count() <= 2:
            return h.error(status, "TOOMANYREQUESTS", "slow down", headers)
    return answer


FAULTS["429"] = ("429 with Retry-After: 1, twice", twice(429, **{"Retry-After": "1"}))
FAULTS["503"] = ("503 with Retry-After: 1, twice", twice(503, **{"Retry-After": "1"}))


@fault("429-always", "429 every time")
def too_many(h, what):
    return h.error(429, "TOOMANYREQUESTS", "slow down", {"Retry-After": "0"})


@fault("429-huge-retry", "429 with Retry-After of a day")
def too_many_for_long(h, what):
    return h.error(429, "TOOMANYREQUESTS", "slow down", {"Retry-After": "86400"})


@fault("503-always", "503 every time")
def unavailable(h, what):
    return h.error(503, "UNAVAILABLE", "maintenance")


@fault("500", "500 with control characters in the message")
def broken(h, what):
    return h.error(500, "UNKNOWN", "oops \x1b[2J\x1b]0;title\x07 done")


@fault("redirect-other", "the layer is on another server (needs a token)")
def redirect_other(h, what):
    if what == "layer":
        return h.redirect(f"{h.other()}/blob")


@fault("redirect-ftp", "the layer is redirected to ftp:")
def redirect_ftp(h, what):
    if what == "layer":
        return h.redirect("ftp://127.0.0.1/layer")


@fault("redirect-file", "the layer is redirected to file:")
def redirect_file(h, what):
    if what == "layer":
        return h.redirect("file:///etc/passwd")


@fault("redirect-loop", "the layer is redirected to itself")
def redirect_loop(h, what):
    if what == "layer":
        return h.redirect(h.path)


# Faults of authentication --------------------------------------------------------------------

CHALLENGES["redirect-other"] = bearer
auth_fault("auth-bearer", "no fault: needs a token", bearer)
auth_fault("auth-basic", "no fault: needs a password", lambda h: ['Basic realm="faultreg"'])
auth_fault("double-auth", "no fault: offers Basic and Bearer, in two headers",
           lambda h: ['Basic realm="faultreg"'] + bearer(h))
auth_fault("double-auth-one", "no fault: offers Basic and Bearer, in one header",
           lambda h: ['Basic realm="faultreg", ' + bearer(h)[0]])
auth_fault("auth-unquoted", "no fault: a challenge without quotes",
           lambda h: [bearer(h)[0].replace('"', "")])
auth_fault("401-always", "no token is good enough", bearer)
auth_fault("token-expired", "no fault: a token is good for two requests", bearer)
auth_fault("token-huge", "a token without end", bearer)
auth_fault("token-long", "a token of 200 000 characters", bearer)
auth_fault("token-html", "a web page instead of a token", bearer)
auth_fault("token-empty", "{} instead of a token", bearer)
auth_fault("token-crlf", "a token with a line break in it", bearer)
auth_fault("token-slow", "no answer from the token server", bearer)
auth_fault("token-500", "the token server fails", bearer)
auth_fault("token-denied", "the token server refuses", bearer)
auth_fault("realm-redirect", "the token server redirects to another server", bearer)
auth_fault("realm-file", "the token server is a file", lambda h: bearer(h, "file:///etc/passwd"))
auth_fault("realm-ftp", "the token server is an FTP server",
           lambda h: bearer(h, "ftp://127.0.0.1/"))
auth_fault("realm-http", "the token server speaks plain HTTP, on another port",
           lambda h: bearer(h, f"{h.other()}/token/{h.repository}"))
auth_fault("realm-user", "the realm has a user and a password in it",
           lambda h: bearer(h, h.base().replace("://", "://u:p@") + "/token/x"))
auth_fault("realm-fragment", "the realm has a fragment", lambda h: bearer(h, h.base() + "/t#f"))
auth_fault("realm-link-local", "the realm is the address of a cloud's metadata service",
           lambda h: bearer(h, "https://169.254.169.254/latest/"))
auth_fault("realm-relative", "the realm is no URL", lambda h: bearer(h, "/token"))
auth_fault("auth-no-realm", "a Bearer challenge without a realm", lambda h: ['Bearer service="x"'])
auth_fault("auth-none", "401 without a challenge", lambda h: [])
auth_fault("auth-empty", "401 with an empty challenge", lambda h: [""])
auth_fault("auth-negotiate", "401 with a challenge that nobody can answer",
           lambda h: ["Negotiate", "NTLM abc=="])
auth_fault("auth-many", "a challenge of 10 000 parameters",
           lambda h: ["Bearer " + ",".join(f'p{i}="x"' for i in range(10000))])
auth_fault("auth-garbage", "a challenge with an unfinished quote",
           lambda h: ['Bearer realm="http://x'])
auth_fault("scope-inject", "a challenge that asks for more than was requested",
           lambda h: bearer(h, scope="repository:other:push"))
auth_fault("auth-twice", "a challenge with two realms",
           lambda h: [bearer(h)[0] + ',realm="http://127.0.0.1/"'])
auth_fault("401-huge-body", "401 with a body without end", lambda h: [])


# Faults of uploads: what is "head", "post", "bytes" (a PATCH, or a PUT with a body), "close" (a PUT
# without), "status" or "put-manifest" --------------------------------------------------------------

FAULTS["upload"] = ("no fault, takes uploads", None)


def breaking(h, keep, end):
    """Half of a body, and the end of the connection."""
    left = int(h.headers.get("Content-Length") or 100_000) // 2

    def take(chunk):
        nonlocal left
        if keep:
            h.upload_data().extend(chunk)
        left -= len(chunk)
        if left <= 0:
            raise EOFError

    try:
        h.read_body(take)
    except EOFError:
        pass
    return end()


@fault("upload-reset-once", "the first upload is reset half way; what came is kept")
def upload_reset_once(h, what):
    if what == "bytes" and h.count() == 1:
        return breaking(h, True, h.reset)


@fault("upload-truncate-once", "the first upload's connection is closed half way; what came is kept")
def upload_truncate_once(h, what):
    if what == "bytes" and h.count() == 1:
        return breaking(h, True, h.close)


@fault("upload-forget-once", "the first upload is reset half way and forgotten")
def upload_forget_once(h, what):
    if what == "bytes" and h.count() == 1:
        h.state.uploads.pop(h.reference)
        return breaking(h, False, h.reset)


@fault("upload-reset", "every upload is reset, nothing is kept")
def upload_reset(h, what):
    if what == "bytes":
        return breaking(h, False, h.reset)


@fault("upload-stall", "an upload is not read to its end")
def upload_stall(h, what):
    if what == "bytes":
        h.rfile.read(10)
        time.sleep(120)
        return h.close()


@fault("upload-no-answer", "an upload is read and not answered")
def upload_no_answer(h, what):
    if what == "bytes":
        h.read_body(lambda chunk: None)
        return h.stall()


@fault("upload-429", "the first two requests for an upload are too many")
def upload_429(h, what):
    if what == "post" and h.count() <= 2:
        return h.error(429, "TOOMANYREQUESTS", "slow down", {"Retry-After": "0"})


@fault("upload-503", "the first two uploads are answered with 503")
def upload_503(h, what):
    if what in ("bytes", "close") and h.count() <= 2:
        h.read_body(lambda chunk: None)
        return h.error(503, "UNAVAILABLE", "busy", {"Retry-After": "0"})


@fault("upload-503-manifest", "the first two manifests are answered with 503")
def upload_503_manifest(h, what):
    if what == "put-manifest" and h.count() <= 2:
        h.read_body(lambda chunk: None)
        return h.error(503, "UNAVAILABLE", "busy", {"Retry-After": "0"})


@fault("upload-416-once", "the first upload is said to be at another offset")
def upload_416_once(h, what):
    if what == "bytes" and h.count() == 1:
        h.read_body(lambda chunk: None)
        return h.error(416, "RANGE_INVALID", "invalid content range")


def refuses(name, status, code, message, on):
    @fault(name, f"{status} for {on}")
    def refuse(h, what):
        if what == on:
            h.read_body(lambda chunk: None)
            return h.error(status, code, message)
    return refuse


refuses("upload-denied", 403, "DENIED", "requested access to the resource is denied", "post")
refuses("upload-readonly", 405, "UNSUPPORTED", "the operation is unsupported", "post")
refuses("upload-413", 413, "SIZE_INVALID", "", "bytes")
refuses("upload-507", 507, "UNKNOWN", "no space left on device", "bytes")
refuses("upload-manifest-400", 400, "MANIFEST_INVALID", "manifest \x1b[31minvalid", "put-manifest")
refuses("upload-manifest-denied", 403, "DENIED", "tag is immutable", "put-manifest")
refuses("upload-post-200", 200, "", "", "post")


@fault("upload-no-location", "an upload begins nowhere")
def upload_no_location(h, what):
    if what == "post":
        return h.answer(202, b"")


def located(name, explanation, location):
    @fault(name, explanation)
    def locate(h, what):
        if what == "post":
            return h.answer(202, b"", {"Location": location(h)})
    return locate


located("upload-other-host", "no fault: uploads go to another server", lambda h: f"{h.other()}/upload/1")
located("upload-ftp", "uploads go to an FTP server", lambda h: "ftp://127.0.0.1/x")
located("upload-file", "uploads go to a file", lambda h: "file:///etc/passwd")
located("upload-user", "uploads go to a place with a password", lambda h: "http://u:p@127.0.0.1:1/x")
located("upload-link-local", "uploads go to a cloud's metadata service", lambda h: "http://169.254.169.254/x")
located("upload-garbage", "uploads go to no URL", lambda h: "http://[:x")


@fault("upload-relative", "no fault: the place of an upload is a relative URL")
def upload_relative(h, what):
    if what == "post":
        session = h.new_upload()
        return h.answer(202, b"", {"Location": session + "?state=a%2Fb"})


@fault("upload-lie-blob", "a blob is said to have another digest")
def upload_lie_blob(h, what):
    if what == "bytes":
        h.read_body(lambda chunk: None)
        return h.answer(201, b"", {"Docker-Content-Digest": digest_of(b"something else")})


@fault("upload-lie-manifest", "a manifest is said to have another digest")
def upload_lie_manifest(h, what):
    if what == "put-manifest":
        h.read_body(lambda chunk: None)
        return h.answer(201, b"", {"Docker-Content-Digest": digest_of(b"something else")})


@fault("upload-short", "after a PATCH only eleven bytes are there")
def upload_short(h, what):
    if what == "bytes" and h.command == "PATCH":
        h.read_body(lambda chunk: None)
        return h.answer(202, b"", {"Location": h.path, "Range": "0-10"})


@fault("upload-mount", "no fault: what another repository has can be mounted")
def upload_mount(h, what):
    if what == "post" and "mount=" in h.path:
        return h.mount()


@fault("upload-mount-403", "mounting is forbidden")
def upload_mount_403(h, what):
    if what == "post" and "mount=" in h.path:
        return h.error(403, "DENIED", "no")


auth_fault("upload-token", "no fault: a token is good for two requests",
           lambda h: bearer(h, scope=f"repository:{h.repository}:pull,push"))
auth_fault("upload-auth", "no fault: needs a password", lambda h: ['Basic realm="faultreg"'])
auth_fault("upload-bearer", "no fault: needs a token", bearer)


@fault("407", "407 as a registry's answer")
def proxy_auth(h, what):
    return h.error(407, "PROXY", "no")


class Base(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "faultreg", ""
    wbufsize, disable_nagle_algorithm = 1 << 16, True  # head and body in one segment, at once
    timeout = 300
    name = ""

    @property
    def state(self):
        return self.server.state

    def log_message(self, *args):
        pass

    def log_request(self, *args):
        pass

    def do_GET(self):
        self.state.log(server=self.name, method=self.command, path=self.path,
                       auth=self.headers.get("Authorization"), range=self.headers.get("Range"),
                       cookie=self.headers.get("Cookie"))
        self.serve()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def read_body(self, take):
        """Gives the request's body to `take`, in pieces."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                take(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            chunk = self.rfile.read(min(left, 1 << 16))
            if not chunk:
                return
            take(chunk)
            left -= len(chunk)

    def head(self, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, str(one))
        self.end_headers()

    def answer(self, status, body, headers=None):
        self.head(status, {**(headers or {}), "Content-Length": len(body)})
        if self.command != "HEAD":
            self.wfile.write(body)
        return True

    def error(self, status, code, message, headers=None):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        return self.answer(status, body, {"Content-Type": "application/json", **(headers or {})})

    def redirect(self, location):
        return self.answer(307, b"", {"Location": location})

    def close(self):
        self.wfile.flush()
        self.close_connection = True
        return True

    def reset(self):
        self.wfile.flush()
        time.sleep(0.05)  # what was sent should arrive: a reset throws away what is on its way
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True
        return True

    def stall(self):
        self.wfile.flush()
        self.connection.settimeout(120)
        try:
            self.connection.recv(1)  # until the client goes away
        except OSError:
            pass
        return self.close()

    def flood(self, chunk):
        sent = 0
        while sent < 1 << 30:
            self.wfile.write(chunk)
            sent += len(chunk)
        return self.close()


class Registry(Base):
    name = "registry"
    repository = fault_name = reference = ""

    def base(self):
        scheme = "https" if self.state.options.tls else "http"
        return f"{scheme}://{self.headers.get('Host', '127.0.0.1')}"

    def other(self):
        return f"http://127.0.0.1:{self.state.other_port}"

    def count(self):
        return self.state.count((self.fault_name, self.repository))

    def asked_digest(self):
        return self.reference if self.reference.startswith("sha256:") else None

    def range(self, size):
        """Where the part that is asked for begins, and where it ends (not included)."""
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if not found:
            return 0, size
        return int(found[1]), min(size, int(found[2]) + 1) if found[2] else size

    def range_start(self):
        return self.range(0)[0]

    def blob(self, data):
        start, end = self.range(len(data))
        if not self.headers.get("Range"):
            return self.answer(200, data)
        if start >= len(data):
            return self.error(416, "RANGE_INVALID", "no such range")
        return self.answer(206, data[start:end],
                           {"Content-Range": f"bytes {start}-{end - 1}/{len(data)}"})

    def partial(self, count, end):
        """The layer's head and `count` bytes (from where the range starts), then `end`."""
        data, start = self.state.image.layer, self.range_start()
        headers = {"Content-Length": len(data) - start}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.head(206 if start else 200, headers)
        self.wfile.write(data[start:start + count])
        return end()

    def document(self, data, headers=None, media_type=MANIFEST):
        return self.answer(200, data, {"Content-Type": media_type, **(headers or {}),
                                       "Docker-Content-Digest": digest_of(data)})

    def serve(self):
        url = urllib.parse.urlparse(self.path)
        if url.path.startswith("/token/"):
            return self.token(url.path[len("/token/"):], urllib.parse.parse_qs(url.query))
        left, found, self.reference = url.path.partition("/blobs/uploads/")
        if found and left.startswith("/v2/upload"):
            return self.upload_request(left[len("/v2/"):], urllib.parse.parse_qs(url.query))
        for kind in ("manifests", "blobs"):
            left, found, self.reference = url.path.partition(f"/{kind}/")
            if found and left.startswith("/v2/"):
                self.repository = left[len("/v2/"):]
                self.fault_name = self.repository.split("/")[0]
                return self.repository_request(kind)
        if url.path == "/v2/":
            return self.answer(200, b"{}", {"Content-Type": "application/json"})
        return self.error(404, "NOT_FOUND", "no such page")

    def repository_request(self, kind):
        if self.fault_name not in FAULTS:
            return self.error(404, "NAME_UNKNOWN", "repository name not known to registry")
        if not self.authorized():
            return True
        image = self.state.image
        blobs = {digest_of(image.config): ("config", image.config),
                 digest_of(image.layer): ("layer", image.layer)}
        what, blob = ("manifest", None) if kind == "manifests" else \
            blobs.get(self.reference, ("unknown", None))
        function = FAULTS[self.fault_name][1]
        if self.command == "PUT":
            return self.put_manifest(function)
        if function and function(self, "head" if self.command == "HEAD" else what):
            return True
        if self.fault_name.startswith("upload"):
            return self.stored(kind)
        if what == "manifest" and self.reference in ("latest", digest_of(image.manifest)):
            return self.document(image.manifest)
        if what == "manifest":
            return self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        if blob is None:
            return self.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        return self.blob(blob)

    # Uploads ---------------------------------------------------------------------------------

    def new_upload(self):
        session = f"s{self.state.count('session')}"
        self.state.uploads[session] = bytearray()
        return session

    def upload_data(self):
        return self.state.uploads[self.reference]

    def upload_request(self, repository, query):
        self.repository = repository
        self.fault_name = repository.split("/")[0]
        if self.fault_name not in FAULTS:
            return self.error(404, "NAME_UNKNOWN", "repository name not known to registry")
        if not self.authorized():
            return True
        has_body = self.headers.get("Transfer-Encoding") or self.headers.get("Content-Length", "0") != "0"
        what = {"POST": "post", "GET": "status"}.get(self.command, "bytes" if has_body else "close")
        function = FAULTS[self.fault_name][1]
        if function and function(self, what):
            return True
        if what == "post":
            session = self.new_upload()
            return self.answer(202, b"", {"Location": f"/v2/{repository}/blobs/uploads/{session}"})
        if self.reference not in self.state.uploads:
            self.read_body(lambda chunk: None)
            return self.error(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        data = self.upload_data()
        place = {"Location": f"/v2/{repository}/blobs/uploads/{self.reference}",
                 "Range": f"0-{max(len(data) - 1, 0)}"}
        if what == "status":
            return self.answer(204, b"", place)
        wanted = self.headers.get("Content-Range")
        if wanted and int(wanted.split("-")[0]) != len(data):
            self.read_body(lambda chunk: None)
            return self.error(416, "RANGE_INVALID", "invalid content range")
        if what == "bytes" and not wanted:
            data.clear()
        self.read_body(data.extend)
        if self.command == "PATCH":
            place["Range"] = f"0-{max(len(data) - 1, 0)}"
            return self.answer(202, b"", place)
        digest = query["digest"][0]
        if digest_of(data) != digest:
            return self.error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.state.blobs.setdefault(repository, {})[digest] = bytes(data)
        del self.state.uploads[self.reference]
        return self.answer(201, b"", {"Docker-Content-Digest": digest})

    def mount(self):
        query = urllib.parse.parse_qs(urllib.parse.urlparse(self.path).query)
        digest = query["mount"][0]
        blob = self.state.blobs.get(query["from"][0], {}).get(digest)
        if blob is None:
            return None
        self.state.blobs.setdefault(self.repository, {})[digest] = blob
        return self.answer(201, b"", {"Docker-Content-Digest": digest})

    def put_manifest(self, function):
        if function and function(self, "put-manifest"):
            return True
        data = bytearray()
        self.read_body(data.extend)
        document = json.loads(data)
        have = self.state.blobs.get(self.repository, {})
        for part in [document.get("config")] + document.get("layers", []):
            if part and part["digest"] not in have:
                return self.error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
        manifests = self.state.manifests.setdefault(self.repository, {})
        entry = (self.headers.get("Content-Type"), bytes(data))
        manifests[self.reference] = manifests[digest_of(data)] = entry
        return self.answer(201, b"", {"Docker-Content-Digest": digest_of(data)})

    def stored(self, kind):
        if kind == "manifests":
            entry = self.state.manifests.get(self.repository, {}).get(self.reference)
            if entry is None:
                return self.error(404, "MANIFEST_UNKNOWN", "manifest unknown")
            return self.document(entry[1], media_type=entry[0])
        blob = self.state.blobs.get(self.repository, {}).get(self.reference)
        if blob is None:
            return self.error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        return self.blob(blob)

    def authorized(self):
        """True when the request may go on; the challenge was sent otherwise."""
        challenge = CHALLENGES.get(self.fault_name)
        if challenge is None and self.state.options.challenge == "bearer":
            challenge = bearer
        if challenge is None and self.state.options.challenge == "basic":
            challenge = CHALLENGES["auth-basic"]
        if challenge is None:
            return True
        scheme, _, value = (self.headers.get("Authorization") or "").partition(" ")
        if self.fault_name != "401-always":
            if scheme == "Bearer" and self.state.accepts(value, self.repository):
                return True
            basic = (CHALLENGES["auth-basic"], CHALLENGES["upload-auth"])
            if scheme == "Basic" and challenge in basic and self.password_ok():
                return True
        if self.fault_name == "401-huge-body":
            self.head(401, {"Content-Length": 10 << 30})
            self.flood(b"x" * 65536)
            return False
        self.read_body(lambda chunk: None)
        self.error(401, "UNAUTHORIZED", "authentication required",
                   {"WWW-Authenticate": challenge(self)})
        return False

    def password_ok(self):
        import base64
        user = self.state.options.user
        want = "Basic " + base64.b64encode(user.encode()).decode()
        return self.headers.get("Authorization") == want

    def token(self, repository, query):
        self.repository = repository
        self.fault_name = name = repository.split("/")[0]
        if self.command == "POST":
            self.read_body(lambda chunk: None)
        elif self.headers.get("Authorization") and not self.password_ok():
            return self.error(401, "UNAUTHORIZED", "incorrect username or password")
        scope = query.get("scope", [f"repository:{repository}:pull"])
        right = "pull,push" if name.startswith("upload") else "pull"
        if scope[0] not in (f"repository:{repository}:pull", f"repository:{repository}:{right}"):
            return self.error(400, "SCOPE", "unexpected scope")
        if name == "token-huge":
            self.head(200, {"Content-Length": 10 << 30})
            return self.flood(b'{"token":"' + b"a" * 65000)
        if name == "token-slow":
            return self.stall()
        if name == "realm-redirect":
            return self.redirect(f"{self.other()}/token/{repository}")
        strange = {"token-long": json.dumps({"token": "a" * 200000}),
                   "token-html": "<html></html>", "token-empty": "{}",
                   "token-crlf": json.dumps({"token": "a\r\nX-Injected: 1"})}
        if name in strange:
            return self.answer(200, strange[name].encode())
        if name == "token-500":
            return self.error(500, "UNKNOWN", "token server is down")
        if name == "token-denied":
            return self.error(403, "DENIED", "requested access to the resource is denied")
        token = self.state.issue(repository, 2 if name in ("token-expired", "upload-token") else 1 << 30)
        return self.answer(200, Image.dump({"token": token, "expires_in": 300}),
                           {"Content-Type": "application/json"})


class Other(Base):
    """A server that must never see the registry's credentials."""
    name = "other"

    def serve(self):
        if self.path.startswith("/token/"):
            token = self.state.issue(self.path[len("/token/"):], 1 << 30)
            return self.answer(200, Image.dump({"token": token}))
        if self.path.startswith("/upload/"):
            self.read_body(lambda chunk: None)
            return self.answer(201 if self.command == "PUT" else 202, b"")
        return self.answer(200, self.state.image.layer)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, handler, state):
        super().__init__(("127.0.0.1", port), handler)
        self.state = state

    def handle_error(self, request, client_address):
        pass  # clients that go away are the point


class TlsServer(Server):
    context = None

    def finish_request(self, request, client_address):
        # The handshake belongs to the connection's thread, not to the one that accepts.
        request.settimeout(30)
        with self.context.wrap_socket(request, server_side=True) as tls:
            super().finish_request(tls, client_address)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--root", default=".", help="where requests.log is written")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--client-ca", metavar="PEM", help="demand client certificates")
    parser.add_argument("--user", default="user:secret", metavar="NAME:PASSWORD")
    parser.add_argument("--challenge", choices=("bearer", "basic"),
                        help="for the repositories that demand nothing by themselves")
    parser.add_argument("--layer", metavar="TAR", help="instead of the built-in layer")
    parser.add_argument("--list", action="store_true", help="print the faults and exit")
    options = parser.parse_args()
    if options.list:
        for name, (explanation, _) in sorted(FAULTS.items()):
            print(f"{name:20} {explanation}")
        return
    state = State(options)
    other = Server(0, Other, state)
    state.other_port = other.server_address[1]
    server = (TlsServer if options.tls else Server)(options.port, Registry, state)
    if options.tls:
        server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.context.load_cert_chain(*options.tls)
        if options.client_ca:
            server.context.verify_mode = ssl.CERT_REQUIRED
            server.context.load_verify_locations(options.client_ca)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=other.serve_forever, daemon=True).start()
    print(server.server_address[1], state.other_port, sep="\n", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
