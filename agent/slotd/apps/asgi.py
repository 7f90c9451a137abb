"""Kind asgi: uvicorn serves the app, its WebSockets and its lifespan in the forked process; accepting and leaving are done here.

uvicorn is the app's own when its virtual environment has one, else Berth's. It is used for what it does best, the protocols; its own
accept loop takes more than one process can serve, and its own end closes connections whose request it has not read yet. Leaving
means: accept nothing more, say so, close WebSockets with 1012 (they come back to the successor), finish every request that was
accepted, run the lifespan's shutdown, end.
"""
import asyncio
import errno
import gc
import importlib.util
import logging
import os
import re
import select
import signal
import socket
import sys
import time

from slotd.apps import entry, restart, worker
from slotd.machine import listening
from slotd.apps.meter import Meter

_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_OLDEST, _AT_ONCE = (0, 21), 16  # since when uvicorn's protocols know the lifespan's state
_FINISH_SECONDS, _SPEECHLESS_SECONDS, _SHUTDOWN_SECONDS = 50, 5, 20
_LIBRARY = re.compile(r"/site-packages/(uvicorn|websockets|wsproto)/")
_STUCK = "a request took longer than it may, and was ended with its worker"


class _Unable(Exception):
    """The app cannot be served; the message says what to change."""


def _uvicorn():
    try:
        import uvicorn
    except Exception as error:  # not there, not whole, or not for this Python
        help = "add uvicorn to the app's requirements, or ask the hoster to renew this host's foundation"
        raise _Unable(f"kind asgi needs uvicorn ({error}): {help}") from None
    version = uvicorn.__version__
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise _Unable(f"the app's own uvicorn {version} is too old: ask for uvicorn>=0.21 in its requirements, or leave it out to use this host's")
    return uvicorn


def _websockets(*arguments, **named):
    """uvicorn's protocol for WebSockets, imported when the first one comes."""
    from uvicorn.protocols.websockets.auto import AutoWebSocketsProtocol

    return AutoWebSocketsProtocol(*arguments, **named)


def _speak_up():
    """Lets an app log by uvicorn's loggers, as many do. What uvicorn itself has to say of ordinary events is known from elsewhere."""
    logger = logging.getLogger("uvicorn")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    handler.addFilter(lambda record: record.levelno > logging.INFO or not _LIBRARY.search(record.pathname))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False


