"""The worker: one thread that serves one WSGI application on the inherited listening socket.

It leaves when it has been idle, when slotd says so or goes away, and on SIGTERM. Leaving means: accept nothing more, finish
what was accepted, end. What is still in the backlog wakes the next worker, so nothing is lost.
"""
import atexit
import errno
import gc
import os
import select
import signal
import socket
import struct
import sys
import threading
import time

from slotd.apps import answer, entry, http1, page, restart
from slotd.machine import listening

_held = []
_TIMEOUT = struct.pack("ll", 60, 0)
_FAREWELL_SECONDS = 20
_BUCKETS = 24  # of the latency histogram: bucket n counts answers below 2^n times 0.1 ms


def hold(modules):
    """Keeps our own modules alive once they are no longer in sys.modules."""
    _held.extend(modules)


class Server:
    """The accept loop and its accounts."""

    def __init__(self, spec, status, listener, app):
        self.status, self.listener, self.app = status, listener, app
        self.idle = spec["idleSeconds"] if spec["mode"] != "always-on" else None
        self.seconds = spec["requestSeconds"]
        self.leaving, self.proven, self.told = None, False, False
        self.count, self.buckets = 0, [0] * _BUCKETS
        self.flushed = self.active = self.looked = time.monotonic()
        self.marks, self.left = spec["marks"], restart.quota(spec)
        wake, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGTERM, self._terminate)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        self.wake, self.ring = wake, ring
        self.poll = listening.waiter(listener, spec["workers"])
        for number in (status.sock.fileno(), wake):
            self.poll.register(number, select.POLLIN)
        self.base = {
            "wsgi.version": (1, 0), "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": True,
            "wsgi.run_once": False, "wsgi.file_wrapper": answer.FileWrapper, "SERVER_SOFTWARE": "berth", "REMOTE_PORT": "",
        }

    def _terminate(self, *_):
        self.leaving = self.leaving or "asked"

    def _flush(self):
        if self.count and self.status.tell({"n": self.count, "ms": self.buckets}, wait=False):
            self.count, self.buckets = 0, [0] * _BUCKETS
        self.flushed = time.monotonic()

    def _listen_to_slotd(self):
        try:
            order = self.status.sock.recv(256, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            order = b""
        if order == b"leave":
            self.leaving = self.leaving or "asked"
        elif not order:
            self.leaving = self.leaving or "orphaned"

    def _wait(self):
        """Sleeps until there is something to do, or the idle time is over."""
        now = time.monotonic()
        left = None if self.idle is None else self.active + self.idle - now
        if left is not None and left <= 0:
            self.leaving = "idle"
            return
        if self.count:
            left = 1.0 if left is None else min(left, 1.0)
        for number, _ in self.poll.poll(None if left is None else max(1, int(left * 1000) + 1)):
            if number == self.wake:
                os.read(self.wake, 512)
            elif number == self.status.sock.fileno():
                self._listen_to_slotd()
        if self.count and time.monotonic() - self.flushed >= 1.0:
            self._flush()

    def _serve_one(self, conn):
        began = time.monotonic()
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _TIMEOUT)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEOUT)
        with conn:
            served = handle(conn, self.app, self.base, self.seconds)
        self.active = now = time.monotonic()
        if served:
            self.count += 1
            self.left -= 1
            if self.left == 0:
                self.leaving = self.leaving or "spent"
            tenths = int((now - began) * 10_000)
            self.buckets[min(tenths.bit_length(), _BUCKETS - 1)] += 1
            if not self.proven:
                self.proven = True
                self._flush()  # slotd tells a worker that served from one that came to nothing
        if now - self.looked > 0.02:
            self.looked = now
            self._listen_to_slotd()
            if now - self.flushed > 1.0:
                self._flush()
            if self.marks.due(now):
                self._look_at_marks()

    def _look_at_marks(self):
        if self.leaving is None and self.marks.changed(self.proven):
            self.leaving = "changed"

    def run(self):
        """Serves until it is time to leave; returns why."""
        full = 0
        while self.leaving is None or self.leaving == "orphaned":
            try:
                conn, _ = self.listener.accept()
            except BlockingIOError:
                if self.leaving:
                    break
                self._wait()
                self._look_at_marks()
                continue
            except OSError as error:
                full += 1
                if error.errno not in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM) or full > 20:
                    self.leaving = f"broken: {error.strerror}"
                    break
                time.sleep(0.05)
                continue
            self._serve_one(conn)
        self._flush()
        return self.leaving


def _call(app, environ, reply, seconds):
    # A request that never ends would hold the only thread for ever: the alarm, which nobody handles, ends both.
    if seconds:
        signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        pieces = app(environ, reply.start)
        try:
            reply.body(pieces)
        finally:
            if hasattr(pieces, "close"):
                pieces.close()
    finally:
        if seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)


def handle(conn, app, base, seconds):
    """Serves one connection; `seconds` is how long the app may take, 0 when somebody else looks after that. False when it held no request."""
    raw = None
    try:
        head, rest = http1.read_head(conn)
        if head is None:
            return False
        environ = http1.parse(head, base)
        raw = http1.body(conn, environ, rest)
    except http1.BadRequest as error:
        _try_send(conn, page.plain(error.status))
        return True
    except OSError:
        return False
    reply = answer.Answer(conn, environ)
    try:
        _call(app, environ, reply, seconds)
    except (BrokenPipeError, ConnectionResetError):
        pass  # the visitor went away
    except BaseException as error:
        entry.show(error)
        if not reply.sent:
            _try_send(conn, page.broken())
        if not isinstance(error, Exception):
            os.kill(os.getpid(), signal.SIGTERM)  # the app asked to exit: after this answer
    if raw is not None and not raw.done:
        _try(conn.shutdown, socket.SHUT_WR)
        http1.drain(raw)
    return True


def _try(act, *arguments):
    try:
        act(*arguments)
    except OSError:
        pass


def _try_send(conn, data):
    _try(conn.sendall, data)


def load(spec, status):
    """The app. When it cannot be loaded slotd is told why, and the process ends."""
    spec["marks"] = marks = restart.Marks(os.path.realpath(spec["root"]))
    try:
        app = entry.load(spec["entry"], spec["kind"])
    except BaseException as error:
        fail(status, error)
    if marks.each():
        spec["maxRequests"] = 1
    # What an app loads stays: no collection need walk it while it loads, nor ever again.
    gc.freeze()
    gc.enable()
    return app


def fail(status, error):
    """Ends the process: the app could not start."""
    entry.show(error)
    status.tell({"failed": entry.cause(error)})
    os._exit(75)


def finish():
    """Ends the process the way Python would; but a thread that never ends does not keep it for ever."""
    signal.setitimer(signal.ITIMER_REAL, _FAREWELL_SECONDS)
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    os._exit(0)


def run(spec, status, listener, kind=Server):
    """Loads the app, tells slotd, serves, and ends the process."""
    server = kind(spec, status, listener, load(spec, status))
    status.tell({"ready": True})
    why = server.run()
    listener.close()
    if not server.told:
        status.tell({"leaving": why})
    finish()
