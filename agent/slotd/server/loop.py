"""One thread's event loop: descriptors by epoll, timers by a heap, signals by a pipe. Without work it sleeps for ever."""
import heapq
import itertools
import os
import select
import signal
import sys
import time

READ, WRITE, ONCE = select.EPOLLIN, select.EPOLLOUT, select.EPOLLONESHOT


class Timer:
    """Something to do later."""

    __slots__ = ("act",)

    def __init__(self, act):
        self.act = act

    def cancel(self):
        """Forgets it."""
        self.act = None


class Loop:
    """Watches descriptors, runs timers, passes on signals. A handler's exception is told and never ends the loop."""

    def __init__(self):
        self.epoll = select.epoll()
        self.handlers = {}
        self.timers = []
        self.order = itertools.count()
        self.on_signal = {}
        self.going = True
        self.bell, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        self.watch(self.bell, self._signals)

    def watch(self, number, handler, events=READ):
        """Calls handler(events) whenever the descriptor is ready."""
        if number in self.handlers:
            self.epoll.modify(number, events)
        else:
            self.epoll.register(number, events)
        self.handlers[number] = handler

    def unwatch(self, number):
        """Stops watching; unknown is fine."""
        if self.handlers.pop(number, None) is not None:
            self.epoll.unregister(number)

    def later(self, seconds, act):
        """Runs act() once, after so many seconds."""
        timer = Timer(act)
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), timer))
        return timer

    def handle_signal(self, number, act):
        """Runs act() in the loop, once or more, after the signal has come."""
        self.on_signal[number] = act
        signal.signal(number, lambda *_: None)

    def _signals(self, _):
        for number in set(os.read(self.bell, 4096)):
            if number in self.on_signal:
                self.on_signal[number]()

    def _due(self):
        while self.timers:
            when, _, timer = self.timers[0]
            if timer.act is not None and when > time.monotonic():
                return when - time.monotonic()
            heapq.heappop(self.timers)
            if timer.act is not None:
                self.guard(timer.act)
        return None

    def guard(self, act, *arguments):
        """Calls; an exception is told and goes no further."""
        try:
            act(*arguments)
        except Exception:
            try:
                sys.__excepthook__(*sys.exc_info())  # the module traceback would be half a MiB in each of our processes
            except OSError:
                pass  # a full disk, or nobody reads any more

    def run(self):
        """Goes on until stop()."""
        while self.going:
            wait = self._due()
            if not self.going:
                return
            for number, events in self.epoll.poll(-1 if wait is None else max(0.001, wait), 256):
                handler = self.handlers.get(number)
                if handler is not None:
                    self.guard(handler, events)

    def stop(self):
        """Leaves run() after the handler that is running."""
        self.going = False
