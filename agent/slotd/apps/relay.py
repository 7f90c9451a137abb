"""Carrying bytes between two connections, both ways, until both have ended. Each way holds at most one piece."""
from slotd.server.loop import READ, WRITE

_PIECE = 65_536


class _Way:
    """One direction."""

    __slots__ = ("source", "sink", "data", "ended", "shut")

    def __init__(self, source, sink):
        self.source, self.sink, self.data, self.ended, self.shut = source, sink, b"", False, False

    def pump(self):
        """Carries what it can now. Raises OSError when one side broke."""
        try:
            while not self.shut:
                if not self.data and not self.ended:
                    self.data = memoryview(self.source.recv(_PIECE))
                    self.ended = not self.data
                if self.data:
                    self.data = self.data[self.sink.send(self.data) :]
                elif self.ended:
                    self.shut = True
                    self.sink.shutdown(1)
        except BlockingIOError:
            pass


class Relay:
    """Two connections that were made one; done(relay) is called at the end."""

    def __init__(self, loop, one, other, done):
        self.loop, self.one, self.other, self.done = loop, one, other, done
        self.there, self.back = _Way(one, other), _Way(other, one)
        self.open = True
        loop.later(0, self._go)

    def _go(self, _=0):
        if not self.open:
            return
        try:
            self.there.pump()
            self.back.pump()
        except OSError:
            self.close()
            return
        if self.there.shut and self.back.shut:
            self.close()
            return
        for side, to, off in ((self.one, self.there, self.back), (self.other, self.back, self.there)):
            events = (READ if not to.data and not to.ended else 0) | (WRITE if off.data else 0)
            if events:
                self.loop.watch(side.fileno(), self._go, events)
            else:
                self.loop.unwatch(side.fileno())

    def close(self):
        """Ends both."""
        if self.open:
            self.open = False
            for side in (self.one, self.other):
                self.loop.unwatch(side.fileno())
                side.close()
            self.done(self)
