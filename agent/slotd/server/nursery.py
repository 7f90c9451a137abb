"""slotd's side of a zygote: starts it, starts it again when it dies, and keeps one blank child ready."""
import errno
import os
import signal
import socket
import sys
import time
from collections import deque

from slotd.machine import wire
from slotd.server import interpreters
from slotd.server.loop import READ

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ENVIRONMENT = {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
_CALM_SECONDS = 600  # without a start, until the blank child that waits shall hold nothing of its own
_DEFAULT = [number for number in range(1, 32) if number not in (signal.SIGKILL, signal.SIGSTOP)]


def spawn(program, *arguments, python=interpreters.HOST):
    """Starts one of our own programs with a socket pair as descriptor 3. Returns (pid, our end)."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    argv = [python, "-I", "-S", "-B", "-u", os.path.join(HERE, program), str(os.getpid()), *arguments]
    with theirs:
        pid = os.posix_spawn(
            argv[0], argv, _ENVIRONMENT, file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)],
            setsid=True, setsigmask=[], setsigdef=_DEFAULT,
        )
    ours.setblocking(False)
    return pid, ours


def say(text):
    """A line for whoever reads slotd's own output."""
    try:
        print(f"slotd: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass  # a full disk, or nobody reads any more


class Zygote:
    """One zygote. `want(got)` calls got(pid, sock) with a blank child, or got(None, why) when there can be none."""

    def __init__(self, keeper, name, preload, packages=None, *, python=interpreters.HOST, on_ready=None):
        self.keeper, self.loop = keeper, keeper.loop
        self.name, self.preload, self.packages, self.python = name, preload, packages, python
        self.on_ready = on_ready
        self.pid = self.sock = None
        self.ready = self.retired = False
        # `early`: bytes that each child makes its own before it enters a slot's group, which therefore does not count them.
        self.asked = self.failures = self.early = 0
        self.spares, self.waiting = [], deque()
        self.last, self.settling = None, False  # when a child was wanted last
        self.stamp = self._stamp()
        self.start()

    def _stamp(self):
        return interpreters.stamp(self.python, self.preload)

    def stale(self):
        """Whether the list of modules or the interpreter changed on disk since this zygote started."""
        return self._stamp() != self.stamp

    def start(self):
        """Starts the process."""
        self.asked, self.ready, self.began = 0, False, time.monotonic()
        self.pid, self.sock = spawn("zygote.py", self.preload, self.packages or "-", python=self.python)
        self.keeper.own(self.pid, self)
        self.loop.watch(self.sock.fileno(), self._heard)

    def want(self, got):
        """Asks for a blank child."""
        self.last = time.monotonic()
        if not self.settling:
            self.settling = True
            self.loop.later(_CALM_SECONDS, self._settle)
        if self.spares:
            pid, sock = self.spares.pop()
            self.loop.later(0.03, self._refill)
            got(pid, sock)
            return
        if self.pid is None and self.failures >= 3:
            got(None, f"the zygote {self.name} cannot start")
            return
        self.waiting.append(got)
        self._ask()

    def _refill(self):
        if not self.spares and not self.waiting and not self.retired:
            self._ask(spare=1)

    def _lately(self):
        """For how many seconds the last start still makes another one likely."""
        return 0 if self.last is None else self.last + _CALM_SECONDS - time.monotonic()

    def _settle(self):
        """After a while without a start a child takes the spare's place that took no pages: they would double what a start writes to."""
        left = self._lately()
        self.settling = left > 0 and not self.retired
        if self.settling:
            self.loop.later(left, self._settle)
        elif self.spares:
            for _, sock in self.spares:
                sock.close()
            self.spares.clear()
            self._ask(spare=1)

    def _ask(self, spare=0):
        while self.ready and self.asked < len(self.waiting) + spare:
            try:
                self.sock.send(b"fork" if self.waiting or self._lately() > 0 else b"calm")
            except BlockingIOError:
                self.loop.later(0.01, self._ask)
                return
            except OSError:
                return  # it died; the reaper says so in a moment
            self.asked += 1

    def _heard(self, _):
        try:
            message, descriptors = wire.receive(self.sock)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = None, []
        if message is None:
            self.loop.unwatch(self.sock.fileno())
        elif "child" in message and descriptors:
            self.asked -= 1
            self._child(message["child"], socket.socket(fileno=descriptors[0]))
        elif "child" in message:  # no descriptor was free for its socket; it ends by itself
            self.asked -= 1
            self.loop.later(self.keeper.shortage.met(OSError(errno.EMFILE, os.strerror(errno.EMFILE))), self._ask)
        elif "ready" in message:
            self.ready, self.failures, self.early = True, 0, message["early"]
            told = f"zygote {self.name} is ready: {message['modules']} modules in {time.monotonic() - self.began:.2f} s"
            say(told + "".join(f"; {text}" for text in message["failed"]))
            if self.on_ready is not None:
                self.on_ready, tell = None, self.on_ready
                tell()
            self._ask(spare=1)
        elif "broken" in message:
            say(f"zygote {self.name}: {message['broken']}")

    def _child(self, pid, sock):
        sock.setblocking(False)
        while self.waiting:
            got = self.waiting.popleft()
            got(pid, sock)
            if not self.waiting:
                self.loop.later(0.03, self._refill)
            return
        if self.retired or self.spares:
            sock.close()
        else:
            self.spares.append((pid, sock))

    def died(self, status):
        """Called by the reaper."""
        self._close()
        self.pid, self.ready = None, False
        if self.retired or self.keeper.ending:
            return
        if time.monotonic() - self.began > 60:
            self.failures = 0
        self.failures += 1
        wait = min(60, 2 ** (self.failures - 1)) if self.failures > 1 else 0.05
        say(f"zygote {self.name} ended (status {status}), starting again in {wait} s")
        if self.failures >= 3:
            while self.waiting:
                self.waiting.popleft()(None, f"the zygote {self.name} cannot start")
        self.loop.later(wait, self._restart)

    def _restart(self):
        if self.pid is None and not self.retired and not self.keeper.ending:
            try:
                self.start()
            except OSError as error:
                self.loop.later(self.keeper.shortage.met(error), self._restart)

    def _close(self):
        for _, sock in self.spares:
            sock.close()
        self.spares.clear()
        if self.sock is not None:
            self.loop.unwatch(self.sock.fileno())
            self.sock.close()
            self.sock = None

    def retire(self):
        """Lets the process and its spare end; its grown-up children live on."""
        self.retired = True
        self._close()
