"""The outermost layer of an ASGI app: counts what it answers, and ends what takes too long."""
import asyncio
import signal
import time

_BUCKETS = 24  # as in worker.py
_PATIENCE = 10  # for a request that was told to end


class _Visit:
    """One HTTP request that runs now. `until` moves on with each piece of the answer: a stream may last."""

    __slots__ = ("task", "until", "late")

    def __init__(self, task, until):
        self.task, self.until, self.late = task, until, False


class Meter:
    """Wraps the app. `stuck` is called when a request takes too long and does not end when it is told to."""

    def __init__(self, app, status, seconds, stuck):
        self.app, self.status, self.seconds, self.stuck = app, status, seconds, stuck
        self.loop = asyncio.get_running_loop()
        self.visits, self.beating, self.timer = set(), False, None
        self.count, self.buckets, self.proven = 0, [0] * _BUCKETS, False
        self.active, self.refusal = time.monotonic(), None

    async def __call__(self, scope, receive, send):
        kind = scope["type"]
        if kind == "http":
            await self._answer(scope, receive, send)
        elif kind == "websocket":
            await self._talk(scope, receive, send)
        else:
            await self._live(scope, receive, send)

    async def _live(self, scope, receive, send):
        async def listened(message):
            if message["type"] == "lifespan.startup.failed":
                self.refusal = message.get("message") or "the app said no more"
            await send(message)

        await self.app(scope, receive, listened)

    async def _talk(self, scope, receive, send):
        began = time.monotonic()

        async def listened(message):
            nonlocal began
            if began is not None and message["type"] == "websocket.accept":
                self._counted(time.monotonic() - began)  # how long the talk lasts after that is nobody's latency
                began = None
            await send(message)

        try:
            await self.app(scope, receive, listened)
        finally:
            if began is not None:
                self._counted(time.monotonic() - began)
            self.active = time.monotonic()

    async def _answer(self, scope, receive, send):
        began = time.monotonic()
        visit = _Visit(asyncio.current_task(), began + self.seconds)
        self.visits.add(visit)
        if not self.beating:
            self._beat()

        async def timed(message):
            visit.until = time.monotonic() + self.seconds
            await send(message)

        try:
            await self.app(scope, receive, timed)
        except asyncio.CancelledError:
            if not visit.late:
                raise
            raise TimeoutError(f"a request took longer than {self.seconds} s, and was ended") from None
        finally:
            self.visits.discard(visit)
            self.active = now = time.monotonic()
            self._counted(now - began)

    def _beat(self):
        """Looks for requests that take too long, as long as any runs. An event loop that no longer comes here is itself ended."""
        self.beating, now, pause = bool(self.visits), time.monotonic(), min(1.0, self.seconds / 4)
        if not self.beating:
            signal.setitimer(signal.ITIMER_REAL, 0)
            return
        signal.setitimer(signal.ITIMER_REAL, self.seconds + pause)
        for visit in list(self.visits):
            if now > visit.until and not visit.late:
                visit.late = True
                visit.task.cancel()
            elif visit.late and now > visit.until + _PATIENCE:
                self.stuck()
        self.loop.call_later(pause, self._beat)

    def only_late(self, tasks):
        """Whether nothing runs but what should have ended."""
        return all(visit.late for visit in self.visits) and len(self.visits) == len(tasks)

    def _counted(self, seconds):
        self.count += 1
        self.buckets[min(int(seconds * 10_000).bit_length(), _BUCKETS - 1)] += 1
        if not self.proven:
            self.proven = True
            self.flush()  # slotd tells a worker that served from one that came to nothing
        elif self.timer is None:
            self.timer = self.loop.call_later(1.0, self.flush)

    def flush(self):
        """Tells slotd what was counted."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.count and self.status.tell({"n": self.count, "ms": self.buckets}, wait=False):
            self.count, self.buckets = 0, [0] * _BUCKETS
