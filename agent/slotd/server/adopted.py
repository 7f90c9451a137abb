"""A worker that an earlier slotd started. It is not our child, so its end is seen by its pidfd, and told by the guard, its parent now."""
import functools
import os
import signal
import socket

from slotd.slots.crew import GRACE_SECONDS
from slotd.slots.foreign import worker_for
from slotd.machine.listening import adopt as adopt_door
from slotd.slots.worker_end import HELD, HELD_SPEC

_WORD_SECONDS = 0.1


class _NoTurn:
    """Nobody waits for it."""

    @staticmethod
    def over():
        """There is nothing to give back."""


class Adopted:
    """What is different when we are not the parent. Goes before the class that knows this kind of worker."""

    def go_on_under(self, descriptors, facts, adopted):
        """Takes up what the guard held."""
        self.adopted, self.pidfd = adopted, descriptors[1]
        adopted[self.pid] = self
        self.timer.cancel()
        self.ready, self.turn, self.door = True, _NoTurn, self._door(descriptors[2:])
        for name in HELD:
            setattr(self, name, facts[name])
        self.served = max(1, self.served)  # it was ready, and may have said the rest to nobody: it did not come to nothing
        self.edition = self.slot.edition if facts["digest"] == self.slot.digest.hex() else self.slot.edition - 1
        self.slot.keeper.advance.came(self)
        self.loop.watch(self.pidfd, self._over)
        if self.spec["kind"] == "command" and not (self.tells and self.spec["role"] == "web"):
            self.loop.unwatch(self.sock.fileno())  # it became another program
        self.slot.adopt(self)
        self.hold()
        if self.left or self.dismissed:
            self._see_off()
        elif not self.tells:
            self.go_on()

    def _door(self, held):
        """The socket it listens on: its slot's, or an old one that it keeps until everybody who came through it is served."""
        slot = self.slot
        if self.tells or not held:
            return slot.listener
        mine = os.fstat(held[0]).st_ino
        for door in (slot.listener, *(worker.door for worker in slot.workers)):
            if door is not None and os.fstat(door.fileno()).st_ino == mine:
                os.close(held[0])
                return door
        return adopt_door(held[0])

    def _see_off(self):
        if not self.tells:
            self.drain(GRACE_SECONDS)
        self.give_grace(GRACE_SECONDS)

    def signal(self, number):
        """Signals the process, and never another that has its number by now."""
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except (ProcessLookupError, TypeError):
            pass

    def _over(self, _):
        """It has ended. How, the guard says in a moment, unless it is not the parent either."""
        self.loop.unwatch(self.pidfd)
        self.loop.later(_WORD_SECONDS, lambda: self.died(None))

    def died(self, status):
        """Called once: by the guard's word, or without it."""
        if self.adopted.pop(self.pid, None) is not None:
            self.loop.unwatch(self.pidfd)
            super().died(status)


@functools.lru_cache(maxsize=None)
def _adopted(kind):
    return type(f"Adopted{kind.__name__}", (Adopted, kind), {})


def adopt(slot, descriptors, facts, adopted):
    """Takes on a worker that goes on under this slotd."""
    spec = {**slot.spec, **{name: facts[name] for name in HELD_SPEC}}
    sock = socket.socket(fileno=descriptors[0])
    sock.setblocking(False)
    _adopted(worker_for(spec))(slot, facts["pid"], sock, spec).go_on_under(descriptors, facts, adopted)
