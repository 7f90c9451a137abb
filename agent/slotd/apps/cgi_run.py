"""One run of a CGI script: the process, its input, its header, its time limit, its end."""
import os
import re
import select
import signal
import subprocess
import tempfile
import time

_HEAD_LIMIT = 65_536
_PIECE = 65_536
_IN_MEMORY = 1 << 20
_GRACE_SECONDS = 2
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"^[1-9][0-9]{2}( [^\r\n\0]*)?$")
_LINE = re.compile(r"^HTTP/[0-9.]+ ([1-9][0-9]{2}( .*)?)$")
_REASONS = {"200": "OK", "302": "Found"}


class NoAnswer(Exception):
    """The script gave no answer that can be passed on."""

    def __init__(self, why, status="500 Internal Server Error"):
        super().__init__(why)
        self.status = status


def _input(body):
    """A file with the whole of a request's body. nginx sends no more of it once an answer has begun, so it is read first."""
    data = body.read(_IN_MEMORY)
    if len(data) < _IN_MEMORY:
        file = open(os.memfd_create("body"), "w+b", buffering=0)
    else:
        file = tempfile.TemporaryFile(buffering=0)
    while data:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        data = body.read(_IN_MEMORY)
    file.seek(0)
    return file


class Run:
    """Starts the script at once. Then local_redirect(), and pieces() or end()."""

    def __init__(self, path, env, body, seconds):
        self.until, self.seconds, self.rest = time.monotonic() + seconds, seconds, b""
        try:
            # A session of its own, so that whatever it starts can be ended with it.
            with _input(body) as given:
                self.process = subprocess.Popen(
                    [path], cwd=os.path.dirname(path), env=env, stdin=given, stdout=subprocess.PIPE, bufsize=0, start_new_session=True,
                )
        except ConnectionError:
            raise  # the visitor went away
        except OSError as error:
            hint = " (does its first line name an interpreter that exists, without a carriage return?)"
            raise NoAnswer(f"could not be started: {error.strerror}{hint if isinstance(error, FileNotFoundError) else ''}") from None
        self.out = self.process.stdout.fileno()
        self.status, self.headers = "", []

    def _read(self):
        """The next piece of what the script says, b"" at the end. Raises TimeoutError."""
        look = select.poll()
        look.register(self.out, select.POLLIN)
        if not look.poll(max(0, int((self.until - time.monotonic()) * 1000))):
            raise TimeoutError
        return os.read(self.out, _PIECE)

    def _head(self):
        data = b""
        while True:
            end = _END.search(data)
            if end:
                self.rest = data[end.end() :]
                return data[: end.start()]
            if len(data) > _HEAD_LIMIT:
                raise NoAnswer("its header is longer than 64 KiB")
            piece = self._read()
            if not piece:
                break
            data += piece
        if data.strip():
            raise NoAnswer("it ended before the empty line after its header")
        raise NoAnswer(f"it said nothing ({self._how_it_ended()})")

    def _how_it_ended(self):
        try:
            code = self.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            return "and closed its output"
        return f"exit code {code}" if code >= 0 else f"ended by {signal.Signals(-code).name}"

    def _parse(self, head):
        lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
        own = _LINE.match(lines[0])
        if own:  # a script that writes its own status line (nph-)
            self.status = own[1]
            lines = lines[1:]
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name) or "\0" in value or "\r" in value:
                raise NoAnswer(f"this is no header: {line[:100]!r}")
            if name.lower() == "status":
                self.status = value.strip()
                if not _STATUS.match(self.status):
                    raise NoAnswer(f"this is no status: {line[:100]!r}")
            else:
                self.headers.append((name, value.strip()))

    def local_redirect(self):
        """Reads the header. Answers the target of a local redirect, or None. Raises NoAnswer."""
        try:
            self._parse(self._head())
        except TimeoutError:
            self.end()
            raise NoAnswer(f"it took longer than {self.seconds} s and was ended", "504 Gateway Timeout") from None
        except NoAnswer:
            self.end()
            raise
        target = next((value for name, value in self.headers if name.lower() == "location"), None)
        if target is not None and target.startswith("/") and not target.startswith("//") and not self.status and len(self.headers) == 1:
            return target
        self.status = self.status or ("200" if target is None else "302")
        if " " not in self.status:
            self.status += " " + _REASONS.get(self.status, "")
        return None

    def pieces(self):
        """What follows the header, as it comes."""
        try:
            if self.rest:
                yield self.rest
            while True:
                try:
                    piece = self._read()
                except TimeoutError:
                    # Breaks the answer off, so that the visitor does not take it for the whole.
                    raise BrokenPipeError from None
                if not piece:
                    break
                yield piece
            self._gone(0.5)
        finally:
            self.end()

    def _gone(self, seconds):
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def end(self):
        """Ends a script that still runs though nobody waits for it, and gives back what it held."""
        self.process.stdout.close()
        if self.process.poll() is None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(self.process.pid, number)
                except ProcessLookupError:
                    pass
                if self._gone(_GRACE_SECONDS):
                    break
