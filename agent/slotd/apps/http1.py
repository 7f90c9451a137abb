"""Reading one HTTP/1.x request from nginx into a WSGI environ. Strict: what nginx would not send is refused."""
import io
import re
import time
from urllib.parse import unquote_to_bytes

HEAD_LIMIT = 65_536
HEADERS_LIMIT = 200
_PIECE = 65_536
_TOKEN = re.compile(rb"^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$")
_LENGTH = re.compile(rb"^[0-9]{1,18}$")
_keys = {}


class BadRequest(Exception):
    """The request cannot be served; `status` is the answer."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


def _key(name):
    """The environ key of a header, or None for one that is dropped: `a_b` and `a-b` would be the same key."""
    if not _TOKEN.match(name):
        raise BadRequest("400 Bad Request", "a header's name is not a token")
    key = None if b"_" in name else "HTTP_" + name.decode("ascii").upper().replace("-", "_")
    if key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        key = key[5:]
    if len(_keys) < 512:
        _keys[name] = key
    return key


def _headers(lines, environ):
    if len(lines) > HEADERS_LIMIT:
        raise BadRequest("431 Request Header Fields Too Large", "too many headers")
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise BadRequest("400 Bad Request", "a header without a colon")
        key = _keys[name] if name in _keys else _key(name)
        if key is None:
            continue
        text = value.strip(b" \t").decode("latin-1")
        if key not in environ:
            environ[key] = text
        elif key in ("CONTENT_LENGTH", "HTTP_HOST", "HTTP_TRANSFER_ENCODING"):
            raise BadRequest("400 Bad Request", "a header that may come once came twice")
        else:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + text


def _target(raw, environ):
    if raw[:1] != b"/":
        if raw.lower().startswith((b"http://", b"https://")):
            raw = b"/" + raw.split(b"/", 3)[3] if raw.count(b"/") > 2 else b"/"
        elif raw != b"*":
            raise BadRequest("400 Bad Request", "the target is not a path")
    path, _, query = raw.partition(b"?")
    environ["RAW_URI"] = environ["REQUEST_URI"] = raw.decode("latin-1")
    environ["QUERY_STRING"] = query.decode("latin-1")
    environ["SCRIPT_NAME"] = ""
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1") if path != b"*" else ""


def _where(environ):
    """The scheme, the server's name and port, and the visitor's address: all from what nginx says."""
    secure = environ.get("HTTP_X_FORWARDED_PROTO") == "https"
    environ["wsgi.url_scheme"] = "https" if secure else "http"
    if secure:
        environ["HTTPS"] = "on"
    host = environ.get("HTTP_HOST", "localhost")
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name, port = host, "443" if secure else "80"
    environ["SERVER_NAME"], environ["SERVER_PORT"] = name, port
    environ["REMOTE_ADDR"] = environ.get("HTTP_X_REAL_IP", "")


def parse(head, base):
    """The environ of a request's head (without the empty line), on top of `base`. Raises BadRequest."""
    lines = head.split(b"\r\n")
    if head.count(b"\n") != len(lines) - 1 or head.count(b"\r") != len(lines) - 1 or b"\0" in head:
        raise BadRequest("400 Bad Request", "a control character in the head")
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not _TOKEN.match(parts[0]) or not parts[1]:
        raise BadRequest("400 Bad Request", "the request line is not right")
    if parts[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadRequest("505 HTTP Version Not Supported", "not HTTP/1")
    environ = base.copy()
    environ["REQUEST_METHOD"] = parts[0].decode("ascii")
    environ["SERVER_PROTOCOL"] = parts[2].decode("ascii")
    _target(parts[1], environ)
    _headers(lines[1:], environ)
    _where(environ)
    return environ


def read_head(conn):
    """Reads until the empty line. Returns (head, what follows), or (None, b"") when the peer said nothing."""
    data = conn.recv(_PIECE)
    end = data.find(b"\r\n\r\n")
    while end < 0:
        if len(data) > HEAD_LIMIT:
            raise BadRequest("431 Request Header Fields Too Large", "the head is too long")
        more = conn.recv(_PIECE)
        if not more:
            if not data:
                return None, b""
            raise BadRequest("400 Bad Request", "the head ended early")
        data += more
        end = data.find(b"\r\n\r\n")
    if end > HEAD_LIMIT:
        raise BadRequest("431 Request Header Fields Too Large", "the head is too long")
    return data[:end], data[end + 4 :]


class _Raw(io.RawIOBase):
    """What bodies share: reading from what came with the head, then from the connection."""

    def __init__(self, conn, first, expect):
        self.conn, self.first, self.expect = conn, first, expect

    def readable(self):
        return True

    def _fill(self, view, most):
        if self.expect:
            self.expect = False
            self.conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        most = min(most, len(view))
        if self.first:
            count = min(most, len(self.first))
            view[:count] = self.first[:count]
            self.first = self.first[count:]
        else:
            count = self.conn.recv_into(view, most)
        if count == 0:
            raise ConnectionResetError("the client went away before the whole body had come")
        return count


class Sized(_Raw):
    """A body of a known length."""

    def __init__(self, conn, first, expect, length):
        super().__init__(conn, first[:length], expect)
        self.left = length

    def readinto(self, view):
        if self.left == 0:
            return 0
        count = self._fill(view, self.left)
        self.left -= count
        return count

    @property
    def done(self):
        """Whether nothing of the body is left on the wire."""
        return self.left == 0


class Chunked(_Raw):
    """A body in chunks (RFC 9112, section 7.1); trailers are read and dropped."""

    def __init__(self, conn, first, expect):
        super().__init__(conn, first, expect)
        self.left, self.done = 0, False

    def _line(self):
        line, one = bytearray(), bytearray(1)
        while not line.endswith(b"\r\n"):
            self._fill(memoryview(one), 1)
            line += one
            if len(line) > 4096:
                raise OSError("a chunk's head is too long")
        return bytes(line[:-2])

    def _next(self):
        size = self._line().split(b";")[0].strip()
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,15}", size):
            raise OSError("a chunk's size is not a number")
        self.left = int(size, 16)
        if self.left == 0:
            while self._line():
                pass
            self.done = True

    def readinto(self, view):
        if self.done:
            return 0
        if self.left == 0:
            self._next()
            if self.done:
                return 0
        count = self._fill(view, self.left)
        self.left -= count
        if self.left == 0 and self._line():
            raise OSError("a chunk is longer than it said")
        return count


