"""A glance into a home, which root never takes itself: a short-lived child that already is the customer looks and ends."""
import os
import signal

from slotd.machine import wire

_SECONDS = 5


class Glance:
    """Asks when tmp/restart.txt was touched last; got(stamp), or got(None) when there was no answer."""

    def __init__(self, slot, got):
        self.slot, self.keeper, self.loop, self.got = slot, slot.keeper, slot.loop, got
        self.pid = self.sock = None
        zygote, _ = self.keeper.zygotes.serve(slot.spec, True)
        zygote.want(self._start)

    def _start(self, pid, sock):
        slot, roots = self.slot, self.keeper.roots
        if pid is None or slot.gone or slot.streams is None or self.keeper.ending:
            if pid is not None:
                sock.close()
            self._answer(None)
            return
        self.pid, self.sock = pid, sock
        orders = {
            "glance": True, "spec": slot.spec, "gates": slot.group.gates(), "homes": roots.homes, "skeleton": slot.skeleton,
            "kept": roots.kept(),
        }
        self.timer = self.loop.later(_SECONDS, self._too_slow)
        self.keeper.own(pid, self)
        try:
            wire.send(sock, orders, [slot.listener.fileno(), slot.streams.out_write, slot.streams.error_write])
        except OSError:
            return  # it died; the reaper says so in a moment
        self.loop.watch(sock.fileno(), self._hear)

    def _too_slow(self):
        os.kill(self.pid, signal.SIGKILL)

    def _hear(self, _):
        try:
            message, descriptors = wire.receive(self.sock)
        except BlockingIOError:
            return
        except OSError:
            message, descriptors = None, []
        for descriptor in descriptors:
            os.close(descriptor)
        self.loop.unwatch(self.sock.fileno())
        stamp = message.get("restart") if isinstance(message, dict) else None
        self._answer(stamp if type(stamp) is int else None)

    def _answer(self, stamp):
        got, self.got = self.got, None
        if got is not None:
            got(stamp)

    def died(self, status):
        """Called by the reaper."""
        self.timer.cancel()
        self._hear(0)
        self.sock.close()
