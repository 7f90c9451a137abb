"""What a control group counts: memory, processor time, bytes to and from disks, and the limits that were hit."""
import os
import re

from slotd.machine.cgroup_files import fields, number, read

_LOOKED_AT = 64  # processes whose descriptors are counted at one look
_BYTES = re.compile(r"\b([rw])bytes=(\d+)|^\d+:\d+ (Read|Write) (\d+)$", re.M)


def memory(group):
    """(bytes in use without what the kernel can drop at once, peak bytes, processes ended for lack of memory)."""
    at = group.at("memory")
    if at is None:
        return 0, 0, 0
    if "memory" in group.trees.two:
        used, droppable = number(f"{at}/memory.current"), fields(f"{at}/memory.stat").get("inactive_file", 0)
        return max(0, used - droppable), number(f"{at}/memory.peak"), fields(f"{at}/memory.events").get("oom_kill", 0)
    used, droppable = number(f"{at}/memory.usage_in_bytes"), fields(f"{at}/memory.stat").get("total_inactive_file", 0)
    events = fields(f"{at}/memory.oom_control")
    # Kernels before 4.13 do not count the ended; there every failed charge counts instead.
    hits = events["oom_kill"] if "oom_kill" in events else number(f"{at}/memory.failcnt")
    return max(0, used - droppable), number(f"{at}/memory.max_usage_in_bytes"), hits


def memory_full(group):
    """Whether the group was ever (almost) as large as it may be."""
    at = group.at("memory")
    if at is None:
        return False
    if "memory" in group.trees.two:
        return fields(f"{at}/memory.events").get("max", 0) > 0
    return number(f"{at}/memory.max_usage_in_bytes") >= number(f"{at}/memory.limit_in_bytes") * 0.98


def cpu(group):
    """(microseconds used, periods in which the limit slowed the group down)."""
    at = group.at("cpu")
    throttled = fields(f"{at}/cpu.stat").get("nr_throttled", 0) if at else 0
    if group.unified:
        return fields(f"{group.unified}/cpu.stat").get("usage_usec", 0), throttled
    acct = group.trees.one.get("cpuacct")
    return (number(os.path.join(acct, group.path, "cpuacct.usage")) // 1000 if acct else 0), throttled


def processes(group):
    """(processes and threads, forks refused)."""
    at = group.at("pids")
    if at is None:
        return len(group.pids()), 0
    return number(f"{at}/pids.current"), fields(f"{at}/pids.events").get("max", 0)


def disk(group):
    """(bytes read, bytes written) from and to disks, all disks together."""
    at = group.at("io")
    if at is None:
        return 0, 0
    text = read(f"{at}/io.stat" if "io" in group.trees.two else f"{at}/blkio.throttle.io_service_bytes")
    sums = {"r": 0, "w": 0}
    for way, count, word, total in _BYTES.findall(text):
        sums[way or word[0].lower()] += int(count or total)
    return sums["r"], sums["w"]


def most_open(pids):
    """The most descriptors that one of these processes has open."""
    most = 0
    for pid in pids[:_LOOKED_AT]:
        try:
            folder = f"/proc/{pid}/fd"
            # Since Linux 6.2 the size of the folder tells.
            most = max(most, os.stat(folder).st_size or len(os.listdir(folder)))
        except OSError:
            continue  # it ended meanwhile
    return most
