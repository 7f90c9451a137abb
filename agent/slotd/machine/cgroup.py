"""Control groups, version 2 and version 1, detected. We only ever make and remove groups below our own name.

A hierarchy is used for what it has: on a mixed host the limits may live in three version 1 trees and killing in a
version 2 tree that has no controllers at all.
"""
import os
import re
import signal

from slotd.machine import cgroup_limits
from slotd.machine.cgroup_files import folders, read, write

_NAME = re.compile(r"^[a-z0-9_][a-z0-9_.-]{0,80}$")
# Where all builds run: what they may take is no part of what their account may, and together they weigh less than one account.
BUILDS, BUILDS_WEIGHT = "_builds", 50
_LIMITED = ("memory", "pids", "cpu")
_ONE = {"memory", "pids", "cpu", "cpuacct", "freezer", "blkio"}


def builds_limits():
    """What all builds together may have: at most half of the host's memory, however many run."""
    total = next((int(line.split()[1]) >> 10 for line in read("/proc/meminfo").splitlines() if line.startswith("MemTotal:")), 4096)
    return {"weight": BUILDS_WEIGHT, "memoryMb": max(1024, total // 2)}


class Trees:
    """The hierarchies of this host and our own name below them."""

    def __init__(self, name, mounts="/proc/mounts"):
        if not _NAME.match(name):
            raise ValueError(f"{name!r} cannot name a control group")
        self.name = name
        self.unified = None
        self.one = {}
        for line in read(mounts).splitlines():
            words = line.split()
            if words[2] == "cgroup2" and self.unified is None:
                self.unified = words[1]
            elif words[2] == "cgroup":
                for controller in set(words[3].split(",")) & _ONE:
                    self.one.setdefault(controller, words[1])
        available = read(f"{self.unified}/cgroup.controllers").split() if self.unified else []
        self.two = [controller for controller in (*_LIMITED, "io") if controller in available]
        if "io" not in self.two and "blkio" in self.one:
            self.one["io"] = self.one["blkio"]
        self.disks = ()  # what limits of input and output name

    def homes(self):
        """The hierarchies every group of ours exists in, each once.

        Where every limit lives in version 1 the version 2 tree is left out: entering it takes a lock of the whole machine and
        waits for an RCU grace period (10 ms measured), while a single thread may enter a version 1 group at once.
        """
        one = [self.one[c] for c in _LIMITED if c not in self.two and c in self.one]
        if not self.two and "freezer" in self.one:
            found = one + [self.one[c] for c in ("cpuacct", "freezer") if c in self.one]
        else:
            found = one + ([self.unified] if self.unified else [])
        return list(dict.fromkeys(found))

    def group(self, *parts):
        """The group at our name and these parts below it."""
        if any(not _NAME.match(part) for part in parts):
            raise ValueError(f"{'/'.join(parts)!r} cannot name a control group")
        return Group(self, "/".join((self.name, *parts)))

    def remove_if_empty(self):
        """Removes our own top group where nothing stands below it."""
        for home in {*self.homes(), *self.one.values()}:
            try:
                os.rmdir(os.path.join(home, self.name))
            except OSError:
                pass

    def left_over(self, account=None):
        """Names of the groups two levels below ours, in any hierarchy, as (account, app); of one account or of all."""
        found = set()
        for home in self.homes():
            top = os.path.join(home, self.name)
            for owner in folders(top) if account is None else [account]:
                found.update((owner, app) for app in folders(os.path.join(top, owner)))
        return found


class Group:
    """One control group in all hierarchies."""

    def __init__(self, trees, path):
        self.trees = trees
        self.path = path
        homes = trees.homes()
        self.unified = os.path.join(trees.unified, path) if trees.unified in homes else None
        self.freezer = os.path.join(trees.one["freezer"], path) if trees.one.get("freezer") in homes else None
        self.always = [os.path.join(home, path) for home in homes]
        # A hierarchy of its own for input and output, entered only by groups with such a limit: one more costs every wake.
        self.io = os.path.join(trees.one["io"], path) if "io" in trees.one and "io" not in trees.two else None

    @property
    def folders(self):
        """Where the group stands, or shall stand."""
        return [*self.always, self.io] if self.io is not None and os.path.isdir(self.io) else self.always

    def at(self, controller):
        """The folder where a controller's files are, or None."""
        home = self.trees.unified if controller in self.trees.two else self.trees.one.get(controller)
        return os.path.join(home, self.path) if home else None

    def exists(self):
        """Whether the group stands in every hierarchy."""
        return all(os.path.isdir(folder) for folder in self.always)

    def make(self, limits, early=0):
        """Makes the group, and its parents, and sets its limits."""
        for home in self.trees.homes():
            self._stand_in(home)
        self.limit(limits, early)

    def _stand_in(self, home):
        steps = self.path.split("/")
        for depth in range(1, len(steps) + 1):
            if home == self.trees.unified and self.trees.two:
                self._delegate(os.path.join(home, *steps[: depth - 1]))
            try:
                os.mkdir(os.path.join(home, *steps[:depth]), 0o755)
            except FileExistsError:
                pass

    def _delegate(self, folder):
        have = read(f"{folder}/cgroup.subtree_control").split()
        missing = [f"+{c}" for c in self.trees.two if c not in have]
        if missing:
            write(f"{folder}/cgroup.subtree_control", " ".join(missing))

    def limit(self, limits, early=0):
        """Sets the limits; a limit that is absent is left as it is."""
        if self.io is not None and (limits.get("ioMbps") or (self.path.count("/") > 1 and os.path.isdir(os.path.dirname(self.io)))):
            self._stand_in(self.trees.one["io"])
        cgroup_limits.limit(self, limits, early)

    def gates(self):
        """The files a single-threaded process writes 0 to in order to enter the group."""
        return [f"{folder}/{'cgroup.procs' if folder == self.unified else 'tasks'}" for folder in self.folders]

    def pids(self):
        """The live processes of the group (and of groups below it)."""
        found = []
        for top, _, _ in os.walk(self.unified or self.freezer or self.folders[0]):
            found += [int(pid) for pid in read(f"{top}/cgroup.procs").split()]
        return found

    def kill(self):
        """Sends SIGKILL to every process of the group. Count with pids() afterwards: this does not wait."""
        if self.unified and os.path.exists(f"{self.unified}/cgroup.kill"):
            write(f"{self.unified}/cgroup.kill", 1)
            return
        # Frozen first, so that nothing can fork away between looking and killing.
        if self.freezer and os.path.isdir(self.freezer):
            write(f"{self.freezer}/freezer.state", "FROZEN")
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.freezer and os.path.isdir(self.freezer):
            write(f"{self.freezer}/freezer.state", "THAWED")

    def remove_if_empty(self):
        """Removes this level only, where nothing stands below it."""
        for folder in self.folders:
            try:
                os.rmdir(folder)
            except OSError:
                pass

    def remove(self):
        """Removes the empty group. Returns False when something is still in it."""
        gone = True
        for folder in self.folders:
            for top, _, _ in os.walk(folder, topdown=False):
                try:
                    os.rmdir(top)
                except FileNotFoundError:
                    pass
                except OSError:
                    gone = False
        return gone
