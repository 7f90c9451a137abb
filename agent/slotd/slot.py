"""One slot: its listening socket, its state, its worker.

States: asleep (no process, the socket is watched), starting, running, backing-off (no process; visitors get a calm page until
the next try). A worker that leaves or dies for any reason arms the socket again: the backlog wakes the next one.
"""
import os
import signal
import socket
import time

from slotd import jail, meters, wire
from slotd.cgroup_end import end_group
from slotd.worker_end import Worker

_BACKLOG = 4096
_LOOK_SECONDS = 10
_GRACE_SECONDS = 60


def bind(path, gid):
    """The listening socket of a slot, made anew in a folder that only root can change."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        sock.bind(path)
    finally:
        os.umask(mask)
    os.chown(path, 0, gid)
    os.chmod(path, 0o660)
    sock.listen(_BACKLOG)
    sock.setblocking(False)
    return sock


class Slot:
    """One slot that slotd holds."""

    def __init__(self, keeper, spec):
        self.keeper, self.loop, self.spec = keeper, keeper.loop, spec
        self.listener = bind(spec["socket"], keeper.web_gid)
        self.state, self.since = "asleep", time.time()
        self.worker, self.workers = None, set()
        self.reason, self.failures, self.retry_at, self.retry = None, 0, 0.0, None
        self.bare = self.gone = False
        self.streams = None
        self.requests = self.wakes = 0
        self.latency = []
        self.last_wake_ms = None
        self.group = keeper.trees.group(spec["account"], spec["app"])
        self.made = False
        self.seen = [0, 0, 0]
        self.look_timer = None
        self.skeleton = jail.make_skeleton(keeper.roots.skeletons, spec["home"])
        self.settle("asleep")
        if spec["mode"] == "always-on":
            self.start()

    def note(self, text):
        """A remark in the slot's app.log."""
        self.keeper.journal.note(self.spec, text)

    def settle(self, state):
        """Takes on a state, and watches the socket exactly when no worker accepts."""
        if state != self.state:
            self.state, self.since = state, time.time()
        if state in ("asleep", "backing-off") and not self.gone:
            self.loop.watch(self.listener.fileno(), self._knock)
        else:
            self.loop.unwatch(self.listener.fileno())

    def _knock(self, _):
        if self.keeper.ending:
            return
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
        self.knocked, self.tries = time.monotonic(), 0
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
        self._want_child()

    def _make_group(self):
        if not self.made or not self.group.exists():
            self.keeper.trees.group(self.spec["account"]).make(self.spec["account_limits"])
            self.group.make(self.spec["limits"])
            self.made = True
            self._count()

    def _want_child(self):
        ticket = self.ticket = object()
        stack = None if self.bare or self.spec["kind"] == "command" else self.spec["stack"]
        zygote, self.stack = self.keeper.zygote(stack)
        zygote.want(lambda pid, sock: self._got_child(ticket, pid, sock))

    def _got_child(self, ticket, pid, sock):
        if pid is None:
            if ticket is self.ticket and self.state == "starting":
                if self.stack is None:
                    self.failed(f"the host could not start a process ({sock})")
                else:
                    self.bare = True
                    self._want_child()
            return
        if ticket is not self.ticket or self.state != "starting" or self.gone or self.keeper.ending:
            sock.close()
            return
        spec = {name: value for name, value in self.spec.items() if name not in ("account_limits", "log", "logBytes")}
        orders = {
            "spec": spec, "gates": self.group.gates(), "homes": self.keeper.roots.homes, "skeleton": self.skeleton,
            "kept": self.keeper.roots.kept(),
        }
        try:
            wire.send(sock, orders, [self.listener.fileno(), self.streams.out_write, self.streams.error_write])
        except OSError as error:
            sock.close()
            self.tries += 1
            if self.tries < 5:
                self._want_child()
            else:
                self.failed(f"the host could not start a process ({error})")
            return
        self.worker = Worker(self, pid, sock, self.spec)
        self.workers.add(self.worker)
        self.keeper.own(pid, self.worker)

    def failed(self, cause):
        """A start that came to nothing: rest, longer each time."""
        self.worker = None
        self.failures += 1
        wait = min(60, 2 ** (self.failures - 1))
        self.reason, self.retry_at = cause, time.monotonic() + wait
        self.note(f"failed at start, next try in {wait} s: {cause}")
        self.settle("backing-off")
        self._rest_if_alone()
        if self.spec["mode"] == "always-on":
            self.retry = self.loop.later(wait, self.start)

    # What workers tell

    def ready(self, worker):
        """The worker serves."""
        if worker is not self.worker:
            return
        self.last_wake_ms = round((time.monotonic() - self.knocked) * 1000, 1)
        self.wakes += 1
        self.reason = None
        if self.spec["mode"] == "on-demand":
            self.failures = 0
        self.note(f"woke in {round(self.last_wake_ms)} ms")
        self.settle("running")
        if self.look_timer is None:
            self.look_timer = self.loop.later(_LOOK_SECONDS, self._look)

    def leaving(self, worker, why):
        """The worker accepts nothing more."""
        worker.give_grace(_GRACE_SECONDS)
        if worker is not self.worker:
            return
        self.worker = None
        if why == "idle":
            self.note(f"fell asleep after {self.spec['idleSeconds']} s without a request")
        elif why != "asked":
            self.note(f"the worker left: {why}")
        self._again()

    def _again(self):
        """No worker accepts any more: sleep, or start the next one."""
        self.settle("asleep")
        if self.spec["mode"] == "always-on":
            self.start()

    def ended(self, worker, status):
        """The worker's process is gone."""
        self.workers.discard(worker)
        lacked_memory = self._count()
        if worker is self.worker:
            self.worker = None
            how = self._how(status, lacked_memory)
            if not worker.ready:
                if worker.mismatch:
                    self.state = "asleep"
                    self.start()
                elif not self.gone:
                    self.failed(worker.cause or how)
            else:
                self._crashed(worker, how)
        self._rest_if_alone()

    def _crashed(self, worker, how):
        self.note(f"the app ended: {how}")
        if self.spec["mode"] == "always-on" and time.monotonic() - worker.ready_at < 10:
            self.failed(how)
            return
        self.failures = 0
        self._again()

    def _how(self, status, lacked_memory):
        if lacked_memory:
            return f"used more memory than {self.spec['limits']['memoryMb']} MB and was ended"
        if os.WIFSIGNALED(status):
            number = os.WTERMSIG(status)
            try:
                return f"ended by {signal.Signals(number).name}"
            except ValueError:
                return f"ended by signal {number}"
        return f"ended with exit code {os.WEXITSTATUS(status)}"

    def _rest_if_alone(self):
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

    # Counting

    def _look(self):
        self.look_timer = self.loop.later(_LOOK_SECONDS, self._look) if self.workers else None
        self._count()

    def _count(self):
        """Reads the counters of limits, tells what is new. True when a process was ended for lack of memory since."""
        if not self.made:
            return False
        now = [meters.memory(self.group)[2], meters.processes(self.group)[1], meters.cpu(self.group)[1]]
        before, self.seen = self.seen, now
        limits = self.spec["limits"]
        if now[0] > before[0]:
            self.note(f"used more memory than {limits['memoryMb']} MB and was ended")
        if now[1] > before[1]:
            self.note(f"wanted more than {limits['processes']} processes and threads, and was refused {now[1] - before[1]} times")
        if now[2] - before[2] >= 10:
            self.note(f"reached its {limits['cpuPercent']} % of a processor and was slowed down {now[2] - before[2]} times")
        elif now[2] > before[2]:
            self.seen[2] = before[2]  # a few periods are ordinary at a start: tell when they add up
        return now[0] > before[0]

    def status(self):
        """What the agent may know: SlotStatus of provisioning/slot/spec.ts."""
        used, peak, _ = meters.memory(self.group) if self.made else (0, 0, 0)
        usec, throttled = meters.cpu(self.group) if self.made else (0, 0)
        count, refused = meters.processes(self.group) if self.made else (0, 0)
        pids = self.group.pids() if self.workers else []
        ended = self.seen[0]
        return {
            "name": self.spec["name"], "generation": self.spec["generation"], "state": self.state,
            "reason": self.reason if self.state == "backing-off" else None, "pids": pids, "since": int(self.since * 1000),
            "memoryBytes": used, "memoryPeakBytes": peak, "cpuUsec": usec, "processes": count if self.workers else 0,
            "requests": self.requests, "wakes": self.wakes, "lastWakeMs": self.last_wake_ms,
            "limitHits": {"memory": ended, "processes": refused, "cpu": throttled},
        }

    # Orders from outside

    def take(self, spec):
        """Takes up a new spec: the old worker finishes what it accepted, a new one starts if one was awake."""
        awake = self.state in ("starting", "running")
        self.spec, self.bare, self.failures, self.retry_at = spec, False, 0, 0.0
        if self.made:
            self.keeper.trees.group(spec["account"]).limit(spec["account_limits"])
            self.group.limit(spec["limits"])
        self.dismiss(_GRACE_SECONDS)
        self.settle("asleep")
        if awake or spec["mode"] == "always-on":
            self.start()
        else:
            self._rest_if_alone()

    def dismiss(self, seconds):
        """Tells every worker to leave; one that has not begun to serve just ends."""
        self.ticket = None
        for worker in self.workers:
            worker.dismiss(seconds)
        self.worker = None

    def remove(self, done):
        """Stops listening, ends every process, removes the group; then done(None) or done(why not)."""
        self.gone = True
        self.settle("asleep")
        self.ticket = self.worker = None
        for timer in (self.retry, self.look_timer):
            if timer:
                timer.cancel()
        self.listener.close()
        try:
            os.unlink(self.spec["socket"])
        except FileNotFoundError:
            pass
        if self.streams is not None:
            self.streams.end()
            self.streams = None
        end_group(self.loop, self.keeper.trees, self.spec["account"], self.spec["app"], done)
