"""What an earlier slotd left with the guard, and how this one takes it up."""
import json
import os

from slotd.server.adopted import adopt
from slotd.machine.cgroup import BUILDS
from slotd.machine.cgroup_end import end_group
from slotd.slots.crew import GRACE_SECONDS
from slotd.server.nursery import say

_AT_ONCE = 20
# What a planned restart hands on of a slot; after a crash these begin anew.
FIELDS = ("requests", "wakes", "latency", "last_wake_ms", "failures", "quick", "resting", "retry_at", "reason", "bare")


class Left:
    """The things themselves, until somebody takes them."""

    def __init__(self, store):
        self.store = store
        self.things = store.take()
        self.any = bool(self.things)
        self.adopted = {}
        store.on_ended = self._ended

    def take(self, key):
        """The one descriptor that is held under a key, or None."""
        found = self.things.pop(key, None)
        return found[0][0] if found else None

    def taken(self, prefix=""):
        """Takes everything whose key begins so, as (key, descriptors, facts)."""
        return [(key, *self.things.pop(key)) for key in [key for key in self.things if key.startswith(prefix)]]

    def pipes(self):
        """The log pipes: (number, name, path, size, descriptors)."""
        return [(int(key[2:]), facts["name"], facts["path"], facts["bytes"], held) for key, held, facts in self.taken("p:")]

    def _ended(self, pid, status):
        worker = self.adopted.get(pid)
        if worker is not None:
            worker.died(status)

    def adopt(self, keeper):
        """Workers go on, counters too, and what nobody wants any more is let go."""
        if not self.any:
            return
        self._slots(keeper)
        for key, held, facts in self.taken("w:"):
            slot = keeper.slots.get(facts["slot"])
            if slot is None:
                self._drop(key, held)  # its group is ended below
            else:
                keeper.loop.guard(adopt, slot, held, facts, self.adopted)
        say(f"took up {len(keeper.slots)} slots and {len(self.adopted)} workers of the slotd before")
        self._groups(keeper, sorted(keeper.trees.left_over()))

    def let_go(self):
        """What nobody took, such as the socket of a slot that is gone."""
        for key, held, _ in self.taken():
            self._drop(key, held)

    def _drop(self, key, held):
        self.store.drop(key)
        for descriptor in held:
            os.close(descriptor)

    def _slots(self, keeper):
        number = self.take("a:state")
        if number is None:
            return
        self.store.drop("a:state")
        with open(number, "rb") as file:
            file.seek(0)
            states = json.load(file)
        for name, state in states.items():
            slot = keeper.slots.get(name)
            if slot is not None:
                for field in FIELDS:
                    setattr(slot, field, state[field])
                slot.settle()

    def _groups(self, keeper, names):
        """Processes without a worker, a few groups at a time: some still leave, and of slots that are gone nothing may stay."""
        for account, app in names[:_AT_ONCE]:
            slot = keeper.slots.get(f"{account}.{app}")
            if account == BUILDS or slot is not None and slot.made:
                continue
            group = keeper.trees.group(account, app)
            if slot is None:
                end_group(keeper.loop, keeper.trees, account, app, lambda why: why and say(why))
            elif group.pids():
                slot.count_silently()
                keeper.loop.later(GRACE_SECONDS, slot.quiet_if_alone)
            else:
                group.remove()
        if names[_AT_ONCE:] and not keeper.ending:
            keeper.loop.later(0.005, lambda: self._groups(keeper, names[_AT_ONCE:]))


def state_of(slot):
    """What a planned restart hands on of a slot, or None when there is nothing."""
    if not (slot.requests or slot.wakes or slot.failures or slot.reason):
        return None
    return {field: getattr(slot, field) for field in FIELDS}
