"""Answering visitors with 503 while an app rests after a failed start. Small, bounded, and never blocking."""
import struct

from slotd.apps import page
from slotd.server.loop import READ, WRITE
from slotd.apps.relay import Relay

_MOST = 256
_SECONDS, _CARRY_SECONDS = 20, 120
_PIECE = 65_536


def _fastcgi(answer):
    """The same answer in FastCGI's records, for the only request that nginx sends on a connection."""
    lines = answer.split(b"\r\n", 1)
    body = b"Status: " + lines[0].split(b" ", 1)[1] + b"\r\n" + lines[1]
    record = lambda kind, data: struct.pack(">BBHHBx", 1, kind, 1, len(data), 0) + data
    return record(6, body) + record(6, b"") + record(3, bytes(8))


class _Visit:
    """One connection: its request is read to the end (or nginx would lose the answer), then answered."""

    def __init__(self, desk, conn, data, http):
        self.desk, self.conn, self.data, self.http = desk, conn, data, http
        self.head, self.left, self.answered = b"", None, False
        self.timer = desk.loop.later(_SECONDS, self.close)
        desk.loop.watch(conn.fileno(), self._go)

    def _go(self, _):
        try:
            if self.left is None or self.left > 0:
                self._read()
            elif self.answered:
                if not self.conn.recv(_PIECE):
                    self.close()
        except BlockingIOError:
            return
        except OSError:
            self.close()

    def _read(self):
        piece = self.conn.recv(_PIECE)
        if not piece:
            self.close()
            return
        if not self.http:
            self.left = 0  # in packets: answered at once, read on to the end all the same
        elif self.left is None:
            self.head += piece
            end = self.head.find(b"\r\n\r\n")
            if end < 0 and len(self.head) <= _PIECE:
                return
            self.left = self._length(self.head[:end]) - (len(self.head) - end - 4) if end >= 0 else 0
        else:
            self.left -= len(piece)
        if self.left <= 0:
            self._answer()

    @staticmethod
    def _length(head):
        for line in head.split(b"\r\n")[1:]:
            name, _, value = line.partition(b":")
            if name.strip().lower() == b"content-length" and value.strip().isdigit():
                return int(value.strip()[:15])
        return 0

    def _answer(self):
        # A page is far smaller than a socket's buffer, so it goes out whole or not at all.
        self.answered = True
        self.conn.send(self.data)
        self.conn.shutdown(1)

    def close(self):
        """Ends the connection."""
        if self.conn is not None:
            self.timer.cancel()
            self.desk.loop.unwatch(self.conn.fileno())
            self.conn.close()
            self.conn = None
            self.desk.visits.discard(self)


class Desk:
    """All connections that slotd itself answers."""

    def __init__(self, loop):
        self.loop, self.visits, self.closed = loop, set(), False

    def carry(self, visitor, onward):
        """Carries the bytes of somebody who came to a door that is gone."""
        relay = Relay(self.loop, visitor, onward, self.visits.discard)
        self.visits.add(relay)
        self.loop.later(_CARRY_SECONDS, relay.close)

    def has_room(self):
        """Whether slotd may take on one more visitor."""
        return len(self.visits) < _MOST

    def receive(self, listener, seconds, protocol="http"):
        """Accepts what waits and answers 503; what is beyond the bound waits in the backlog."""
        data = page.resting(seconds)
        if protocol == "fastcgi":
            data = _fastcgi(data)
        listener.setblocking(False)  # the app shares this property of the socket and may have changed it
        for _ in range(32):
            if len(self.visits) >= _MOST or self.closed:
                return False
            try:
                conn, _ = listener.accept()
            except BlockingIOError:
                return True
            except OSError:
                return False  # no descriptor is free: those who wait go on waiting
            conn.setblocking(False)
            self.visits.add(_Visit(self, conn, data, protocol == "http"))
        return True
