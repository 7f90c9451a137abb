"""One slot: its listening socket, its state, and the orders it gets from outside.

States: asleep (no process, the socket is watched), starting, running, backing-off (no process; visitors get a calm page until
the next try). When no worker accepts any more, for whatever reason, the socket is watched again: the backlog wakes the next one.
"""
import os
import time

from slotd.machine import jail
from slotd.machine.cgroup_end import end_group
from slotd.slots.crew import GRACE_SECONDS, Crew
from slotd.slots.demand import Demand

# What a running worker need not be replaced for: slotd itself sees to these, or they only say how it is started.
_OURS = ("account_limits", "limits", "logBytes", "workers", "schedule", "stack")


def _for_workers(spec):
    """The part of a spec that a worker is started with."""
    return {**{name: value for name, value in spec.items() if name not in _OURS}, "openFiles": spec["limits"]["openFiles"]}


class Slot(Crew):
    """One slot that slotd holds: a web slot; those without a socket are in roles.py."""

    __slots__ = ()
    role = "web"

    def __init__(self, keeper, spec):
        super().__init__(keeper, spec)
        jail.make_skeleton(keeper.roots.skeletons, spec["home"])
        self.open()
        self.settle()
        self.staff()
        if self.state == "asleep":
            self.forget_spec()

    def open(self):
        """Makes the socket."""
        self.listener = self.keeper.listening(self.name)

    # The state, and who watches the socket

    def settle(self):
        """Finds out the state, and watches the socket: for a knock when no worker accepts, for demand when more may come."""
        serving = self.serving()
        busy = self.attempt or self.coming
        state = "running" if serving else "starting" if busy else "backing-off" if self.resting else "asleep"
        if state != self.state:
            self.state, self.since = state, time.time()
        self.attend(bool(serving and not busy and not self.kept_up and self.retry is None and len(serving) < self.most))

    def attend(self, short):
        """Watches the socket as the state wants it; `short` says that more workers may come if there is demand."""
        if short and self.demand is None:
            self.demand = Demand(self)
        if self.gone or self.keeper.ending or not short and self.state in ("starting", "running"):
            self.loop.unwatch(self.listener.fileno())
        elif short:
            self.demand.watch()
        else:
            self.loop.watch(self.listener.fileno(), self)

    def __call__(self, _):
        """A visitor waits. The slot itself is the handler: a bound method for each sleeper would take room."""
        left = self.retry_at - time.monotonic()
        if self.state == "backing-off" and left > 0:
            if not self.keeper.desk.receive(self.listener, left, self.spec["protocol"]):
                self.loop.unwatch(self.listener.fileno())
                self.loop.later(0.1, self.settle)
            return
        self.start()

    def status(self):
        """What the agent may know: SlotStatus of provisioning/slot/spec.ts."""
        serving = self.serving()
        return {
            "name": self.name, "process": (self.name.split(".") + ["web"])[2], "role": self.role,
            # What serves, which is not yet what was asked for while a new version starts.
            "generation": min((worker.generation for worker in self.workers if worker.accepts), default=self.generation),
            "digest": self.digest.hex(), "state": self.state,
            "reason": self.reason if self.state == "backing-off" or self.stuck else None, "since": int(self.since * 1000),
            "pids": self.group.pids() if self.workers else [], "requests": self.requests, "wakes": self.wakes,
            "workers": [worker.facts() for worker in serving], "lastWakeMs": self.last_wake_ms, **self.figures(),
        }

    # Orders from outside

    def take(self, spec):
        """Takes up a new spec. A new worker is ready before an old one leaves; who sleeps goes on sleeping."""
        before, awake = self.spec, self.state in ("starting", "running")
        self.become(spec)
        self.bare = False
        if self.made:
            early = self.keeper.advance.of
            self.keeper.trees.group(self.account).limit(spec["account_limits"], early(self.account))
            self.group.limit(spec["limits"], self.keeper.advance.of_slot(self.name, spec))
        if _for_workers(before) != _for_workers(spec):
            self.renew()
            if awake and not self.serving():
                self.start()
        for worker in self.serving()[self.most:]:
            worker.dismiss(GRACE_SECONDS)
        self.staff()
        self.settle()
        self.quiet_if_alone()

    def renew(self):
        """From now on only workers that start later are right."""
        self.edition += 1
        self.stuck = False
        self.failures, self.quick, self.retry_at, self.reason = 0, 0, 0.0, None
        self.wait_no_more()
        coming, self.attempt, self.coming = self.coming, None, None
        if coming is not None:
            coming.dismiss(GRACE_SECONDS)

    def dismiss(self, seconds):
        """Tells every worker to leave; one that has not begun to serve just ends."""
        self.attempt = self.coming = None
        for worker in self.workers:
            worker.dismiss(seconds)
        self.settle()

    def remove(self, done):
        """Stops listening, ends every process, removes the group; then done(None) or done(why not)."""
        self.gone = True
        self.attempt = self.coming = self.demand = None
        self.settle()
        for timer in (self.retry, self.look_timer):
            if timer:
                timer.cancel()
        self.close()
        if self.streams is not None:
            self.streams.end()
            self.streams = None
        end_group(self.loop, self.keeper.trees, *self.name.split(".", 1), done)

    def close(self):
        """Takes the socket away."""
        self.keeper.store.drop(self.name)
        self.listener.close()
        try:
            os.unlink(self.keeper.roots.slot_socket(self.name))
        except FileNotFoundError:
            pass
