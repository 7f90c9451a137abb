"""Setting the limits of a control group: memory, processor, processes, input and output, in version 2 and in version 1."""
import errno
import os

from slotd.machine.cgroup_files import folders, number, read, write

_PERIOD = 100_000


def limit(group, limits, early=0):
    """Sets {memoryMb, cpuPercent, processes, ioMbps, weight}; what is absent is left as it is.

    `early` bytes are what its processes took before they entered the group: they count, so the group gets that much less.
    """
    memory, cpu, processes = limits.get("memoryMb"), limits.get("cpuPercent"), limits.get("processes")
    if memory and (at := group.at("memory")):
        _memory(group, at, left(memory, early))
    if processes and (at := group.at("pids")):
        write(f"{at}/pids.max", processes)
    if cpu and (at := group.at("cpu")):
        _cpu(group, at, cpu)
    if limits.get("weight") and (at := group.at("cpu")):
        _weight(group, at, limits["weight"])
    if limits.get("ioMbps") is not None and (at := group.at("io")) and os.path.isdir(at):
        _io(group, at, limits["ioMbps"] << 20)


def left(megabytes, early):
    """What a group may take in bytes when so much was taken before; never less than half, or an app could not even start."""
    return max(megabytes << 20 >> 1, (megabytes << 20) - early)


def _memory(group, at, size):
    if "memory" in group.trees.two:
        write(f"{at}/memory.max", size)
        if os.path.exists(f"{at}/memory.swap.max"):
            write(f"{at}/memory.swap.max", 0)
        return
    both, plain = f"{at}/memory.memsw.limit_in_bytes", f"{at}/memory.limit_in_bytes"
    # Memory plus swap may never be below memory, so the order depends on the direction.
    order = (plain, both) if number(plain) > size else (both, plain)
    for path in order:
        if os.path.exists(path):
            try:
                write(path, size)
            except OSError as error:
                if error.errno != errno.EBUSY:  # more is in use than the new limit: the kernel keeps the old one
                    raise


def _cpu(group, at, percent):
    if "cpu" in group.trees.two:
        write(f"{at}/cpu.max", f"{percent * _PERIOD // 100} {_PERIOD}")
        return
    quota = f"{at}/cpu.cfs_quota_us"
    write(f"{at}/cpu.cfs_period_us", _PERIOD)
    try:
        write(quota, percent * _PERIOD // 100)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # Version 1 refuses a child above its parent, and a parent below a child. Without an own quota the parent's holds.
        for child in folders(at):
            write(f"{at}/{child}/cpu.cfs_quota_us", -1)
        try:
            write(quota, percent * _PERIOD // 100)
        except OSError:
            write(quota, -1)


def _weight(group, at, weight):
    """100 is what every group has that says nothing."""
    if "cpu" in group.trees.two:
        write(f"{at}/cpu.weight", weight)
    else:
        write(f"{at}/cpu.shares", max(2, weight * 1024 // 100))


def _io(group, at, rate):
    """Bytes a second from and to each disk; 0 takes the limit away. Version 1 can slow reads and direct writes only."""
    two = "io" in group.trees.two
    for disk in group.trees.disks:
        if two:
            if not rate and disk not in read(f"{at}/io.max"):
                continue
            orders = [(f"{at}/io.max", f"{disk} rbps={rate or 'max'} wbps={rate or 'max'}")]
        else:
            orders = [(f"{at}/blkio.throttle.{way}_bps_device", f"{disk} {rate}") for way in ("read", "write")]
        for path, text in orders:
            try:
                write(path, text)
            except OSError as error:
                if error.errno not in (errno.ENODEV, errno.EINVAL, errno.ENOENT):  # a disk that cannot be slowed
                    raise
