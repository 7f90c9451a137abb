"""Writing one answer of a WSGI application (PEP 3333) to the connection."""
import os
import re

_BAD = re.compile(r"[\r\n\0]")
_NAME = re.compile(r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$")
_STATUS = re.compile(r"^[1-9][0-9]{2}( [^\r\n\0]*)?$")
_HOP = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "te", "trailer", "upgrade"}
_JOINED = 65_536


class FileWrapper:
    """wsgi.file_wrapper: a file the server may send by itself."""

    def __init__(self, file, size=65_536):
        self.file, self.size = file, size
        if hasattr(file, "close"):
            self.close = file.close

    def __iter__(self):
        return self

    def __next__(self):
        data = self.file.read(self.size)
        if data:
            return data
        raise StopIteration


class Answer:
    """start_response, write() and the wire format of one answer."""

    def __init__(self, conn, environ):
        self.conn = conn
        self.bodiless = environ["REQUEST_METHOD"] == "HEAD"
        self.modern = environ["SERVER_PROTOCOL"] == "HTTP/1.1"
        self.head = None
        self.sent = False
        self.length = None
        self.written = 0
        self.chunked = False

    def start(self, status, headers, exc_info=None):
        """start_response of PEP 3333."""
        if exc_info:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        elif self.head is not None:
            raise AssertionError("start_response was called twice without exc_info")
        if not _STATUS.match(status):
            raise ValueError(f"{status!r} is not a status line")
        self.length, lines = None, [f"HTTP/1.1 {status}\r\n"]
        for name, value in headers:
            if _BAD.search(value) or not _NAME.match(name):
                raise ValueError(f"the header {name!r} holds what a header cannot hold")
            low = name.lower()
            if low in _HOP:
                continue
            if low == "content-length":
                if not value.isascii() or not value.isdigit():
                    raise ValueError("Content-Length must be a number")
                self.length = int(value)
            lines.append(f"{name}: {value}\r\n")
        self.code = int(status[:3])
        if self.code < 200 or self.code in (204, 304):
            self.bodiless = True
        self.head = lines
        return self.write

    def _open(self, whole=None):
        """The head's bytes. `whole` is the body's length when it is known now."""
        if self.length is None and not (self.code < 200 or self.code == 204):
            if whole is not None and not (self.bodiless and whole == 0):
                self.length = whole
                self.head.append(f"Content-Length: {whole}\r\n")
            elif self.modern and not self.bodiless:
                # A chunked answer that breaks off is seen to be broken; one that just ends is not.
                self.chunked = True
                self.head.append("Transfer-Encoding: chunked\r\n")
        self.head.append("Connection: close\r\n\r\n")
        self.sent = True
        return "".join(self.head).encode("latin-1")

    def write(self, data, whole=None):
        """Sends one piece, and the head before the first."""
        if self.head is None:
            raise AssertionError("write() before start_response()")
        lead = b"" if self.sent else self._open(whole)
        if self.bodiless:
            data = b""
        elif self.length is not None and self.written + len(data) > self.length:
            data = data[: self.length - self.written]
        self.written += len(data)
        if self.chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if len(data) <= _JOINED:
            if lead or data:
                self.conn.sendall(lead + data)
            return
        if lead:
            self.conn.sendall(lead)
        self.conn.sendall(data)

    def _send_file(self, file):
        """The kernel's own copy, for a real file of a known size."""
        number = file.fileno()
        offset = os.lseek(number, 0, os.SEEK_CUR)
        size = os.fstat(number).st_size - offset
        if self.length is not None:
            size = min(size, self.length)
        self.conn.sendall(self._open(size))
        end = offset + (0 if self.bodiless else size)
        while offset < end:
            count = os.sendfile(self.conn.fileno(), number, offset, min(end - offset, 1 << 24))
            if count == 0:
                break
            offset += count
            self.written += count

    def body(self, pieces):
        """Sends what the application returned."""
        if isinstance(pieces, FileWrapper) and not self.sent and self.head is not None and self._plain_file(pieces.file):
            self._send_file(pieces.file)
        elif isinstance(pieces, (list, tuple)) and not self.sent and sum(map(len, pieces)) <= 1 << 20:
            data = b"".join(pieces)
            self.write(data, len(data))
        else:
            for piece in pieces:
                if piece:
                    self.write(piece)
        if not self.sent:
            self.write(b"", 0)
        if self.chunked:
            self.conn.sendall(b"0\r\n\r\n")

    def _plain_file(self, file):
        import stat

        try:
            return stat.S_ISREG(os.fstat(file.fileno()).st_mode) and file.tell() == os.lseek(file.fileno(), 0, os.SEEK_CUR)
        except (AttributeError, OSError, ValueError):
            return False

    @property
    def short(self):
        """Whether less was sent than the head promised."""
        return not self.bodiless and self.length is not None and self.written < self.length
