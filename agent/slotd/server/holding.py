"""Descriptors under keys: what the guard holds for slotd. A thing is a key, its descriptors and a few facts."""
import os
import resource

AGAIN = 86  # how slotd ends when it wants to be started again
MOST = 240  # descriptors in one message; the kernel's bound is 253
LARGEST = 1 << 18
_TEXT = 60_000
_SUBREAPER = 36


def raise_limit():
    """As many open files as the kernel allows: ten thousand slots are ten thousand descriptors."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for wanted in (1 << 20, hard):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, hard)))
            return
        except (OSError, ValueError):
            continue


def become_subreaper():
    """Those whose parent dies below this process become its own children."""
    import ctypes  # only here: it is a third of what the guard weighs

    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)


def parts(thing):
    """(descriptors, facts) of a thing; most are listening sockets, and those are kept as one bare number."""
    return ((thing,), None) if type(thing) is int else thing


class Holding:
    """What is held now."""

    def __init__(self):
        self.things = {}

    def __len__(self):
        return len(self.things)

    def take(self, message, descriptors):
        """Keeps and drops what a message says. What a key held before is let go."""
        for key, count, facts in message.get("keep", ()):
            self._drop(key)
            mine, descriptors = descriptors[:count], descriptors[count:]
            if len(mine) == count:
                self.things[key] = mine[0] if count == 1 and facts is None else (mine, facts)
        for key in list(self.things) if message.get("drop") == "all" else message.get("drop", ()):
            self._drop(key)

    def _drop(self, key):
        for descriptor in parts(self.things.pop(key, ((), None)))[0]:
            os.close(descriptor)

    def batches(self):
        """Everything, as (list of (key, number of descriptors, facts), descriptors), each small enough for one message."""
        listed, descriptors, size = [], [], 0
        for key, thing in self.things.items():
            mine, facts = parts(thing)
            if len(descriptors) + len(mine) > MOST or size > _TEXT:
                yield listed, descriptors
                listed, descriptors, size = [], [], 0
            listed.append((key, len(mine), facts))
            descriptors += mine
            size += len(key) + 40 + (len(repr(facts)) if facts else 0)
        yield listed, descriptors
