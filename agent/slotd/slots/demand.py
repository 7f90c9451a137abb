"""Whether more visitors wait than the workers of a slot take up. Costs nothing while nobody visits, and a few wakes a second while many do."""
import select

from slotd.server.loop import ONCE, READ

_LOOKS, _BETWEEN, _PAUSE = 3, 0.01, 0.05


def pass_on(slot):
    """A visitor wakes one worker. If that one goes, it may not have taken the visitor: the others are told to look."""
    if slot.gone or slot.listener is None:
        return
    poll = select.poll()
    poll.register(slot.listener.fileno(), select.POLLIN)
    fellows = [worker for worker in slot.workers if worker.serves]
    if fellows and poll.poll(0):
        for worker in fellows:
            worker.look()


class Demand:
    """Looks at the backlog of one slot: when it is not empty at several looks in a row, another worker is started."""

    __slots__ = ("slot", "loop", "poll", "busy")

    def __init__(self, slot):
        self.slot, self.loop, self.busy = slot, slot.loop, False
        self.poll = select.poll()
        self.poll.register(slot.listener.fileno(), select.POLLIN)

    def watch(self):
        """Wants to know of the next visitor, once."""
        if not self.busy:
            self.loop.watch(self.slot.listener.fileno(), self._knock, READ | ONCE)

    def _knock(self, _):
        self.busy = True
        self.loop.later(_BETWEEN, lambda: self._look(1))

    def _look(self, count):
        slot = self.slot
        if slot.demand is not self or slot.state != "running" or slot.attempt or slot.coming or slot.gone:
            self.busy = False
        elif not self.poll.poll(0):
            self.loop.later(_PAUSE, self._rearm)
        elif count < _LOOKS:
            self.loop.later(_BETWEEN, lambda: self._look(count + 1))
        else:
            self.busy = False
            slot.start()

    def _rearm(self):
        self.busy = False
        if self.slot.demand is self:
            self.slot.settle()
