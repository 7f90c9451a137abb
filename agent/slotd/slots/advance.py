"""What workers took before they entered their slot's group: a blank child's early pages stay charged to its zygote's group.

A limit that left them out would be too large by them. So the groups of the slot and of the account get that much less while the
worker lives. A limit is written only when it changes: the usual wake after a sleep writes none.
"""


def _is_own(spec):
    return spec["limits"]["memoryMb"] < spec["account_limits"]["memoryMb"]


class Advance:
    """The early bytes of all living workers, by slot and by account."""

    def __init__(self, trees):
        self.trees = trees
        self.taken, self.written = {}, {}

    def of(self, name):
        """The early bytes of a slot or an account; whoever asks writes the limit that fits."""
        self.written[name] = self.taken.get(name, 0)
        return self.written[name]

    def of_slot(self, name, spec):
        """The same for a slot. One that may have all that its account may is held by the account's limit: its own stays as the plan says."""
        return self.of(name) if _is_own(spec) else 0

    def came(self, worker):
        """A worker got its orders."""
        if worker.early:
            self._change(worker, worker.early)

    def went(self, worker):
        """A worker ended."""
        if worker.early:
            self._change(worker, -worker.early)

    def _change(self, worker, size):
        slot, spec = worker.slot, worker.spec
        for name, group, limits in (
            (slot.name, slot.group, spec["limits"]),
            (slot.account, self.trees.group(slot.account), spec["account_limits"]),
        ):
            if name == slot.name and not _is_own(spec):
                continue
            now = self.taken[name] = self.taken.get(name, 0) + size
            if now == 0:
                del self.taken[name]
            elif now != self.written.get(name, 0):
                self.written[name] = now
                group.limit({"memoryMb": limits["memoryMb"]}, now)

    def forget(self, name):
        """A slot is gone."""
        self.written.pop(name, None)
