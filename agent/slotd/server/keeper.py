"""Everything slotd holds: slots, zygotes, the log process, and who wants to know of whose end."""
import grp
import os
import signal
import socket
import time

from slotd.machine import cgroup, disks, jail
from slotd.server import spec
from slotd.slots import foreign, roles
from slotd.slots.advance import Advance
from slotd.machine.cgroup_end import end_group
from slotd.server.journal import Journal
from slotd.server.left import Left
from slotd.machine.listening import adopt, bind
from slotd.server.loop import Loop
from slotd.server.nursery import say
from slotd.slots.packed import Packer
from slotd.slots.resting import Desk
from slotd.server.shortage import Shortage
from slotd.server.store import Store
from slotd.server.timetable import Timetable
from slotd.server.turns import Turns
from slotd.server.zygotes import Zygotes

_STOP_SECONDS = 4
_EARLY_SECONDS = 2


def _web_group():
    try:
        return grp.getgrnam("www-data").gr_gid
    except KeyError:
        return 0


def _access_socket(path, gid):
    """Where nginx sends its access log. The kernel's default queue of ten would drop lines under load."""
    try:
        with open("/proc/sys/net/unix/max_dgram_qlen", "r+", encoding="ascii") as file:
            if int(file.read()) < 1024:
                file.write("1024")
    except OSError:
        pass
    if os.path.lexists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    os.chown(path, 0, gid)
    os.chmod(path, 0o660)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return sock


class Keeper:
    """Everything slotd holds."""

    def __init__(self, roots, guarded=False):
        self.roots, self.loop = roots, Loop()
        self.trees = cgroup.Trees(roots.cgroup)
        self.trees.disks = disks.below(roots.homes, roots.state)
        self.web_gid = _web_group()
        self.turns, self.advance = Turns(self.loop), Advance(self.trees)
        self.owners, self.early = {}, {}
        self.slots = {}
        self.ending = self.resuming = False
        self.shortage = Shortage()
        self.desk, self.packer, self.timetable = Desk(self.loop), Packer(roots), Timetable(self.loop)
        self.loop.handle_signal(signal.SIGCHLD, self.reap)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self.loop.handle_signal(number, self.stop)
        self._folders()
        self.store = Store(self.loop, roots.guard, guarded)
        self.left = Left(self.store)
        access = self.left.take("a:access")
        self.access = socket.socket(fileno=access) if access is not None else _access_socket(roots.access, self.web_gid)
        self.store.keep("a:access", (self.access.fileno(),))
        self.journal = Journal(self, self.access, self.left.pipes())
        self.zygotes = Zygotes(self)

    def _folders(self):
        os.makedirs(self.roots.run, mode=0o755, exist_ok=True)
        os.makedirs(self.roots.specs, mode=0o700, exist_ok=True)
        foreign.lay_preload(self.roots.node_preload)
        for path, mode, gid in ((self.roots.sockets, 0o710, self.web_gid), (self.roots.skeletons, 0o711, 0)):
            os.makedirs(path, exist_ok=True)
            os.chown(path, 0, gid)
            os.chmod(path, mode)

    # Processes

    def own(self, pid, owner):
        """Remembers who wants to know of a process's end."""
        self.owners[pid] = owner
        when, status = self.early.pop(pid, (0, 0))
        if time.monotonic() - when < _EARLY_SECONDS:
            self.loop.later(0, lambda: self._gone(pid, status))

    def _gone(self, pid, status):
        owner = self.owners.pop(pid, None)
        if owner is not None:
            owner.died(status)
        else:
            # A child may end before its zygote's message is read; or it was an app's stray, whose number comes round again.
            self.early[pid] = time.monotonic(), status
            if len(self.early) > 256:
                self.early.pop(next(iter(self.early)))

    def reap(self):
        """Takes note of every process that ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self.loop.guard(self._gone, pid, status)

    # Slots

    def listening(self, name):
        """The listening socket of a slot: as an earlier slotd left it, or a new one."""
        path, number = self.roots.slot_socket(name), self.left.take(name)
        if number is not None and os.path.exists(path):
            return adopt(number)
        sock = bind(path, self.web_gid)
        self.store.keep(name, (sock.fileno(),))
        return sock

    def slowed(self, name):
        """The log process let an app wait that prints too much."""
        if name in self.slots:
            self.slots[name].tally.hit("log")

    def load(self, name):
        """Takes up a slot's spec file. Raises spec.Wrong or OSError."""
        wanted, digest = spec.read(name, self.roots)
        have = self.slots.get(name)
        if have is not None and wanted["generation"] < have.generation:
            raise spec.Wrong(f"generation {wanted['generation']} of {name} is older than {have.generation}, which runs.")
        if have is not None and wanted["role"] != have.role:
            raise spec.Wrong(f"{name} is a {have.role} slot. Unload it before it becomes a {wanted['role']} slot.")
        self.journal.cap(wanted)
        self.zygotes.expect(wanted)
        if have is None:
            have = self.slots[name] = roles.make(self, wanted)
        elif digest != have.digest and wanted != have.spec:
            have.take(wanted)
        have.digest = digest

    def unload(self, name, done):
        """Ends a slot; done(None or why not)."""
        have = self.slots.pop(name, None)
        self.zygotes.forget(name)
        self.journal.forget(name)
        self.advance.forget(name)
        if have is not None:
            have.remove(done)
            if not any(slot.account == have.account for slot in self.slots.values()):
                jail.remove_skeleton(have.skeleton)
            return
        try:
            os.unlink(self.roots.slot_socket(name))
        except FileNotFoundError:
            pass
        end_group(self.loop, self.trees, *name.split(".", 1), done)

    def load_all(self):
        """Takes up every spec on disk, and what an earlier slotd left; a wrong spec is told and left out."""
        self.resuming = True
        for entry in sorted(os.listdir(self.roots.specs)):
            if entry.endswith(".json") and spec.NAME.match(entry[:-5]):
                try:
                    self.load(entry[:-5])
                except (spec.Wrong, OSError) as error:
                    say(f"{entry}: {error}")
        self.left.adopt(self)
        self.resuming = False
        self.zygotes.boot()
        for slot in self.slots.values():
            slot.staff()

    # The end

    def stop(self):
        """Graceful: workers finish what they accepted, for a few seconds; then nothing of ours is alive."""
        if self.ending:
            return
        self.ending = True
        for slot in self.slots.values():
            slot.dismiss(_STOP_SECONDS)
        self.until = time.monotonic() + _STOP_SECONDS
        self._stopping()

    def _stopping(self):
        if any(slot.workers for slot in self.slots.values()) and time.monotonic() < self.until:
            self.loop.later(0.02, self._stopping)
            return
        self.zygotes.retire()
        for name in list(self.slots):
            self.unload(name, lambda _: None)
        self.journal.finish()
        self.until = time.monotonic() + 2
        self._last_ones()

    def _last_ones(self):
        if (self.owners or self.left.adopted) and time.monotonic() < self.until:
            self.loop.later(0.02, self._last_ones)
            return
        for pid in self.owners:
            os.kill(pid, signal.SIGKILL)
        for worker in list(self.left.adopted.values()):
            worker.kill()
        self.store.finish(everything=True)
        self.trees.remove_if_empty()
        for path in (self.roots.control, self.roots.access):
            if os.path.exists(path):
                os.unlink(path)
        self.loop.stop()
