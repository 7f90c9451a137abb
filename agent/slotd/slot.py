"""One slot: its listening socket, its state, its worker.

States: asleep (no process, the socket is watched), starting, running, backing-off (no process; visitors get a calm page until
the next try). A worker that leaves or dies for any reason arms the socket again: the backlog wakes the next one.
"""
import os
import time

from slotd import jail
from slotd.attempt import Attempt
from slotd.cgroup_end import end_group
from slotd.listening import bind
from slotd.sleeper import NOBODY, Sleeper
from slotd.worker_end import describe_end

_LOOK_SECONDS = 10
_GRACE_SECONDS = 60
_STEADY_SECONDS = 10


class Slot(Sleeper):
    """One slot that slotd holds."""

    __slots__ = ()

    def __init__(self, keeper, spec):
        super().__init__(keeper, spec)
        self.listener = bind(spec["socket"], keeper.web_gid)
        jail.make_skeleton(keeper.roots.skeletons, spec["home"])
        self.settle("asleep")
        if self.mode == "always-on":
            self.start()
        else:
            self.forget_spec()

    def note(self, text):
        """A remark in the slot's app.log."""
        self.keeper.journal.note(self.spec, text)

    def settle(self, state):
        """Takes on a state, and watches the socket exactly when no worker accepts."""
        if state != self.state:
            self.state, self.since = state, time.time()
        if state in ("asleep", "backing-off") and not self.gone and not self.keeper.ending:
            self.loop.watch(self.listener.fileno(), self)
        else:
            self.loop.unwatch(self.listener.fileno())

    def __call__(self, _):
        """A visitor waits. The slot itself is the handler: a bound method for each sleeper would take room."""
        left = self.retry_at - time.monotonic()
        if self.state == "backing-off" and left > 0:
            if not self.keeper.desk.receive(self.listener, left):
                self.loop.unwatch(self.listener.fileno())
                self.loop.later(0.1, lambda: self.settle(self.state))
            return
        self.start()

    # Starting

    def start(self):
        """Asks for a blank child; everything after that is told by events."""
        if self.gone or self.keeper.ending or self.state == "starting":
            return
        self.knocked = time.monotonic()
        if self.retry:
            self.retry.cancel()
            self.retry = None
        self.settle("starting")
        try:
            self._make_group()
            if self.streams is None:
                self.streams = self.keeper.journal.open(self.spec)
        except OSError as error:
            self.failed(f"the host could not make room for the app ({error})")
            return
        self.attempt = Attempt(self)
        self.attempt.begin()

    def _make_group(self):
        if not self.made or not self.group.exists():
            early = self.keeper.advance.of
            self.keeper.trees.group(self.account).make(self.spec["account_limits"], early(self.account))
            self.group.make(self.spec["limits"], early(self.name))
            self.made = True
            self._count()

    def began(self, worker):
        """The attempt found a process."""
        self.attempt, self.worker = None, worker
        self.workers = self.workers or set()
        self.workers.add(worker)

    def failed(self, cause):
        """A start that came to nothing: rest, longer each time."""
        self.failures += 1
        wait = min(60, 2 ** (self.failures - 1))
        self.note(f"failed at start, next try in {wait} s: {cause}")
        self._rest(cause, wait)

    def _rest(self, cause, wait):
        self.attempt = self.worker = None
        self.reason, self.retry_at = cause, time.monotonic() + wait
        self.settle("backing-off")
        self._quiet_if_alone()
        if self.mode == "always-on":
            self.retry = self.loop.later(wait, self.start)

    # What workers tell

    def ready(self, worker):
        """The worker serves."""
        if worker is not self.worker:
            return
        self.last_wake_ms = round((time.monotonic() - self.knocked) * 1000, 1)
        self.wakes += 1
        self.reason = None
        self.note(f"woke in {round(self.last_wake_ms)} ms")
        self.settle("running")
        if self.look_timer is None:
            self.look_timer = self.loop.later(_LOOK_SECONDS, self._look)

    def counted(self, worker, count):
        """The worker has answered requests."""
        self.requests += count
        if worker is self.worker:
            self.failures = 0

    def leaving(self, worker, why):
        """The worker accepts nothing more."""
        worker.give_grace(_GRACE_SECONDS)
        if worker is not self.worker:
            return
        self.worker = None
        if why == "idle":
            self.note(f"fell asleep after {self.spec['idleSeconds']} s without a request")
        elif why == "changed":  # per-request: the successor loads the new code for whoever waits
            return self.settle("asleep")
        elif why != "asked":
            self.tally.heard(why)
            self.note(f"the worker left: {why}")
        self._again(worker, why)

    def _again(self, worker, how):
        """No worker accepts any more: sleep, or start the next one; but rest a little when this one came to nothing."""
        lived, kept_up = time.monotonic() - worker.ready_at, self.mode == "always-on"
        self.quick = self.quick + 1 if lived < _STEADY_SECONDS else 0
        if kept_up and self.quick > 1:
            self.failed(how)
        elif not kept_up and not worker.served and lived < 1:
            self._rest(how, 1)
        else:
            self.failures = 0 if kept_up else self.failures
            self.settle("asleep")
            if kept_up:
                self.start()

    def ended(self, worker, status):
        """The worker's process is gone."""
        self.workers = self.workers - {worker} or NOBODY
        starved = self._count()
        if worker is self.worker:
            self.worker = None
            how = starved or describe_end(status)
            if worker.ready:
                self.note(f"the app ended: {how}")
                self._again(worker, how)
            elif worker.mismatch:
                self.settle("asleep")
                self.start()
            elif not self.gone:
                self.failed(worker.cause or how)
        self._quiet_if_alone()

    def _quiet_if_alone(self):
        """Asleep means no process: ends what the last worker left behind, and closes the pipes."""
        if self.workers or self.state not in ("asleep", "backing-off"):
            return
        if self.made and self.group.pids():
            self.group.kill()
        if self.streams is not None:
            self.streams.end()
            self.streams = None
        if self.look_timer is not None:
            self.look_timer.cancel()
            self.look_timer = None
        if self.state == "asleep":
            self.forget_spec()

    def _look(self):
        self.look_timer = self.loop.later(_LOOK_SECONDS, self._look) if self.workers else None
        self.tally.look(self.spec["limits"], self.spec["account_limits"], self.note)

    def _count(self):
        return self.tally.news(self.spec["limits"], self.spec["account_limits"], self.note) if self.made else None

    def status(self):
        """What the agent may know: SlotStatus of provisioning/slot/spec.ts."""
        return {
            "name": self.name, "generation": self.generation, "digest": self.digest.hex(), "state": self.state,
            "reason": self.reason if self.state == "backing-off" else None, "since": int(self.since * 1000),
            "pids": self.group.pids() if self.workers else [], "requests": self.requests, "wakes": self.wakes,
            "lastWakeMs": self.last_wake_ms, **self.figures(),
        }

    # Orders from outside

    def take(self, spec):
        """Takes up a new spec: the old worker finishes what it accepted, a new one starts if one was awake."""
        awake = self.state in ("starting", "running")
        if {**self.spec, "stack": None} == {**spec, "stack": None}:  # of no weight to a worker that runs
            self.become(spec)
            self.bare = False
            return self.forget_spec() if self.state == "asleep" else None
        self.become(spec)
        self.bare, self.failures, self.quick, self.retry_at = False, 0, 0, 0.0
        if self.made:
            early = self.keeper.advance.of
            self.keeper.trees.group(self.account).limit(spec["account_limits"], early(self.account))
            self.group.limit(spec["limits"], early(self.name))
        self.dismiss(_GRACE_SECONDS)
        self.settle("asleep")
        if awake or spec["mode"] == "always-on":
            self.start()
        else:
            self._quiet_if_alone()

    def dismiss(self, seconds):
        """Tells every worker to leave; one that has not begun to serve just ends."""
        self.attempt = None
        for worker in self.workers:
            worker.dismiss(seconds)
        self.worker = None

    def remove(self, done):
        """Stops listening, ends every process, removes the group; then done(None) or done(why not)."""
        self.gone = True
        self.settle("asleep")
        self.attempt = self.worker = None
        for timer in (self.retry, self.look_timer):
            if timer:
                timer.cancel()
        self.listener.close()
        try:
            os.unlink(self.keeper.roots.slot_socket(self.name))
        except FileNotFoundError:
            pass
        if self.streams is not None:
            self.streams.end()
            self.streams = None
        end_group(self.loop, self.keeper.trees, *self.name.split(".", 1), done)
