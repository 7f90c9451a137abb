"""The zygotes of one kind, one after another: the one that serves, and its successor while that starts."""
import random
import time

from slotd.server import interpreters
from slotd.server.nursery import say

_LOOK_SECONDS = 1
_AGAIN_SECONDS = 3600


class Line:
    """The zygotes of one key: the one that serves, and its successor while that starts."""

    def __init__(self, owner, key):
        self.owner, self.key = owner, key
        self.serving, self.next = owner.start(key), None
        self.looked = self.used = time.monotonic()
        self.renew_at = self.used + owner.life * random.uniform(0.9, 1.1)

    def renew(self):
        """Starts the successor; it takes over when it is ready."""
        if self.next is not None:
            return
        self.renew_at = time.monotonic() + self.owner.life * random.uniform(0.9, 1.1)
        try:
            self.next = self.owner.start(self.key, self._take_over)
        except interpreters.Unsafe as why:  # the old one goes on; an administrator has to mend it
            say(str(why))

    def _take_over(self):
        old, self.serving, self.next = self.serving, self.next, None
        waiting = list(old.waiting)
        old.waiting.clear()
        old.retire()
        for got in waiting:
            self.serving.want(got)
        self.owner.schedule()

    def look(self):
        """Sees to it, at most once a second, that what was loaded is what stands on disk."""
        now = time.monotonic()
        if now - self.looked > _LOOK_SECONDS:
            self.looked = now
            if self.serving.stale() and self.next is None:
                self.renew()

    def give_up_failed(self):
        """A successor that cannot start must not take the old one's place."""
        if self.next is not None and self.next.failures >= 3:
            self.next.retire()
            self.next, self.renew_at = None, time.monotonic() + _AGAIN_SECONDS

    def retire(self, why):
        """Ends them; who still waits is told."""
        for zygote in self.every():
            waiting = list(zygote.waiting)
            zygote.waiting.clear()
            zygote.retire()
            for got in waiting:
                got(None, why)

    def every(self):
        """The one that serves and the one that is about to."""
        return [zygote for zygote in (self.serving, self.next) if zygote is not None]

    def memory(self):
        """What they and their blank children take, shared pages counted by share."""
        pids = [pid for one in self.every() for pid in (one.pid, *(spare for spare, _ in one.spares)) if pid is not None]
        return sum(map(_memory, pids))


def _memory(pid):
    """A process's memory, shared pages counted by share."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) << 10 for line in file if line.startswith("Pss:"))
    except OSError:
        return 0