class Serving:
    """One app on one event loop."""

    def __init__(self, spec, status, listener):
        self.spec, self.status, self.listener = spec, status, listener
        self.loop, self.over = asyncio.get_running_loop(), asyncio.Event()
        self.leaving, self.arriving, self.dismissed = None, set(), set()
        self.idle = spec["idleSeconds"] if spec["mode"] != "always-on" else None
        self.room = max(8, spec["limits"]["openFiles"] - 32)  # some are not for visitors
        # With several processes on the socket each takes one visitor at a time, so that none is left without.
        self.shared = listening.Shared(listener) if spec["workers"] > 1 else None
        self.at_once, self.gate = (1, self.shared.epoll.fileno()) if self.shared else (_AT_ONCE, listener.fileno())

    async def prepare(self):
        """Loads the app and runs its lifespan's startup. Raises _Unable; ends the process when the app cannot be loaded."""
        _speak_up()
        app = worker.load(self.spec, self.status)
        self.marks, self.left = self.spec["marks"], restart.quota(self.spec)
        uvicorn = _uvicorn()
        from uvicorn.server import ServerState

        able = any(importlib.util.find_spec(name) for name in ("websockets", "wsproto"))
        self.config = config = uvicorn.Config(
            app, ws=_websockets if able else "none", log_config=None, access_log=False, lifespan="auto",
            proxy_headers=True, forwarded_allow_ips="*", server_header=False, date_header=False,
        )
        config.load()
        self.meter = config.loaded_app = Meter(config.loaded_app, self.status, self.spec["requestSeconds"], lambda: self.leave(_STUCK))
        self.state = ServerState()
        self.state.default_headers = list(config.encoded_headers)
        self.lifespan = config.lifespan_class(config)
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            lines = (self.meter.refusal or "").strip().splitlines() or ["the app said no more"]
            raise _Unable(f"the app's startup (lifespan) failed: {lines[-1][:250]}")
        gc.freeze()

    # Accepting

    def open(self):
        """Begins to serve."""
        self.loop.add_signal_handler(signal.SIGTERM, self.leave, "asked")
        self.loop.add_reader(self.status.sock.fileno(), self._listen_to_slotd)
        self.loop.add_reader(self.gate, self._accept)
        if self.idle is not None:
            self.loop.call_later(self.idle, self._look_idle)
        self.status.tell({"ready": True})

    def _protocol(self):
        return self.config.http_protocol_class(config=self.config, server_state=self.state, app_state=self.lifespan.state)

    def _accept(self):
        if self.leaving is None and self.marks.changed(self.meter.proven):
            return self.leave("changed")
        for _ in range(self.at_once):
            if len(self.state.connections) + len(self.arriving) >= self.room:
                return self._pause()
            try:
                conn, _ = self.listener.accept()
            except BlockingIOError:
                return None
            except OSError as error:
                return self._pause() if error.errno in _NONE_LEFT else self.leave(f"broken: {error.strerror}")
            conn.setblocking(False)
            arrival = self.loop.create_task(self.loop.connect_accepted_socket(self._protocol, conn))
            self.arriving.add(arrival)
            arrival.add_done_callback(self.arriving.discard)
            self.left -= 1
            if self.left == 0:
                return self.leave("spent")
        return None

    def _pause(self):
        """No descriptor is left for another visitor: waits a little for one."""
        self.loop.remove_reader(self.gate)
        self.loop.call_later(0.05, lambda: self.over.is_set() or self.loop.add_reader(self.gate, self._accept))

    # Leaving

    def _listen_to_slotd(self):
        try:
            order = self.status.sock.recv(256, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            order = b""
        if order == b"leave":
            self.leave("asked")
        elif not order:
            self.loop.remove_reader(self.status.sock.fileno())
            self.leaving = self.leaving or "orphaned"
            self._leave_when_none_waits()

    def _leave_when_none_waits(self):
        """slotd is gone: who already waits is served, as nobody else would."""
        if self.over.is_set():
            return
        waiting = select.poll()
        waiting.register(self.listener.fileno(), select.POLLIN)
        if waiting.poll(0):
            self.loop.call_later(0.02, self._leave_when_none_waits)
        else:
            self.leave("orphaned")

    def _look_idle(self):
        """Leaves when there was no request, no open WebSocket and no work after an answer for the idle time."""
        now = time.monotonic()
        if self.state.connections or self.state.tasks or self.arriving:
            self.meter.active = now
        left = self.meter.active + self.idle - now
        if left <= 0:
            self.leave("idle")
        else:
            self.loop.call_later(left + 0.001, self._look_idle)

    def leave(self, why):
        """Accepts nothing more, and says so at once: the next request must not wait for those that are being served here."""
        if self.over.is_set():
            return
        self.leaving = why
        self.loop.remove_reader(self.gate)
        self.listener.close()
        self.meter.flush()
        self.status.tell({"leaving": why})
        self.over.set()

    def _see_out(self, patient):
        """Closes what may be closed now: WebSockets, and connections that were kept for a next request."""
        for connection in self.state.connections - self.dismissed:
            # Only uvicorn's HTTP protocols have a cycle, which is None until a request has come.
            begun = getattr(connection, "cycle", self) is not None and getattr(connection, "handshake_complete", True)
            if begun or not patient:
                self.dismissed.add(connection)
                connection.shutdown()

    async def finish(self):
        """Until every accepted request is answered and the lifespan is over."""
        began = time.monotonic()
        while self.arriving or self.state.connections or self.state.tasks:
            lasted = time.monotonic() - began
            if lasted > _FINISH_SECONDS or self.leaving == _STUCK and self.meter.only_late(self.state.tasks):
                break
            self._see_out(lasted < _SPEECHLESS_SECONDS)
            await asyncio.sleep(0.01 if lasted < 1 else 0.1)
        self.meter.flush()
        try:
            await asyncio.wait_for(self.lifespan.shutdown(), _SHUTDOWN_SECONDS)
        except asyncio.TimeoutError:
            print(f"the app's shutdown (lifespan) did not end within {_SHUTDOWN_SECONDS} s", file=sys.stderr, flush=True)


async def _serve(spec, status, listener):
    serving = Serving(spec, status, listener)
    try:
        await serving.prepare()
    except _Unable as error:
        print(error, file=sys.stderr, flush=True)
        status.tell({"failed": str(error)})
        os._exit(75)
    except BaseException as error:
        worker.fail(status, error)
    serving.open()
    await serving.over.wait()
    await serving.finish()
    return serving.leaving


def _loop():
    """uvloop when the app brings it, as uvicorn itself would choose."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()


def run(spec, status, listener):
    """Serves until it is time to leave, and ends the process. Never returns."""
    loop = _loop()
    asyncio.set_event_loop(loop)
    why = loop.run_until_complete(_serve(spec, status, listener))
    if why == _STUCK:
        os._exit(0)  # its thread may never end
    loop.run_until_complete(loop.shutdown_asyncgens())
    worker.finish()
