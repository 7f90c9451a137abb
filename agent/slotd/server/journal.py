"""slotd's side of the log process: gives it the pipes, tells it remarks, starts it again when it dies."""
import errno
import os
import time
from collections import deque

from slotd.machine import wire
from slotd.server import nursery
from slotd.log.access import ORDINARY
from slotd.server.loop import READ, WRITE

_LAST_SECONDS = 0.7


class Streams:
    """The two pipes a slot's processes write to while it is awake. slotd keeps its ends, so a dead log process loses nothing."""

    def __init__(self, number, name, path, size, held=None):
        self.number, self.name, self.path, self.bytes = number, name, path, size
        self.ending = held is not None
        if held:  # from an earlier slotd, whose writing ends are closed
            self.out, self.error = held
            return
        self.out, self.out_write = os.pipe2(os.O_CLOEXEC)
        try:
            self.error, self.error_write = os.pipe2(os.O_CLOEXEC)
        except OSError:
            os.close(self.out)
            os.close(self.out_write)
            raise

    def end(self):
        """No more writers of ours: the log process sees the end when the last process has gone."""
        if not self.ending:
            self.ending = True
            os.close(self.out_write)
            os.close(self.error_write)

    def close(self):
        """Gives up the reading ends too."""
        os.close(self.out)
        os.close(self.error)


class Journal:
    """The log process, as slotd sees it."""

    def __init__(self, keeper, access, held=()):
        """`held` are the (number, name, path, size, descriptors) of pipes that an earlier slotd left."""
        self.keeper, self.loop, self.access = keeper, keeper.loop, access
        self.streams = {number: Streams(number, *more) for number, *more in held}
        self.last, self.asked = max(self.streams, default=0), {}
        self.caps = {}
        self.queue = deque(maxlen=20_000)
        self.pid = self.sock = None
        self.failures = 0
        self.start()

    def start(self):
        """Starts the process and gives it everything that is open."""
        roots = self.keeper.roots
        self.began = time.monotonic()
        self.pid, self.sock = nursery.spawn("logs.py")
        self.keeper.own(self.pid, self)
        self.loop.watch(self.sock.fileno(), self._ready)
        # What is new goes before what waited: remarks must find their slots open.
        waiting, self.queue = list(self.queue), deque(maxlen=20_000)
        self._send({"hello": {"sites": roots.sites, "logs": roots.logs}, "held": self.keeper.store.guarded}, [self.access.fileno()])
        for name, size in self.caps.items():
            self._send({"cap": name, "bytes": size})
        for stream in self.streams.values():
            self._open(stream)
        for message, descriptors in waiting:
            if "open" not in message and "hello" not in message and "cap" not in message:
                self._send(message, descriptors)

    def _open(self, stream):
        self._send({"open": stream.number, "path": stream.path, "bytes": stream.bytes}, [stream.out, stream.error])

    def _send(self, message, descriptors=()):
        self.queue.append((message, descriptors))
        if len(self.queue) == 1:
            self._flush()

    def _flush(self):
        while self.queue and self.sock is not None:
            message, descriptors = self.queue[0]
            try:
                wire.send(self.sock, message, descriptors)
            except BlockingIOError:
                self.loop.watch(self.sock.fileno(), self._ready, READ | WRITE)
                return
            except OSError as error:
                if error.errno != errno.EBADF:  # a pipe that was closed meanwhile is only skipped
                    return  # it died; start() sends the rest
            self.queue.popleft()

    def _ready(self, events):
        if events & WRITE:
            self.loop.watch(self.sock.fileno(), self._ready, READ)
            self._flush()
        if not events & ~WRITE:
            return
        try:
            message, _ = wire.receive(self.sock)
        except BlockingIOError:
            return
        except OSError:
            message = None
        if message is None:
            self.loop.unwatch(self.sock.fileno())
        elif message.get("slowed") in self.streams:
            self.keeper.slowed(self.streams[message["slowed"]].name)
        elif message.get("done") in self.streams:
            self.keeper.store.drop(f"p:{message['done']}")
            self.streams.pop(message["done"]).close()
        elif "last" in message:
            self._tell_last(message["last"], message["text"])

    def open(self, spec):
        """New pipes for a slot that wakes."""
        self.last += 1
        stream = self.streams[self.last] = Streams(self.last, spec["name"], spec["log"], spec["logBytes"])
        self.keeper.store.keep(f"p:{self.last}", (stream.out, stream.error), {"name": stream.name, "path": stream.path, "bytes": stream.bytes})
        self._open(stream)
        return stream

    def last_words(self, stream, got):
        """Calls got(text): the line of a slot's errors that says most about how its process ended; "" when there is none."""
        self.asked[stream.number] = got
        self._send({"last": stream.number})
        self.loop.later(_LAST_SECONDS, lambda: self._tell_last(stream.number, ""))

    def _tell_last(self, number, text):
        got = self.asked.pop(number, None)
        if got is not None:
            got(text)

    def cap(self, spec):
        """Tells how large a slot's logs may grow, where it is not what all others may."""
        name, size = spec["name"], spec["logBytes"]
        if size != ORDINARY:
            self.caps[name] = size
        elif self.caps.pop(name, None) is None:
            return
        self._send({"cap": name, "bytes": size})

    def forget(self, name):
        """Closes the files of a slot that is gone."""
        self.caps.pop(name, None)
        self._send({"forget": name})

    def note(self, spec, text):
        """A remark of Berth's own in a slot's app.log."""
        self._send({"note": spec["log"], "bytes": spec["logBytes"], "text": text[:2000]})

    def died(self, status):
        """Called by the reaper."""
        if self.sock is not None:
            self.loop.unwatch(self.sock.fileno())
            self.sock.close()
        self.pid = self.sock = None
        if self.keeper.ending:
            return
        self.failures = 0 if time.monotonic() - self.began > 60 else self.failures + 1
        wait = min(60, 0.05 * 4 ** min(self.failures, 8))
        nursery.say(f"the log process ended (status {status}), starting again in {wait} s")
        self.loop.later(wait, self._restart)

    def _restart(self):
        if self.pid is None and not self.keeper.ending:
            try:
                self.start()
            except OSError as error:
                self.loop.later(self.keeper.shortage.met(error), self._restart)

    def say_what_waits(self):
        """Tells the log process what is still to be told, before this slotd ends and another goes on."""
        if self.sock is not None:
            self.sock.settimeout(1)
            self._flush()

    def finish(self):
        """Asks the log process to write what is left and end."""
        for stream in self.streams.values():
            stream.end()
        self._send({"finish": True})
