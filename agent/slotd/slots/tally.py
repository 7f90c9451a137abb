"""What a slot's control group has counted, and what of it is worth a line in the app's log."""
import time

from slotd.machine import meters

_THROTTLED = 10  # periods of a tenth of a second; fewer are ordinary while an app starts
_GOOD_PART = 0.1
_MOSTLY = 0.8  # of what the account may have, by one slot: then it was this one
_FULL = 0.9  # of an allowed rate, over a whole look: then it was the limit that held


class Tally:
    """The counters of limits that were hit, as last told. What no kernel counts is counted here."""

    __slots__ = ("group", "memory", "refused", "throttled", "moved", "looked", "own", "told", "above")

    def __init__(self, group):
        self.group = group
        self.memory = self.refused = self.throttled = 0
        self.moved, self.looked = (0, 0), 0.0
        self.own, self.told = {"processes": 0, "cpu": 0, "io": 0, "openFiles": 0, "log": 0}, {}
        self.above = None  # the account's counters at the last look, and this slot's beside them

    def hit(self, what):
        """A limit that the control group does not count was met."""
        self.own[what] += 1

    def heard(self, why):
        """What a worker said when it left may name a limit."""
        if "Too many open files" in why:
            self.hit("openFiles")

    def _memory(self, limits, account):
        """Whose limit it was: the slot's own, or the account's because its apps together took too much."""
        whole = limits["memoryMb"] << 20
        alone = limits["memoryMb"] >= account["memoryMb"] and meters.memory(self.group)[1] >= whole * _MOSTLY
        if not alone and not meters.memory_full(self.group):
            return f"was ended because the account used more memory than {account['memoryMb']} MB"
        return f"used more memory than {limits['memoryMb']} MB and was ended"

    def _look_at_disk(self, limits, account):
        """A rate that was met for the whole time since the last look was met by the limit."""
        rate = min((one for one in (limits["ioMbps"], account["ioMbps"]) if one), default=0) << 20
        if not rate:
            return
        now, moved = time.monotonic(), meters.disk(self.group)
        passed, most = now - self.looked, max(moved[0] - self.moved[0], moved[1] - self.moved[1])
        if passed < 1:
            return
        if self.looked and most >= rate * passed * _FULL:
            self.hit("io")
        self.moved, self.looked = moved, now

    def _look_above(self, account):
        """A limit of the account was met: that counts for those of its slots that take a good part of it."""
        group = self.group.trees.group(self.group.path.split("/")[1])
        (total, held), (used, own), (all_processes, denied) = meters.cpu(group), meters.cpu(self.group), meters.processes(group)
        mine, refused = meters.processes(self.group)
        now = total, held, used, own, denied, refused
        if self.above is not None:
            total, held, used, own, denied, refused = (new - old for new, old in zip(now, self.above))
            if held > own and used >= total * _GOOD_PART:
                self.own["cpu"] += held - own
            if denied > refused and mine >= all_processes * _GOOD_PART and all_processes >= account["processes"] * 0.95:
                self.own["processes"] += denied - refused
        self.above = now

    def look(self, limits, account, note):
        """Every few seconds while awake: what has to be looked for, then what is new."""
        self._look_at_disk(limits, account)
        self._look_above(account)
        # Who could open no more has closed the last connection meanwhile.
        if meters.most_open(self.group.pids()) >= limits["openFiles"] - max(3, limits["openFiles"] // 50):
            self.hit("openFiles")
        return self.news(limits, account, note)

    def news(self, limits, account, note):
        """Tells in plain words what is new. Returns how a process was ended for lack of memory since the last call, or None."""
        memory, refused = meters.memory(self.group)[2], meters.processes(self.group)[1] + self.own["processes"]
        throttled = meters.cpu(self.group)[1] + self.own["cpu"]
        ended = self._memory(limits, account) if memory > self.memory else None
        if ended:
            note(ended)
        if refused > self.refused:
            note(f"wanted more than {limits['processes']} processes and threads, and was refused {refused - self.refused} times")
        if throttled - self.throttled >= _THROTTLED:
            note(f"reached its {limits['cpuPercent']} % of a processor and was slowed down in {throttled - self.throttled} moments")
            self.throttled = throttled
        self.memory, self.refused = memory, refused
        for what, text in (
            ("io", f"read or wrote as fast as its {limits['ioMbps'] or account['ioMbps']} MB a second allow, and had to wait"),
            ("openFiles", f"had (almost) all of its {limits['openFiles']} files and connections open"),
            ("log", "printed more than 1 MB a second, and had to wait"),
        ):
            if self.own[what] > self.told.get(what, 0):
                self.told[what] = self.own[what]
                note(text)
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
            "limitHits": {
                **self.own, "memory": ended, "processes": refused + self.own["processes"], "cpu": throttled + self.own["cpu"],
            },
        }
