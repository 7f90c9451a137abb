"""When a worker makes room for a new one: it has served its share, or a mark of Passenger's below the app's root asks for it.

A touched tmp/restart.txt means new code, tmp/always_restart.txt new code each time.
"""
import os
import random
import time

_EVERY = 0.05


def _stamp(path):
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_ino


def quota(spec):
    """After how many requests a worker leaves; not the same number for all, so that they do not leave at once. Below 0 is never."""
    most = spec["maxRequests"]
    return most + random.randrange(most // 10 + 1) if most else -1


class Marks:
    """The files as they were before the app was loaded. Looked at by the worker, which is the customer; never by root."""

    def __init__(self, root):
        self.touched, self.always = os.path.join(root, "tmp", "restart.txt"), os.path.join(root, "tmp", "always_restart.txt")
        self.stamp = _stamp(self.touched)
        self.looked = time.monotonic()

    def changed(self, served):
        """Whether the worker must leave before it serves another request."""
        self.looked = time.monotonic()
        return _stamp(self.touched) != self.stamp or (served and self.each())

    def due(self, now):
        """Whether it is time to look again, for a worker that has no pause."""
        return now - self.looked > _EVERY

    def each(self):
        """Whether every request wants a new process."""
        return _stamp(self.always) is not None
