"""slotd's end of a program of another kind (kind command), which tells nothing: when it is ready, idle or done is found out.

Ready: it has taken a visitor from the socket, or has lived for a little while with nobody waiting. Idle: nobody connected for the
idle time, no connection is open, and it hardly works. Ended: only after its door was replaced by a new one and everybody who came
through the old one has been served; so no program needs to know how to leave.
"""
import os
import signal
import time

from slotd.machine import meters, unixdiag
from slotd.machine import listening
from slotd.slots import doors
from slotd.slots.glance import Glance
from slotd.slots.worker_end import Worker, describe_end

_SETTLED_SECONDS = 2
_LOOK_SECONDS = 2
_TERM_SECONDS, _UNREADY_SECONDS = 10, 60
_DRAIN_SHARE = 0.6
_EARLY_ENDS = 5
_BUSY = 0.1  # of one processor


def lay_preload(path):
    """Puts Node's preload where every customer can read it, wherever our own code lies."""
    with open(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "node", "listen.cjs"), encoding="utf-8") as file:
        text = file.read()
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(f"{path}.new", "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(f"{path}.new", 0o644)
    os.rename(f"{path}.new", path)


def worker_for(spec):
    """The class that understands this slot's processes."""
    if spec["kind"] not in ("command", "php"):
        return Worker
    return Foreign if spec["role"] == "web" and spec["listen"] == "fd" else Command


class Command(Worker):
    """A program whose last words are the cause when it does not start."""

    over = False

    def died(self, status):
        """Called by the reaper."""
        slot = self.slot
        self.over = True
        self.timer.cancel()
        steady = self.ready and (self.spec["role"] == "web" or time.monotonic() - self.ready_at > _SETTLED_SECONDS)
        known = self.cause or self.spec["role"] == "scheduled"
        if steady or known or self.left or self.dismissed or slot.gone or slot.streams is None:
            super().died(status)
        else:
            slot.keeper.journal.last_words(slot.streams, lambda text: self._died_saying(status, text))

    def _died_saying(self, status, text):
        self.cause = f"{describe_end(status)}: {text}" if text else None
        super().died(status)

    def kill(self):
        """Ends the process and whoever belongs to its session."""
        if not self.over:
            super().kill()
        for pid in self.slot.group.pids() if self.slot.made else []:
            if _session(pid) == self.pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass


class Foreign(Command):
    """A program with the slot's socket as descriptor 3."""

    tells = False

    def __init__(self, slot, pid, sock, spec):
        self.waited = False
        super().__init__(slot, pid, sock, spec)
        self.cpu = self.glance = None
        self.path = slot.keeper.roots.slot_socket(slot.name)

    @property
    def door(self):
        """The listening socket it was given."""
        return self._given

    @door.setter
    def door(self, door):
        self._given = door
        self.waited = door is not None and doors.pending(door)

    # Ready

    def _end_of_talk(self):
        """It has become another program, or is ending."""
        self.loop.unwatch(self.sock.fileno())
        if self.cause is None:
            self.became = time.monotonic()
            self._starting()

    def _starting(self):
        if self.over or self.ready:
            return
        waits, lived = doors.pending(self.door), time.monotonic() - self.became
        taken = self.waited and not waits
        settled = not waits and lived > _SETTLED_SECONDS
        self.waited = self.waited or waits
        if taken or settled or waits and lived > 0.2 and unixdiag.accepted(self.door):
            self._is_ready()
        else:
            self.loop.later(min(0.05, max(0.004, lived / 15)), self._starting)

    def _is_ready(self):
        # Whoever calls listen(2) shortens the queue for everybody, often to five.
        self.door.listen(listening.BACKLOG)
        self._begin()
        self.go_on()

    def go_on(self):
        """From now on it is looked at whether it is idle."""
        self.seen = time.monotonic()
        self._look_later()

    def _obey(self, message):
        if "restart" in message and type(message["restart"]) is int:
            self.stamp = message["restart"]
        elif "failed" in message:
            super()._obey(message)

    # Idle

    def _look_later(self):
        self.loop.later(min(_LOOK_SECONDS, max(0.2, self.spec["idleSeconds"] / 5)), self._look)

    def _look(self):
        if self.over or not self.serves:
            return
        now = time.monotonic()
        if self.door is self.slot.listener and doors.visited(self.path):
            doors.forget_visits(self.path)
            self._visited()
        joined = self.slot.coming is not None or self.slot.attempt is not None  # somebody is about to stand at this door, too
        if self.serves and not joined and self.spec["mode"] == "on-demand" and now - self.seen >= self.spec["idleSeconds"]:
            if unixdiag.accepted(self.door) or doors.pending(self.door):
                self.seen = now
            elif self._works_little(now):
                self._fall_asleep()
                return
        self._look_later()

    def died(self, status):
        """Called by the reaper. Whom it served is not known: a few early ends in a row are taken for one that serves nobody."""
        if not self.ready and not self.dismissed and self.waited and not doors.pending(self.door):
            self._begin()  # it has taken somebody since the last look
        if self.ready and self.slot.quick < _EARLY_ENDS:
            self.served += 1
        super().died(status)

    def _visited(self):
        self.served, self.cpu = self.served + 1, None
        for fellow in self.slot.workers:  # one door, one look
            if fellow.door is self.door:
                fellow.seen = time.monotonic()
        if self.seen - self.ready_at > _SETTLED_SECONDS:
            self.slot.counted(self, 0)
        if self.stamp is not None and self.glance is None:
            self.glance = Glance(self.slot, self._glanced)

    def _works_little(self, now):
        """Two looks in a row; work after the last answer is work all the same. What keeps no access time only shows by its work."""
        used, before = meters.cpu(self.slot.group)[0], self.cpu
        self.cpu = used, now
        return before is not None and used - before[0] < (now - before[1]) * 1e6 * _BUSY

    def _glanced(self, stamp):
        self.glance = None
        if stamp is not None and stamp != self.stamp and self.serves:
            self.stamp = None  # its successor looks from now on
            self.slot.note("tmp/restart.txt was touched")
            self.slot.renew()
            self.slot.staff()

    def _fall_asleep(self):
        fellows = [worker for worker in self.slot.workers if worker.door is self.door and worker.serves]
        if self.door is self.slot.listener:  # an old door is its own; a newer version may stand at the path
            doors.replace(self.slot)
        for worker in fellows:
            worker.left = True
            worker.hold()
            worker.drain()
        self.slot.leaving(self, "idle")

    # Leaving

    def dismiss(self, seconds):
        """Nobody can reach it from now on; it serves whom it has, and is ended."""
        slot, already, self.dismissed = self.slot, self.dismissed or self.left, True
        if not self.ready:
            if slot.gone or slot.keeper.ending:
                self.kill()
                return
            seconds = _UNREADY_SECONDS  # somebody may be waiting for it, or inside already
        alone = not any(worker.door is self.door and worker.serves for worker in slot.workers)
        if self.door is slot.listener and alone and not slot.gone and not slot.keeper.ending:
            doors.replace(slot)
        self.hold()
        if not already:
            self.drain(seconds)
        self.give_grace(seconds)

    def drain(self, seconds=60):
        """Ends the program as soon as nobody is at its door or inside, and in any case before the time is over."""
        until = time.monotonic() + seconds * _DRAIN_SHARE
        quiet = 0

        def look(pause):
            nonlocal quiet
            if self.over:
                return
            quiet = 0 if doors.pending(self.door) or unixdiag.accepted(self.door) else quiet + 1
            if quiet > 1 or time.monotonic() > until:
                self._terminate()
                self.give_grace(min(_TERM_SECONDS, seconds * (1 - _DRAIN_SHARE)))
            else:
                self.loop.later(pause, lambda: look(min(0.25, pause * 1.3)))

        # A visitor who has just found the old door arrives there within microseconds.
        self.loop.later(0.02, lambda: look(0.02))


def _session(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[3])
    except (OSError, ValueError, IndexError):
        return 0
