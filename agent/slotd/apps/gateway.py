"""The gateway: for a program that only knows how to listen on a TCP port ($PORT), the last resort.

It runs inside the slot as the customer: picks a free loopback port, starts the program, waits until the program itself listens
there, and then carries bytes between the slot's socket and the port. To slotd it is a worker like any other.
"""
import os
import signal
import socket
import time

from slotd.apps import command, ports
from slotd.machine import kernel
from slotd.server.loop import Loop
from slotd.apps.relay import Relay

_FINISH_SECONDS, _TERM_SECONDS, _LAST_SECONDS = 40, 10, 2
_MOST_AT_ONCE = 32


def _with_port(word, port):
    return word.replace("${PORT}", port).replace("$PORT", port)


class Gateway:
    """The program, its port, and everybody who is being carried."""

    def __init__(self, spec, status, listener, argv, env):
        self.spec, self.status, self.listener = spec, status, listener
        self.idle = spec["idleSeconds"] if spec["mode"] == "on-demand" else None
        self.loop, self.relays = Loop(), set()
        self.target, self.ready, self.leaving, self.code = None, False, None, None
        self.port, self.count, self.flushing, self.told = ports.free(), 0, False, False
        self.stamp, self.looked = command.stamp(spec["root"]), time.monotonic()
        self.loop.handle_signal(signal.SIGCHLD, self._reap)
        self.loop.handle_signal(signal.SIGTERM, lambda: self._leave("asked"))
        self.began = self.active = time.monotonic()
        self.pid = self._start(argv, env)
        self.loop.watch(status.sock.fileno(), self._hear)
        self._look()

    def _start(self, argv, env):
        port, parent = str(self.port), os.getpid()
        words = [_with_port(word, port) for word in argv]
        read, write = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                for number in (signal.SIGCHLD, signal.SIGTERM):
                    signal.signal(number, signal.SIG_DFL)
                kernel.die_with_parent(parent)
                command.become(words, {"HOST": "127.0.0.1", **env, "PORT": port}, lambda why: os.write(write, why.encode()[:300]))
            finally:
                os._exit(command.FAILED)
        os.close(write)
        with os.fdopen(read, "rb") as file:
            why = file.read().decode(errors="replace")  # ends when the program has begun
        if why:
            self.status.tell({"failed": why})
        return pid

    # Until it listens

    def _look(self):
        if self.target or self.leaving or self.code is not None:
            return
        self.target = ports.listener(self.port, os.getuid())
        if self.target:
            self.ready, self.active = True, time.monotonic()
            self.status.tell({"ready": True})
            self._accept_again()
            self._idle()
        elif time.monotonic() - self.began > self.spec["startSeconds"] - 0.5:
            self.status.tell({"failed": f"the command did not listen on $PORT within {self.spec['startSeconds']} s"})
            os.kill(self.pid, signal.SIGKILL)
        else:
            self.loop.later(min(0.05, max(0.005, (time.monotonic() - self.began) / 15)), self._look)

    # Visitors

    def _accept_again(self):
        if self.leaving is None and self.code is None:
            self.loop.watch(self.listener.fileno(), self._visitors)

    def _visitors(self, _):
        for _ in range(_MOST_AT_ONCE):
            if self.leaving or not self._visitor():
                return

    def _visitor(self):
        """Takes one visitor in, once the program has taken the call: a visitor of a dying program waits for the next one."""
        now = time.monotonic()
        if now - self.looked > 1:
            self.looked = now
            if command.stamp(self.spec["root"]) != self.stamp:
                self._leave("changed")
                return False
        try:
            onward = ports.connect(self.target)
        except OSError:
            self.loop.unwatch(self.listener.fileno())
            self.loop.later(0.05, self._accept_again)
            return False
        try:
            visitor, _ = self.listener.accept()
        except OSError:
            onward.close()
            return False
        visitor.setblocking(False)
        self.relays.add(Relay(self.loop, visitor, onward, self._carried))
        return True

    def _carried(self, relay):
        self.relays.discard(relay)
        self.count += 1
        self.active = time.monotonic()
        if not self.flushing:
            self.flushing = True
            self.loop.later(1.0, self._flush)
        if self.code is not None:
            self._ended()
        elif self.leaving and not self.relays:
            self._terminate()

    def _flush(self):
        self.flushing = False
        if self.count and self.status.tell({"n": self.count}, wait=False):
            self.count = 0

    # Leaving

    def _idle(self):
        if self.idle is None or self.leaving:
            return
        left = self.idle if self.relays else self.active + self.idle - time.monotonic()
        if left <= 0:
            self._leave("idle")
        else:
            self.loop.later(left, self._idle)

    def _hear(self, _):
        try:
            order = self.status.sock.recv(256, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            order = b""
        if not order:
            self.loop.unwatch(self.status.sock.fileno())
        self._leave("asked" if order else "orphaned")

    def _leave(self, why):
        """Takes nobody in any more, lets everybody finish, then ends the program."""
        if self.leaving:
            return
        self.leaving = why
        self.loop.unwatch(self.listener.fileno())
        self._flush()
        if self.ready:
            self.status.tell({"leaving": why})
        self.loop.later(_FINISH_SECONDS, self._terminate)
        if not self.relays:
            self._terminate()

    def _terminate(self):
        if not self.told and self.code is None:
            self.told = True
            os.kill(self.pid, signal.SIGTERM)
            self.loop.later(_TERM_SECONDS, lambda: os.kill(self.pid, signal.SIGKILL))

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self.code = status
                self.loop.unwatch(self.listener.fileno())
                self.loop.later(_LAST_SECONDS, self.loop.stop)
                self._ended()

    def _ended(self):
        """The program is gone; what it said last is carried to the end."""
        if not self.relays:
            self.loop.stop()

    def run(self):
        """Serves until the program has ended."""
        self.loop.run()
        self._flush()


def run(spec, status, listener, argv, env):
    """Never returns; the gateway ends as its program ended."""
    os.set_blocking(listener.fileno(), False)
    gate = Gateway(spec, status, listener, argv, env)
    gate.run()
    if gate.leaving:
        os._exit(0)
    if os.WIFSIGNALED(gate.code):
        number = os.WTERMSIG(gate.code)
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(gate.code))
