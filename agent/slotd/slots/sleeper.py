"""What slotd keeps of a slot that sleeps. There may be ten thousand: the spec is packed, and everything else is made at need."""
import sys
import time

from slotd.slots.tally import Tally

NOBODY = frozenset()


class Sleeper:
    """The part of a slot that is there whether it sleeps or not. No instance has a dictionary: every field of a Slot is named here."""

    __slots__ = (
        "keeper", "loop", "name", "account", "mode", "generation", "digest", "packed", "_spec", "_group", "_tally", "listener",
        "state", "since", "workers", "coming", "edition", "stuck", "resting", "reason", "failures", "retry_at", "retry", "bare",
        "gone", "attempt", "quick", "demand", "streams", "requests", "wakes", "latency", "last_wake_ms", "made", "look_timer",
        "knocked", "due",
    )

    def __init__(self, keeper, spec):
        self.keeper, self.loop = keeper, keeper.loop
        self.name, self.account = spec["name"], sys.intern(spec["account"])
        self._group = self._tally = None
        self.digest = b""
        self.state, self.since = "asleep", time.time()
        # Everyone alive; who is about to serve; and how often the spec changed in a way that workers must be replaced for.
        self.workers, self.coming, self.edition = NOBODY, None, 0
        self.stuck = self.resting = False
        self.reason, self.failures, self.retry_at, self.retry = None, 0, 0.0, None
        self.bare = self.gone = False
        self.attempt, self.quick, self.demand = None, 0, None
        self.streams = None
        self.requests = self.wakes = 0
        self.latency = ()
        self.last_wake_ms = None
        self.made = False
        self.look_timer = None
        self.become(spec)

    def become(self, spec):
        """Takes on a spec."""
        self._spec, self.packed = spec, self.keeper.packer.pack(spec)
        self.mode, self.generation = sys.intern(spec["mode"]), spec["generation"]

    @property
    def spec(self):
        """What the slot was told to be, unpacked for as long as it is awake."""
        spec = self._spec
        if spec is None:
            spec = self.keeper.packer.unpack(self.packed)
            if self.state != "asleep":
                self._spec = spec
        return spec

    @property
    def group(self):
        """Its control group."""
        if self._group is None:
            self._group = self.keeper.trees.group(*self.name.split(".", 1))
        return self._group

    @property
    def tally(self):
        """What its control group has counted."""
        if self._tally is None:
            self._tally = Tally(self.group)
        return self._tally

    @property
    def skeleton(self):
        """The folder that covers everybody's homes."""
        return f"{self.keeper.roots.skeletons}/{self.account}"

    def count_silently(self):
        """The group is there; what it has counted before, under an earlier slotd, has been told."""
        self.made = True
        self.tally.news(self.spec["limits"], self.spec["account_limits"], lambda text: None)

    def adopt(self, worker):
        """A worker that an earlier slotd left goes on."""
        self.workers = {*self.workers, worker}
        if not self.made:
            self.count_silently()
        self.watch_over()
        self.settle()

    def forget_spec(self):
        """Keeps only the packed spec."""
        self._spec = None

    def figures(self):
        """What the control group has counted; one that was never made needs no tally of its own."""
        tally = self._tally or Tally(self.group if self.made else None)
        return tally.figures(self.made, self.workers)
