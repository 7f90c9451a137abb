"""The workers of one slot: how many there are, who replaces whom, and what happens when one ends.

A slot starts one worker at a time. What is wanted is a number (all of them when always-on, else as many as the demand asked for), and
workers of the edition at hand: after a new spec the next one is started and ready before an old one is told to leave.
"""
import os
import time

from slotd.machine import meters
from slotd.slots import doors
from slotd.slots.attempt import Attempt
from slotd.slots.sleeper import NOBODY, Sleeper
from slotd.slots.worker_end import describe_end

GRACE_SECONDS = 60
_LOOK_SECONDS = float(os.environ.get("BERTH_LOOK_SECONDS") or 10)
_STEADY_SECONDS = 10
# Whoever waits is for the successor: with new code, or with clean memory.
_IN_ORDER = ("changed", "spent")


class Crew(Sleeper):
    """The part of a slot that deals with its workers."""

    __slots__ = ()
    begins = "woke"
    # How long a new worker waits for room beside the old ones.
    patience = 5.0

    def note(self, text):
        """A remark in the slot's app.log."""
        self.keeper.journal.note(self.spec, text)

    @property
    def kept_up(self):
        """Whether it has processes without being asked."""
        return self.mode == "always-on"

    @property
    def most(self):
        """How many may serve at the same time. Some fork by themselves."""
        return 1 if self.mode == "per-request" or self.spec["kind"] in ("php", "cgi") else self.spec["workers"]

    def serving(self):
        """The workers that accept, the longest there first."""
        return sorted((worker for worker in self.workers if worker.serves), key=lambda worker: worker.ready_at)

    def replaceable(self):
        """Those of them that a new one is to replace."""
        return [worker for worker in self.serving() if worker.edition != self.edition or worker.spent]

    def roomy(self):
        """Whether one more worker fits beside those there are, within the slot's own memory and processes."""
        count = len(self.workers)
        if count == 0:
            return True
        limits = self.spec["limits"]
        used, threads = meters.memory(self.group)[0], meters.processes(self.group)[0]
        return used + used // count <= (limits["memoryMb"] << 20) * 0.95 and threads + threads // count <= limits["processes"]

    # Starting

    def start(self):
        """Asks for a blank child; everything after that is told by events."""
        if self.gone or self.keeper.ending or self.keeper.resuming or self.attempt or self.coming:
            return
        self.knocked = time.monotonic()
        self.wait_no_more()
        attempt = self.attempt = Attempt(self)
        self.settle()
        try:
            self._make_group()
            if self.streams is None:
                self.streams = self.keeper.journal.open(self.spec)
        except OSError as error:
            self.keeper.shortage.stop(self, error)
            return
        if not self.roomy():
            for worker in self.replaceable()[:1]:
                worker.dismiss(GRACE_SECONDS)
            self.settle()
        attempt.go_when_there_is_room(time.monotonic() + self.patience)

    def _make_group(self):
        if not self.made or not self.group.exists():
            early = self.keeper.advance.of
            self.keeper.trees.group(self.account).make(self.spec["account_limits"], early(self.account))
            self.group.make(self.spec["limits"], self.keeper.advance.of_slot(self.name, self.spec))
            self.count_silently()

    def began(self, worker):
        """The attempt found a process."""
        self.attempt, self.coming = None, worker
        self.workers = self.workers or set()
        self.workers.add(worker)

    def staff(self):
        """Starts what is missing: a successor for whom is to be replaced, or one of those that are always there."""
        if self.retry is not None or self.stuck and self.serving():
            return
        if self.replaceable() or self.kept_up and len(self.serving()) < self.most:
            self.start()

    def wait_no_more(self):
        """Ends a rest after a failure."""
        self.resting = False
        if self.retry is not None:
            self.retry.cancel()
            self.retry = None

    def failed(self, cause):
        """A start that came to nothing: the old ones go on, or the slot rests, longer each time."""
        self.attempt = self.coming = None
        self.failures += 1
        wait = min(60, 2 ** (self.failures - 1))
        serving = self.serving()
        if not serving:
            self.note(f"failed at start, next try in {wait} s: {cause}")
            self.rest(cause, wait)
        elif all(worker.edition != self.edition for worker in serving):
            self.stuck, self.reason = True, f"the new version failed at start: {cause}; the old one goes on"
            self.note(self.reason)
            self.settle()
        else:
            self.note(f"another process failed at start, next try in {wait} s: {cause}")
            self.retry = self.loop.later(wait, self._try_again)
            self.settle()

    def rest(self, cause, wait):
        """No process for a while; visitors are told so."""
        self.attempt = self.coming = None
        self.resting, self.reason, self.retry_at = True, cause, time.monotonic() + wait
        self.settle()
        self.quiet_if_alone()
        if self.kept_up:
            self.retry = self.loop.later(wait, self._try_again)

    def _try_again(self):
        self.retry = None
        if self.kept_up or self.serving():
            self.staff()
            self.settle()

    # What workers tell

    def ready(self, worker):
        """The worker serves."""
        worker.turn.over()
        if worker is not self.coming:
            return
        doors.enter(self, worker)
        self.coming, self.stuck, self.reason = None, False, None
        took = round((time.monotonic() - self.knocked) * 1000, 1)
        others = [one for one in self.serving() if one is not worker]
        old = [one for one in self.replaceable() if one is not worker]
        if not others:
            self.last_wake_ms, self.wakes = took, self.wakes + 1
            self.note(f"{self.begins} in {round(took)} ms")
        elif old:
            self.note(f"a new process took over from an old one after {round(took)} ms")
            old[0].dismiss(GRACE_SECONDS)
        else:
            self.note(f"process {len(others) + 1} of {self.most} came to help in {round(took)} ms")
        self.watch_over()
        self.settle()
        self.staff()

    def counted(self, worker, count):
        """The worker has answered requests."""
        self.requests += count
        if worker.edition == self.edition:
            self.failures = 0
        if worker.spent and worker.serves:
            self.staff()

    def leaving(self, worker, why):
        """The worker accepts nothing more."""
        worker.give_grace(GRACE_SECONDS)
        if worker.dismissed:
            return
        if why == "idle" and not self.serving():
            self.note(f"fell asleep after {self.spec['idleSeconds']} s without a request")
        elif why not in ("idle", "asked", *_IN_ORDER):
            self.tally.heard(why)
            self.note(f"the worker left: {why}")
        if why in _IN_ORDER and (worker.served or not self.kept_up):
            self.settle()
            self.staff()
        else:
            self.again(worker, why)

    def again(self, worker, how):
        """One that served does so no more: let the others, sleep, or start the next; but rest a little when it came to nothing."""
        lived = time.monotonic() - worker.ready_at
        self.quick = self.quick + 1 if lived < _STEADY_SECONDS else 0
        if self.kept_up and self.quick > self.most:
            self.failed(how)
        elif not self.kept_up and not worker.served and lived < 1 and not self.serving():
            self.rest(how, 1)
        else:
            self.failures = 0 if self.kept_up else self.failures
            self.settle()
            self.staff()

    def ended(self, worker, status):
        """The worker's process is gone."""
        self.workers = self.workers - {worker} or NOBODY
        doors.leave(self, worker)
        starved = self._count()
        if worker is self.coming:
            self.coming = None
        if not worker.left and not worker.dismissed and not self.gone:
            how = starved or describe_end(status)
            if worker.ready:
                self.note(f"the app ended: {how}")
                self.again(worker, how)
            elif worker.mismatch or not (starved or self.failures) and worker.vanished(status):
                self.failures += not worker.mismatch
                self.start()
            else:
                self.failed(worker.cause or how)
        self.quiet_if_alone()

    def quiet_if_alone(self):
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
        self.demand = None
        if self.state == "asleep":
            self.forget_spec()

    def watch_over(self):
        """Looks at the group every few seconds, for as long as somebody is in it."""
        if self.look_timer is None:
            self.look_timer = self.loop.later(_LOOK_SECONDS, self._look)

    def _look(self):
        self.look_timer = self.loop.later(_LOOK_SECONDS, self._look) if self.workers else None
        self.tally.look(self.spec["limits"], self.spec["account_limits"], self.note)

    def _count(self):
        return self.tally.news(self.spec["limits"], self.spec["account_limits"], self.note) if self.made else None