def body(conn, environ, rest):
    """Sets wsgi.input. Returns the raw body when some of it may still be on the wire, else None."""
    coding, length = environ.get("HTTP_TRANSFER_ENCODING"), environ.get("CONTENT_LENGTH")
    expect = environ["SERVER_PROTOCOL"] == "HTTP/1.1" and environ.get("HTTP_EXPECT", "").lower() == "100-continue"
    if coding is not None:
        if length is not None:
            raise BadRequest("400 Bad Request", "a length and a transfer coding")
        if coding.lower() != "chunked":
            raise BadRequest("501 Not Implemented", "an unknown transfer coding")
        raw = Chunked(conn, rest, expect)
        environ["wsgi.input_terminated"] = True
    elif length:
        if not _LENGTH.match(length.encode("latin-1")):
            raise BadRequest("400 Bad Request", "the length is not a number")
        size = int(length)
        if len(rest) >= size:
            environ["wsgi.input"] = io.BytesIO(rest[:size])
            return None
        raw = Sized(conn, rest, expect, size)
    else:
        environ["wsgi.input"] = io.BytesIO()
        return None
    environ["wsgi.input"] = io.BufferedReader(raw, _PIECE)
    return raw


def drain(raw, seconds=10):
    """Reads what the app left of a body: closing a socket on unread data would take the answer away from nginx."""
    until, view = time.monotonic() + seconds, memoryview(bytearray(_PIECE))
    try:
        while not raw.done and not raw.expect and time.monotonic() < until:
            raw.readinto(view)
    except OSError:
        pass
