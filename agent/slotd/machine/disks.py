"""Which disks stand below folders: what a limit of input and output must name."""
import os

from slotd.machine.cgroup_files import read


def _source(path):
    """The device that the kernel names for the mount a path is on; for file systems that hide theirs, such as btrfs."""
    best = ("", None)
    for line in read("/proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        point, words = left.split()[4], right.split()
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]) and len(words) > 1:
            best = (point, words[1])
    if best[1] is None or not best[1].startswith("/dev/"):
        return None
    try:
        return os.stat(best[1]).st_rdev
    except OSError:
        return None


def whole(number, blocks="/sys/dev/block"):
    """`major:minor` of the whole disk that a device number is, or is a partition of; None when it is no disk."""
    name = f"{os.major(number)}:{os.minor(number)}"
    folder = f"{blocks}/{name}"
    if not os.path.isdir(folder):
        return None
    if os.path.exists(f"{folder}/partition"):
        above = os.path.join(os.path.realpath(folder), "..", "dev")
        return read(above).strip() or None
    return name


def below(*paths):
    """`major:minor` of the disks below these paths, each once. Empty for what stands on no disk."""
    found = []
    for path in paths:
        try:
            number = os.stat(path).st_dev
        except OSError:
            continue
        if os.major(number) == 0:
            number = _source(os.path.realpath(path)) or 0
        disk = whole(number) if number else None
        if disk is not None and disk not in found:
            found.append(disk)
    return found
