"""Slots without a socket: a command that is kept running, such as a Procfile's worker, and one that runs at its times."""
import time

from slotd.server import cron
from slotd.slots.slot import Slot
from slotd.slots.worker_end import describe_end

_STOP_SECONDS = 10
_END_SECONDS = 30


class Inner(Slot):
    """What both have in common: nobody knocks, and what ends is asked to, then made to."""

    __slots__ = ()

    def open(self):
        """There is no socket."""
        self.listener = None

    def attend(self, short):
        """There is nothing to watch."""

    def remove(self, done):
        """Asks the command to end, and a little later makes it."""
        if self.keeper.ending:
            super().remove(done)  # it has been asked
            return
        self.gone = True
        self.dismiss(_STOP_SECONDS)
        until = time.monotonic() + _STOP_SECONDS

        def step():
            if self.workers and time.monotonic() < until:
                self.loop.later(0.05, step)
            else:
                super(Inner, self).remove(done)

        step()

    def close(self):
        """There is nothing to close."""


class Steady(Inner):
    """Role worker: runs all the time, as many as the spec says. The new one starts when the old one has ended: there may be only one."""

    __slots__ = ()
    role, begins = "worker", "started"
    patience = _END_SECONDS + 5

    @property
    def kept_up(self):
        """Always."""
        return True

    def roomy(self):
        """Room is where an old one was."""
        return len(self.workers) < self.most

    def renew(self):
        """A new version: every old one is asked to end, and replaced."""
        super().renew()
        for worker in self.workers:
            worker.dismiss(_END_SECONDS)


class Timed(Inner):
    """Role scheduled: runs at its times, never twice at once. A new version is for the next run; one that runs is left alone."""

    __slots__ = ("schedule",)
    role = "scheduled"

    def become(self, spec):
        """Takes on a spec, and its times."""
        super().become(spec)
        self.schedule = cron.Schedule(spec["schedule"])
        self.keeper.timetable.add(self)

    def status(self):
        """When it is due next, and what became of the last run if that was bad."""
        return {**super().status(), "reason": self.reason, "nextRun": self.due and self.due * 1000}

    def run_now(self, _):
        """It is time."""
        if self.workers or self.attempt:
            self.note(f"is still running since {cron.stamp(self.since)}, so this run is left out")
        else:
            self.start()

    def staff(self):
        """Only the clock starts it."""

    def renew(self):
        """Nothing that runs is disturbed."""
        self.edition += 1
        self.reason = None

    def ready(self, worker):
        """The command runs."""
        self.coming = None
        self.wakes += 1
        self.note("started at its time")
        self.settle()

    def failed(self, cause):
        """A run that came to nothing; the next one is at its time."""
        self.attempt = self.coming = None
        self.failures, self.reason = self.failures + 1, f"the last run could not be started: {cause}"
        self.note(f"could not be started at its time: {cause}")
        self.settle()
        self.quiet_if_alone()

    def ended(self, worker, status):
        """The run is over."""
        self.workers = frozenset(self.workers - {worker})
        starved = self._count()
        self.coming = None
        if worker.cause is not None:
            self.failed(worker.cause)
            return
        how, took = starved or describe_end(status), time.time() - worker.started
        # Nobody saw how it ended when slotd was away: then nothing bad is said of it.
        self.reason = None if not status else f"the last run {how} after {took:.1f} s"
        self.requests += status == 0
        self.note(f"{how} after {took:.1f} s")
        self.settle()
        self.quiet_if_alone()

    def remove(self, done):
        """Its times are over."""
        self.keeper.timetable.drop(self)
        super().remove(done)


_ROLES = {kind.role: kind for kind in (Slot, Steady, Timed)}


def make(keeper, spec):
    """The slot that a spec describes."""
    return _ROLES[spec["role"]](keeper, spec)
