"""Control groups, version 2 and version 1, detected. We only ever make and remove groups below our own name.

A hierarchy is used for what it has: on a mixed host the limits may live in three version 1 trees and killing in a
version 2 tree that has no controllers at all.
"""
import errno
import os
import re
import signal

_NAME = re.compile(r"^[a-z0-9_][a-z0-9_.-]{0,80}$")
_LIMITED = ("memory", "pids", "cpu")


def read(path):
    """The text of a small file; empty when it is not there."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _write(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, str(text).encode())
    finally:
        os.close(descriptor)


def fields(path):
    """The numbers of a file of `name value` lines."""
    pairs = (line.split() for line in read(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


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
                for controller in set(words[3].split(",")) & {"memory", "pids", "cpu", "cpuacct", "freezer"}:
                    self.one.setdefault(controller, words[1])
        available = read(f"{self.unified}/cgroup.controllers").split() if self.unified else []
        self.two = [controller for controller in _LIMITED if controller in available]

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
        for home in self.homes():
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


def folders(path):
    """The names of the folders in a folder; none when it is not there."""
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


class Group:
    """One control group in all hierarchies."""

    def __init__(self, trees, path):
        self.trees = trees
        self.path = path
        homes = trees.homes()
        self.unified = os.path.join(trees.unified, path) if trees.unified in homes else None
        self.freezer = os.path.join(trees.one["freezer"], path) if trees.one.get("freezer") in homes else None
        self.folders = [os.path.join(home, path) for home in homes]

    def at(self, controller):
        """The folder where a controller's files are, or None."""
        home = self.trees.unified if controller in self.trees.two else self.trees.one.get(controller)
        return os.path.join(home, self.path) if home else None

    def exists(self):
        """Whether the group stands in every hierarchy."""
        return all(os.path.isdir(folder) for folder in self.folders)

    def make(self, limits):
        """Makes the group, and its parents, and sets its limits {memoryMb, cpuPercent, processes}."""
        steps = self.path.split("/")
        for home in self.trees.homes():
            for depth in range(1, len(steps) + 1):
                if home == self.trees.unified and self.trees.two:
                    above = os.path.join(home, *steps[: depth - 1])
                    self._delegate(above)
                folder = os.path.join(home, *steps[:depth])
                try:
                    os.mkdir(folder, 0o755)
                except FileExistsError:
                    pass
        self.limit(limits)

    def _delegate(self, folder):
        have = read(f"{folder}/cgroup.subtree_control").split()
        missing = [f"+{c}" for c in self.trees.two if c not in have]
        if missing:
            _write(f"{folder}/cgroup.subtree_control", " ".join(missing))

    def limit(self, limits):
        """Sets the limits; a limit that is absent is left as it is."""
        memory, cpu, processes = limits.get("memoryMb"), limits.get("cpuPercent"), limits.get("processes")
        if memory and (at := self.at("memory")):
            self._limit_memory(at, memory << 20)
        if processes and (at := self.at("pids")):
            _write(f"{at}/pids.max", processes)
        if cpu and (at := self.at("cpu")):
            self._limit_cpu(at, cpu)

    def _limit_memory(self, at, size):
        if "memory" in self.trees.two:
            _write(f"{at}/memory.max", size)
            if os.path.exists(f"{at}/memory.swap.max"):
                _write(f"{at}/memory.swap.max", 0)
            return
        both, plain = f"{at}/memory.memsw.limit_in_bytes", f"{at}/memory.limit_in_bytes"
        # Memory plus swap may never be below memory, so the order depends on the direction.
        order = (plain, both) if int(read(plain) or 0) > size else (both, plain)
        for path in order:
            if os.path.exists(path):
                try:
                    _write(path, size)
                except OSError as error:
                    if error.errno != errno.EBUSY:  # more is in use than the new limit: the kernel keeps the old one
                        raise

    def _limit_cpu(self, at, percent):
        period = 100_000
        if "cpu" in self.trees.two:
            _write(f"{at}/cpu.max", f"{percent * period // 100} {period}")
            return
        quota = f"{at}/cpu.cfs_quota_us"
        _write(f"{at}/cpu.cfs_period_us", period)
        try:
            _write(quota, percent * period // 100)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # Version 1 refuses a child above its parent, and a parent below a child. Without an own quota the parent's holds.
            for child in folders(at):
                _write(f"{at}/{child}/cpu.cfs_quota_us", -1)
            try:
                _write(quota, percent * period // 100)
            except OSError:
                _write(quota, -1)

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
            _write(f"{self.unified}/cgroup.kill", 1)
            return
        # Frozen first, so that nothing can fork away between looking and killing.
        if self.freezer and os.path.isdir(self.freezer):
            _write(f"{self.freezer}/freezer.state", "FROZEN")
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.freezer and os.path.isdir(self.freezer):
            _write(f"{self.freezer}/freezer.state", "THAWED")

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
