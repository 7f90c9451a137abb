"""What slotd gives its guard to hold (guard.py), so that it outlives slotd, and what a new slotd gets back.

A thing is a key, its descriptors and a few facts. Without a guard, as in a test, nothing is held and a restart starts from nothing.
"""
import errno
import json
import os
import socket
from collections import deque

from slotd.machine import wire
from slotd.server.holding import LARGEST, MOST, parts
from slotd.server.loop import READ, WRITE

_TEXT = 60_000
_AGAIN_SECONDS = 0.5


class Store:
    """slotd's line to its guard."""

    def __init__(self, loop, path, guarded):
        self.loop, self.path, self.guarded = loop, path, guarded
        self.line, self.things, self.news = None, {}, deque()
        self.on_ended = None

    def take(self):
        """Everything that an earlier slotd left: {key: (descriptors, facts)}. Blocks; for the start only."""
        if not self.guarded:
            return {}
        self._connect()
        self.line.settimeout(20)
        self.line.send(b'{"give":true}')
        found = {}
        while True:
            data, descriptors = wire.take(self.line, LARGEST, MOST + 8)
            if not data:
                raise ConnectionResetError("the guard went away")
            message = json.loads(data)
            for key, count, facts in message.get("have", ()):
                mine, descriptors = descriptors[:count], descriptors[count:]
                found[key] = mine, facts
            if message.get("whole"):
                break
        self._listen()
        self.things = {key: mine[0] if len(mine) == 1 and facts is None else (mine, facts) for key, (mine, facts) in found.items()}
        return found

    def _connect(self):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            line.connect(self.path)
        except OSError:
            line.close()
            raise
        self.line = line

    def _listen(self):
        self.line.setblocking(False)
        self.loop.watch(self.line.fileno(), self._ready)

    # Keeping

    def keep(self, key, descriptors, facts=None):
        """Gives descriptors to hold; what was held under the key is let go."""
        if self.guarded:
            self.things[key] = descriptors[0] if len(descriptors) == 1 and facts is None else (descriptors, facts)
            self._tell(key)

    def drop(self, key):
        """No longer to be held. Called before the descriptors are closed: a number comes round again."""
        if self.things.pop(key, None) is not None:
            self._tell(key)

    def _tell(self, key):
        if not self.news:
            self.loop.later(0, self.flush)
        self.news.append(key)

    def _message(self):
        """The next message: as many keys as fit. Returns it and how many keys of the news it tells."""
        keep, drop, descriptors, told, size = [], [], [], 0, 0
        for key in self.news:
            mine, facts = parts(self.things.get(key, ((), None)))
            entry = (key, len(mine), facts)
            size += len(key) + 80 if facts is None else len(key) + 80 + len(json.dumps(facts))
            if told and (len(descriptors) + len(mine) > MOST or size > _TEXT):
                break
            told += 1
            if key in self.things:
                keep.append(entry)
                descriptors += mine
            else:
                drop.append(key)
        # What is dropped and kept anew under one key in one message counts once: the guard lets the older go by itself.
        return {"drop": drop, "keep": keep}, descriptors, told

    def flush(self):
        """Tells the guard what is new, as far as it listens now."""
        while self.news and self.line is not None:
            message, descriptors, told = self._message()
            try:
                socket.send_fds(self.line, [json.dumps(message, separators=(",", ":")).encode()], descriptors)
            except BlockingIOError:
                self.loop.watch(self.line.fileno(), self._ready, READ | WRITE)
                return
            except OSError as error:
                if error.errno == errno.EBADF and self._forget_closed():
                    continue
                self._lost()
                return
            for _ in range(told):
                self.news.popleft()

    def _forget_closed(self):
        """Something was closed that was still to be held. That is a mistake of ours, and must not cost the rest."""
        bad = []
        for key in set(self.news) & set(self.things):
            try:
                for number in parts(self.things[key])[0]:
                    os.fstat(number)
            except OSError:
                bad.append(key)
        for key in bad:
            del self.things[key]
        return bad

    def _ready(self, events):
        if events & WRITE:
            self.loop.watch(self.line.fileno(), self._ready, READ)
            self.flush()
        if self.line is None or not events & ~WRITE:
            return
        try:
            data = self.line.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        message = json.loads(data)
        if "ended" in message and self.on_ended is not None:
            self.on_ended(message["ended"], message["status"])

    # The guard's own end

    def _lost(self):
        if self.line is not None:
            self.loop.unwatch(self.line.fileno())
            self.line.close()
            self.line = None
            self._again()

    def _again(self):
        """Looks for the next guard, and gives it everything."""
        try:
            self._connect()
        except OSError:
            self.loop.later(_AGAIN_SECONDS, self._again)
            return
        self._listen()
        self.news = deque(self.things)
        self.flush()
        self._whole()

    def _whole(self):
        if self.news:
            self.loop.later(0.05, self._whole)
            return
        try:
            if self.line is not None:
                self.line.send(b'{"whole":true}')
        except BlockingIOError:
            self.loop.later(0.05, self._whole)
        except OSError:
            pass  # it went away again

    def finish(self, everything=False):
        """The last words of this slotd: tells what is left to tell, or that nothing need be held any more."""
        if self.line is None:
            return
        try:
            self.line.settimeout(5)
            if everything:
                self.news.clear()
                self.line.send(b'{"drop":"all"}')
            self.flush()
        except OSError:
            pass
