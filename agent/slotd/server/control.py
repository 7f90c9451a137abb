"""The control socket: one JSON object a line, one answer line a request, in order. Root's only."""
import json
import os
import signal
import socket

from slotd import VERSION
from slotd.machine import sweep
from slotd.server import drain, spec
from slotd.server.handover import Restart

_LINE = 65_536
_PAUSE_SECONDS = 0.1


class _Talk:
    """One connection. A request that takes time holds back only the requests behind it on the same connection."""

    def __init__(self, control, conn):
        self.control, self.loop, self.conn = control, control.keeper.loop, conn
        self.got, self.busy, self.owed = b"", False, False
        control.talks.add(self)
        conn.setblocking(False)
        self.loop.watch(conn.fileno(), self._ready)

    def _ready(self, _):
        try:
            piece = self.conn.recv(_LINE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece or len(self.got) > _LINE:
            self.close()
            return
        self.got += piece
        self._next()

    def _next(self):
        while not self.busy and self.conn is not None and b"\n" in self.got:
            line, _, self.got = self.got.partition(b"\n")
            self.busy = True
            try:
                self.control.obey(json.loads(line), self._answer, self)
            except (spec.Wrong, ValueError, OSError) as error:
                self._answer({"ok": False, "error": str(error) or type(error).__name__})
            except Exception as error:
                self._answer({"ok": False, "error": f"slotd met an error of its own: {type(error).__name__}: {error}"})
                raise

    def _answer(self, answer):
        self.busy = False
        if self.conn is None:
            return
        try:
            self.conn.settimeout(5)  # a reader that stalls is root's own; it must not hold the loop for long
            self.conn.sendall(json.dumps(answer, separators=(",", ":")).encode() + b"\n")
            self.conn.setblocking(False)
        except OSError:
            self.close()
            return
        if self.got:
            self.loop.later(0, self._next)

    def close(self):
        """Ends the connection."""
        if self.conn is not None:
            self.loop.unwatch(self.conn.fileno())
            self.control.talks.discard(self)
            self.conn.close()
            self.conn = None

    def go_on(self, facts):
        """An earlier slotd was told this much, and may owe the answer to a restart."""
        self.got = facts["got"].encode("latin-1")
        if facts["owed"]:
            self._answer({"ok": True})
        self._next()


class Control:
    """Listens, and carries out what is asked."""

    def __init__(self, keeper, path):
        self.keeper, self.path = keeper, path
        self.talks, self.restart = set(), Restart(keeper, self)
        number = keeper.left.take("a:control")
        self.sock = self._listen(path) if number is None else socket.socket(fileno=number)
        self.sock.setblocking(False)
        keeper.store.keep("a:control", (self.sock.fileno(),))
        keeper.loop.watch(self.sock.fileno(), self._accept)
        keeper.loop.handle_signal(signal.SIGUSR2, self.restart.begin)
        for key, held, facts in keeper.left.taken("c:"):
            keeper.store.drop(key)
            keeper.loop.guard(_Talk(self, socket.socket(fileno=held[0])).go_on, facts)

    @staticmethod
    def _listen(path):
        if os.path.lexists(path):
            os.unlink(path)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            sock.bind(path)
        finally:
            os.umask(mask)
        sock.listen(64)
        return sock

    def _accept(self, _):
        try:
            conn, _ = self.sock.accept()
        except BlockingIOError:
            return
        except OSError:  # no descriptor is free: whoever asks waits a little
            self.keeper.loop.unwatch(self.sock.fileno())
            self.keeper.loop.later(_PAUSE_SECONDS, lambda: self.keeper.loop.watch(self.sock.fileno(), self._accept))
            return
        _Talk(self, conn)

    def obey(self, request, answer, talk):
        """Carries out one request; answer(object) is called once, now or later."""
        if type(request) is not dict or type(request.get("op")) is not str:
            raise spec.Wrong('A request is one JSON object with an "op".')
        act = getattr(self, "_op_" + request["op"], None) if request["op"].isalpha() else None
        if act is None:
            raise spec.Wrong(f"There is no op {request['op'][:40]!r}.")
        if act == self._op_restart:
            act(talk)
        else:
            act(request, answer)

    def _op_restart(self, talk):
        self.restart.begin(talk)

    @staticmethod
    def _name(request):
        name = request.get("name")
        if type(name) is not str or not spec.NAME.match(name):
            raise spec.Wrong('"name" must be <account>.<app>.')
        return name

    def _op_load(self, request, answer):
        self.keeper.load(self._name(request))
        answer({"ok": True})

    def _op_unload(self, request, answer):
        self.keeper.unload(self._name(request), lambda why: answer({"ok": True} if why is None else {"ok": False, "error": why}))

    def _op_run(self, request, answer):
        """Runs a scheduled slot now, as at one of its times."""
        slot = self.keeper.slots.get(self._name(request))
        if slot is None or slot.role != "scheduled":
            raise spec.Wrong(f"there is no scheduled slot {request['name']}.")
        slot.run_now(None)
        answer({"ok": True})

    def _chosen(self, request):
        account = request.get("account")
        if account is not None and type(account) is not str:
            raise spec.Wrong('"account" must be a name.')
        return [slot for slot in self.keeper.slots.values() if account is None or slot.account == account]

    def _op_status(self, request, answer):
        answer({"ok": True, "slots": [slot.status() for slot in self._chosen(request)]})

    def _op_latencies(self, request, answer):
        answer({"ok": True, "slots": {slot.name: slot.latency for slot in self._chosen(request)}})

    def _op_sweep(self, request, answer):
        uid = request.get("uid")
        if type(uid) is not int or not spec.FIRST_UID <= uid <= spec.LAST_UID:
            raise spec.Wrong(f'"uid" must be from {spec.FIRST_UID} to {spec.LAST_UID}.')
        sweep.sweep(self.keeper.loop, uid, answer)

    def _op_ping(self, _, answer):
        ready = sorted({key.stack for key, line in self.keeper.zygotes.lines.items() if key.stack and line.serving.pid is not None})
        answer({"ok": True, "version": VERSION, "pid": os.getpid(), "stacks": ready})

    def _op_drain(self, request, answer):
        if type(request.get("name")) is not str:
            raise spec.Wrong('"name" must be a stack.')
        drain.drain(self.keeper, request["name"], answer)

    def _op_zygotes(self, _, answer):
        answer({"ok": True, "zygotes": self.keeper.zygotes.status()})

    def close(self):
        """Stops listening."""
        self.sock.close()
