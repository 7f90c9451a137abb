"""A worker that an earlier slotd started. It is not our child, so its end is seen by its pidfd, and told by the guard, its parent now."""
import signal
import socket

from slotd.crew import GRACE_SECONDS
from slotd.loop import READ
from slotd.worker_end import Worker

_WORD_SECONDS = 0.2


class Adopted(Worker):
    """A worker whose parent we are not."""

    def __init__(self, slot, sock, pidfd, facts, adopted):
        super().__init__(slot, facts["pid"], sock, {**slot.spec, "kind": facts["kind"]})
        self.adopted, self.pidfd = adopted, pidfd
        adopted[self.pid] = self
        self.timer.cancel()
        self.ready, self.left, self.dismissed = True, facts["left"], facts["dismissed"]
        self.ready_at, self.started, self.served, self.early = facts["ready_at"], facts["started"], facts["served"], facts["early"]
        self.generation = facts["generation"]
        self.edition = slot.edition if facts["digest"] == slot.digest.hex() else slot.edition - 1
        self.loop.watch(pidfd, self._over, READ)
        if facts["kind"] == "command":
            self.loop.unwatch(sock.fileno())
            self.wait_for_idle()
        if self.left or self.dismissed:
            self.give_grace(GRACE_SECONDS)

    def _signal(self, number):
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except (ProcessLookupError, TypeError):
            pass

    def kill(self):
        """Ends the process, and never another that has its number by now."""
        self._signal(signal.SIGKILL)

    def _terminate(self):
        self._signal(signal.SIGTERM)

    def _over(self, _):
        """It has ended. How, the guard says in a moment, unless it is not the parent either."""
        self.loop.unwatch(self.pidfd)
        self.loop.later(_WORD_SECONDS, lambda: self.died(None))

    def died(self, status):
        """Called once: by the guard's word, or without it."""
        if self.adopted.pop(self.pid, None) is not None:
            self.loop.unwatch(self.pidfd)
            super().died(status)


def adopt(slot, descriptors, facts, adopted):
    """Takes on a worker that goes on under this slotd."""
    sock = socket.socket(fileno=descriptors[0])
    sock.setblocking(False)
    slot.adopt(Adopted(slot, sock, descriptors[1], facts, adopted))
