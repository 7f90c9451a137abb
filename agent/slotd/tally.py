"""What a slot's control group has counted, and what of it is worth a line in the app's log."""
from slotd import meters

_THROTTLED = 10  # periods of a tenth of a second; fewer are ordinary while an app starts


class Tally:
    """The counters of limits that were hit, as last told."""

    def __init__(self, group):
        self.group = group
        self.memory = self.refused = self.throttled = 0

    def _now(self):
        return meters.memory(self.group)[2], meters.processes(self.group)[1], meters.cpu(self.group)[1]

    def _memory(self, limits, account):
        """Whose limit it was: the slot's own, or the account's because its apps together took too much."""
        if meters.memory(self.group)[1] < (limits["memoryMb"] << 20) * 0.98:
            return f"was ended because the account used more memory than {account['memoryMb']} MB"
        return f"used more memory than {limits['memoryMb']} MB and was ended"

    def news(self, limits, account, note):
        """Tells in plain words what is new. Returns how a process was ended for lack of memory since the last call, or None."""
        memory, refused, throttled = self._now()
        ended = self._memory(limits, account) if memory > self.memory else None
        if ended:
            note(ended)
        if refused > self.refused:
            note(f"wanted more than {limits['processes']} processes and threads, and was refused {refused - self.refused} times")
        if throttled - self.throttled >= _THROTTLED:
            note(f"reached its {limits['cpuPercent']} % of a processor and was slowed down in {throttled - self.throttled} moments")
            self.throttled = throttled
        self.memory, self.refused = memory, refused
        return ended

    def figures(self, made, workers):
        """The part of SlotStatus that the control group knows, and what its workers brought into it."""
        used, peak, ended = meters.memory(self.group) if made else (0, 0, 0)
        early = sum(worker.early for worker in workers)
        used, peak = used + early, max(peak, used) + early
        usec, throttled = meters.cpu(self.group) if made else (0, 0)
        count, refused = meters.processes(self.group) if made else (0, 0)
        return {
            "memoryBytes": used, "memoryPeakBytes": peak, "cpuUsec": usec, "processes": count if workers else 0,
            "limitHits": {"memory": ended, "processes": refused, "cpu": throttled},
        }
