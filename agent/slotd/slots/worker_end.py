"""slotd's end of a worker. After the drop a worker is the customer: what it says is read as a stranger's."""
import os
import signal
import socket
import time

from slotd.machine import wire
from slotd.slots import demand

_PER_SECOND = 60
_COMMAND_SECONDS = 2
_MANY = 50
# What the guard holds of a worker beside its descriptors: its own story, and how its spec says that it is to be treated.
HELD = ("pid", "generation", "served", "started", "ready_at", "early", "stack", "left", "dismissed", "stamp")
HELD_SPEC = ("kind", "role", "listen", "mode")


def _sentence(text):
    """One printable line of bounded length."""
    if type(text) is not str:  # writing out what a stranger nested may be too much
        return "something that is no text"
    line = "".join(letter if letter.isprintable() else " " for letter in text[:400]).strip()
    return line[:300]


def describe_end(status):
    """A process's end in plain words."""
    if status is None:
        return "ended while the slot server was away"
    if not os.WIFSIGNALED(status):
        return f"ended with exit code {os.WEXITSTATUS(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGALRM:
        return "a request took longer than it may, and was ended with its worker"
    try:
        return f"ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended by signal {number}"


class Worker:
    """One process that serves, or is about to."""

    # Whether it says by itself when it is ready, idle, leaving.
    tells = True

    def __init__(self, slot, pid, sock, spec):
        self.slot, self.loop, self.pid, self.sock, self.spec = slot, slot.loop, pid, sock, spec
        self.ready = self.mismatch = self.left = self.dismissed = self.spent = False
        self.started, self.generation, self.edition = time.time(), spec["generation"], slot.edition
        self.ready_at, self.cause, self.served = 0.0, None, 0
        self.heard, self.second, self.early, self.stack = 0, 0, 0, None
        self.stamp = None  # of tmp/restart.txt, where slotd looks at it
        self.door = None  # the listening socket it was given
        self.turn = None  # which others of the account may wait for
        self.pidfd = None
        self.timer = self.loop.later(spec["startSeconds"], self._too_slow)
        self.loop.watch(sock.fileno(), self._hear)

    @property
    def serves(self):
        """Whether it accepts, as far as is known."""
        return self.ready and not self.left and not self.dismissed

    @property
    def accepts(self):
        """Whether visitors may still come to it, also when it has just been asked to leave."""
        return self.serves or self.tells and self.ready and not self.left

    def facts(self):
        """What may be told of it."""
        return {"pid": self.pid, "generation": self.generation, "since": int(self.started * 1000), "requests": self.served}

    def _too_slow(self):
        if not self.ready:
            self.cause = f"did not start within {self.spec['startSeconds']} s"
            self.kill()

    def kill(self):
        """Ends the process."""
        self.signal(signal.SIGKILL)

    def signal(self, number):
        """Signals the process. Safe: an unreaped pid of ours cannot be another's."""
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            pass

    def _hear(self, _):
        now = int(time.monotonic())
        self.heard, self.second = (self.heard + 1, self.second) if now == self.second else (1, now)
        if self.heard > _PER_SECOND:
            self.loop.unwatch(self.sock.fileno())
            self.loop.later(1.0, lambda: self.sock is not None and self.loop.watch(self.sock.fileno(), self._hear))
            return
        try:
            message, descriptors = wire.receive(self.sock)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = None, []
        for descriptor in descriptors:
            os.close(descriptor)
        if message is None:
            self._end_of_talk()
        elif isinstance(message, dict):
            self._obey(message)

    def _end_of_talk(self):
        """The process is ending, or has become another program (kind command), or an app closed what is not its own."""
        self.loop.unwatch(self.sock.fileno())
        if self.spec["role"] != "web" and self.cause is None:
            self._begin()
        elif not self.left:
            self.loop.later(0.2, self._still_there)

    def _still_there(self):
        if self.sock is not None and self.cause is None:
            self.cause = "the app closed a descriptor that belongs to its server"
            self.kill()

    def _begin(self):
        self.ready, self.ready_at = True, time.monotonic()
        self.timer.cancel()
        self.slot.ready(self)
        self.hold()

    def hold(self):
        """Has the guard hold what makes this process ours, also while it leaves: a new slotd adopts it (adopted.py)."""
        store = self.slot.keeper.store
        if not store.guarded or not self.ready or self.sock is None:
            return
        try:
            self.pidfd = os.pidfd_open(self.pid) if self.pidfd is None else self.pidfd
        except OSError:
            return  # no descriptor is free: should slotd be killed now, this one sees it and leaves
        facts = {name: getattr(self, name) for name in HELD}
        facts.update({name: self.spec[name] for name in HELD_SPEC})
        facts["slot"], facts["digest"] = self.slot.name, self.slot.digest.hex() if self.edition == self.slot.edition else ""
        door = () if self.door is None or self.tells else (self.door.fileno(),)
        store.keep(f"w:{self.pid}", (self.sock.fileno(), self.pidfd, *door), facts)

    def _let_go(self):
        self.slot.keeper.store.drop(f"w:{self.pid}")
        self.loop.unwatch(self.sock.fileno())
        self.sock.close()
        self.sock = None
        if self.pidfd is not None:
            os.close(self.pidfd)
            self.pidfd = None

    def _terminate(self):
        self.signal(signal.SIGTERM)

    def _obey(self, message):
        if "ready" in message and not self.ready:
            self._begin()
        elif "n" in message and self.ready:
            self._numbers(message)
        elif "leaving" in message and self.ready and not self.left:
            self.left = True
            self.hold()
            self.slot.leaving(self, _sentence(message["leaving"]))
            demand.pass_on(self.slot)
        elif "failed" in message and not self.ready:
            self.cause = self.cause or _sentence(message["failed"])
        elif "mismatch" in message and not self.ready and not self.mismatch:
            self.mismatch = self.slot.bare = True
            self.slot.note(f"does not start from the stack {self.spec['stack']}: {_sentence(message['mismatch'])}")

    def _numbers(self, message):
        count, buckets = message["n"], message.get("ms")
        if type(count) is not int or not 0 <= count <= 10_000_000:
            return
        self.served += count
        # A successor is started a little before it leaves by itself, where there is time for that.
        most = self.spec["maxRequests"]
        self.spent = self.spent or most >= _MANY and self.served >= most * 0.9
        self.slot.counted(self, count)
        if type(buckets) is list and len(buckets) <= 32 and all(type(one) is int and 0 <= one <= count for one in buckets):
            have = self.slot.latency = self.slot.latency or []
            have.extend([0] * (len(buckets) - len(have)))
            for place, one in enumerate(buckets):
                have[place] += one

    def _hear_out(self):
        """Takes note of what it said and nobody has read yet."""
        for _ in range(64):  # bounded: a stray child of the app may hold the other end
            try:
                message, descriptors = wire.receive(self.sock)
            except OSError:
                break
            for descriptor in descriptors:
                os.close(descriptor)
            if message is None:
                break
            if isinstance(message, dict):
                self._obey(message)

    def look(self):
        """Tells it that somebody waits, which it may not have noticed."""
        if self.slot.most > 1 and self.spec["kind"] in ("wsgi", "asgi"):
            try:
                self.sock.send(b"look", socket.MSG_DONTWAIT)
            except OSError:
                pass

    def dismiss(self, seconds):
        """Asks it to finish and go, and ends it when it has not gone in time."""
        already, self.dismissed = self.dismissed or self.left, True
        if not self.ready:
            self._hear_out()  # it may have begun to serve a moment ago
        if not self.ready:
            self.kill()
            return
        if already:
            pass
        elif self.spec["role"] != "web":
            self._terminate()
        else:
            try:
                self.sock.send(b"leave", socket.MSG_DONTWAIT)
            except OSError:
                pass
        self.hold()
        self.give_grace(seconds)

    def give_grace(self, seconds):
        """From now on it has so many seconds to be gone."""
        self.timer.cancel()
        self.timer = self.loop.later(seconds, self.kill)

    def vanished(self, status):
        """Whether somebody killed it before it had come to anything: not the app's doing, and worth one more try at once."""
        return self.cause is None and os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    def died(self, status):
        """Called by the reaper."""
        self.timer.cancel()
        self.turn.over()
        self.slot.keeper.advance.went(self)
        self._hear_out()
        if self.spec["role"] != "web" and self.ready and not self.left and time.monotonic() - self.ready_at < _COMMAND_SECONDS:
            self.ready = False
        self._let_go()
        self.timer.cancel()
        self.slot.ended(self, status)
        demand.pass_on(self.slot)

