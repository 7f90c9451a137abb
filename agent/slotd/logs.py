"""The log process: turns what apps print, what Berth remarks and what nginx reports into size-capped log files.

Started by slotd as `logs.py <slotd's pid>` with its control socket as descriptor 3. Every source gets a small turn at a time, and
a source that writes more than its budget is read no further for a while: its pipe fills and it waits, and only it.
"""
import os
import socket
import sys
import time

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from slotd.machine import kernel, wire
from slotd.slots import lastwords
from slotd.log.access import Access
from slotd.log.logfile import Files, clean, stamp
from slotd.server.loop import Loop

_TURN = 65_536
_RATE = 1 << 20
_LINE = 16_384
_TELL_SECONDS = 5  # of a source that has to wait, again and again


class Source:
    """One pipe of one slot."""

    def __init__(self, desk, group, descriptor, letter):
        self.desk, self.group, self.descriptor, self.letter = desk, group, descriptor, letter
        self.rest, self.budget, self.filled = b"", float(_RATE), time.monotonic()
        os.set_blocking(descriptor, False)
        desk.loop.watch(descriptor, self.turn)

    def turn(self, _=0):
        """Reads a little and writes the whole lines of it. False when there was nothing."""
        if self.descriptor is None:
            return False
        now = time.monotonic()
        self.budget = min(_RATE, self.budget + (now - self.filled) * _RATE)
        self.filled = now
        if self.budget < _TURN:
            self.group.slowed()
            self.desk.loop.unwatch(self.descriptor)
            self.desk.loop.later((_TURN - self.budget) / _RATE + 0.1, self._again)
            return False
        try:
            data = os.read(self.descriptor, _TURN)
        except BlockingIOError:
            return False
        self.budget -= len(data)
        if not data:
            self._end()
            return False
        self._lines(data)
        return True

    def _again(self):
        if self.descriptor is not None:
            self.desk.loop.watch(self.descriptor, self.turn)

    def _lines(self, data):
        *whole, self.rest = (self.rest + data).split(b"\n")
        lines = []
        for line in whole:
            lines += [line[at : at + _LINE] for at in range(0, len(line), _LINE)] or [b""]
        while len(self.rest) > _LINE:
            lines.append(self.rest[:_LINE])
            self.rest = self.rest[_LINE:]
        self._write(lines)

    def _write(self, lines):
        if lines:
            lead = f"{stamp()} {self.letter} "
            self.desk.files.append(self.group.path, self.group.bytes, [lead + clean(line) for line in lines])

    def leave(self):
        """Reads no more; half a line is written as one."""
        if self.rest:
            self._write([self.rest])
            self.rest = b""

    def _end(self):
        self.desk.loop.unwatch(self.descriptor)
        os.close(self.descriptor)
        self.descriptor = None
        self.leave()
        self.group.ended()


class Group:
    """The two pipes of one wake of a slot."""

    def __init__(self, desk, number, path, size, descriptors):
        self.desk, self.number, self.path, self.bytes, self.open = desk, number, path, size, 2
        self.told, self.began = 0.0, stamp()
        self.sources = [Source(desk, self, descriptor, letter) for descriptor, letter in zip(descriptors, "OE")]

    def slowed(self):
        """It prints more than it may: slotd counts that, now and then."""
        now = time.monotonic()
        if now - self.told > _TELL_SECONDS:
            self.told = now
            self.desk.tell({"slowed": self.number})

    def catch_up(self):
        """Reads what was said until now, within bounds."""
        for source in self.sources:
            for _ in range(4):
                if not source.turn():
                    break

    def ended(self):
        """One pipe has ended."""
        self.open -= 1
        if self.open == 0:
            self.desk.done(self)


class LogDesk:
    """All sources and files."""

    def __init__(self, control):
        self.loop, self.files = Loop(), Files()
        self.control, self.groups, self.access = control, {}, None
        self.finishing = self.held = False
        control.setblocking(False)
        self.loop.watch(control.fileno(), self._order)

    def _order(self, _):
        for _ in range(64):
            try:
                message, descriptors = wire.receive(self.control)
            except BlockingIOError:
                return
            except OSError:
                message, descriptors = None, []
            if message is None:
                # slotd is gone: write what is there and end; or, where the pipes outlive it, leave them to the next of us.
                self._stop() if self.held else self._finish()
                self.loop.unwatch(self.control.fileno())
                return
            self._obey(message, descriptors)

    def _obey(self, message, descriptors):
        if "note" in message:
            # What the app said before the remark belongs before it.
            for group in list(self.groups.values()):
                if group.path == message["note"]:
                    group.catch_up()
            self.files.append(message["note"], message["bytes"], [f"{stamp()} B {clean(message['text'].encode())}"])
        elif "open" in message:
            self.groups[message["open"]] = Group(self, message["open"], message["path"], message["bytes"], descriptors)
        elif "last" in message:
            self._tell_last(message["last"])
        elif "cap" in message and self.access:
            self.access.caps[message["cap"]] = message["bytes"]
        elif "forget" in message and self.access:
            self.access.caps.pop(message["forget"], None)
            self.files.forget(self.access.folder(message["forget"]))
        elif "hello" in message:
            self.held = message["held"]
            self.access = Access(self.loop, self.files, socket.socket(fileno=descriptors[0]), **message["hello"])
        elif "finish" in message:
            self._finish()

    def _tell_last(self, number):
        group, text = self.groups.get(number), ""
        if group is not None:
            group.catch_up()
            text = lastwords.telling(group.path, group.began)
        self.tell({"last": number, "text": text})

    def tell(self, message):
        """Tells slotd; one that is gone hears nothing."""
        try:
            wire.send(self.control, message)
        except OSError:
            pass

    def done(self, group):
        """Both pipes of a wake have ended."""
        self.groups.pop(group.number, None)
        self.tell({"done": group.number})
        if self.finishing and not self.groups:
            self.loop.stop()

    def _stop(self):
        for group in self.groups.values():
            for source in group.sources:
                source.leave()
        self.loop.stop()

    def _finish(self):
        if self.finishing:
            return
        self.finishing = True
        if self.access:
            self.access.turn()
        if not self.groups:
            self.loop.stop()
        self.loop.later(1.5, self.loop.stop)


def main():
    """Serves until slotd says so, or is gone."""
    os.umask(0o077)
    kernel.name_process("berth-logs")
    if os.getppid() != int(sys.argv[1]):
        return
    desk = LogDesk(socket.socket(fileno=3))
    os.set_inheritable(3, False)
    desk.loop.run()


if __name__ == "__main__":
    main()
