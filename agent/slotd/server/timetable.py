"""What is due when. There is one timer for all scheduled slots of the host, and none where there are none."""
import heapq
import itertools
import time

_LOOK_SECONDS = 60  # so that a clock that is set is noticed
_LATE_SECONDS = 60  # what is missed by more is left out


class Timetable:
    """Calls slot.run_now(when) at a slot's times. A run that is missed, because the host or slotd was away, is not made up for."""

    def __init__(self, loop, clock=time.time, steady=time.monotonic):
        self.loop, self.clock, self.steady = loop, clock, steady
        self.heap, self.order, self.timer, self.drift = [], itertools.count(), None, None

    def _offset(self):
        return self.clock() - self.steady()

    def add(self, slot):
        """Finds out when a slot is due next. What was known of it before no longer counts."""
        slot.due = slot.schedule.after(self.clock())
        if slot.due is not None:
            heapq.heappush(self.heap, (slot.due, next(self.order), slot))
        self._wind()

    def drop(self, slot):
        """A slot is gone."""
        slot.due = None

    def _wind(self):
        """Sets the timer for the first that is due."""
        while self.heap and self.heap[0][0] != self.heap[0][2].due:
            heapq.heappop(self.heap)  # dropped, or replaced by another time
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.heap:
            self.drift = self._offset() if self.drift is None else self.drift
            left = self.heap[0][0] - self.clock()
            self.timer = self.loop.later(min(max(left, 0.0) + 0.001, _LOOK_SECONDS), self._ring)

    def _ring(self):
        """Runs what is due. Also rings in between, so that a clock that was set is noticed."""
        self.timer, now = None, self.clock()
        if self.drift is not None and abs(self._offset() - self.drift) > _LATE_SECONDS:
            self._set_anew()
            return
        self.drift = self._offset()
        while self.heap and self.heap[0][0] <= now:
            when, _, slot = heapq.heappop(self.heap)
            if slot.due == when:
                self.add(slot)
                if now - when < _LATE_SECONDS:
                    self.loop.guard(slot.run_now, when)
        self._wind()

    def _set_anew(self):
        """The clock was set: every time is found out again from now on."""
        slots = {slot for when, _, slot in self.heap if slot.due == when}
        self.heap, self.drift = [], None
        for slot in slots:
            self.add(slot)
