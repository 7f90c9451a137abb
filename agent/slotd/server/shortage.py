"""When the host has no descriptor or memory left for one more thing: whoever wanted it waits a little, longer each time, and the log says so."""
import errno
import time

from slotd.server.nursery import say

SHORT = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS, errno.EAGAIN)
_FIRST, _LONGEST, _CALM, _SAY = 0.1, 2.0, 5.0, 60.0


class Shortage:
    """How long to wait, for everybody together."""

    def __init__(self):
        self.pause, self.last, self.said = _FIRST, -_CALM, -_SAY

    def met(self, error):
        """Something could not be had. Returns the seconds to wait before the next try."""
        now = time.monotonic()
        self.pause = _FIRST if now - self.last > _CALM else min(_LONGEST, self.pause * 1.5)
        self.last = now
        if now - self.said > _SAY:
            self.said = now
            say(f"the host is short of something ({error.strerror}); apps that start now wait until it is there again")
        return self.pause

    def stop(self, slot, error):
        """A slot cannot start now. Its visitors go on waiting if it is for a moment; all else is a failure."""
        if error.errno not in SHORT:
            slot.failed(f"the host could not make room for the app ({error})")
            return
        slot.attempt = None
        slot.settle()
        slot.quiet_if_alone()
        if slot.listener is not None and not slot.serving():
            slot.loop.unwatch(slot.listener.fileno())
        slot.retry = slot.loop.later(self.met(error), lambda: self._again(slot))

    @staticmethod
    def _again(slot):
        slot.retry = None
        slot.settle()
        slot.staff()
