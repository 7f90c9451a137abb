"""What a control group counts: memory, processor time, and the limits that were hit."""
import os

from slotd.cgroup import fields, read


def _number(path):
    text = read(path).strip()
    return int(text) if text.isdigit() else 0


def memory(group):
    """(bytes in use without what the kernel can drop at once, peak bytes, processes ended for lack of memory)."""
    at = group.at("memory")
    if at is None:
        return 0, 0, 0
    if "memory" in group.trees.two:
        used, droppable = _number(f"{at}/memory.current"), fields(f"{at}/memory.stat").get("inactive_file", 0)
        return max(0, used - droppable), _number(f"{at}/memory.peak"), fields(f"{at}/memory.events").get("oom_kill", 0)
    used, droppable = _number(f"{at}/memory.usage_in_bytes"), fields(f"{at}/memory.stat").get("total_inactive_file", 0)
    events = fields(f"{at}/memory.oom_control")
    # Kernels before 4.13 do not count the ended; there every failed charge counts instead.
    hits = events["oom_kill"] if "oom_kill" in events else _number(f"{at}/memory.failcnt")
    return max(0, used - droppable), _number(f"{at}/memory.max_usage_in_bytes"), hits


def cpu(group):
    """(microseconds used, periods in which the limit slowed the group down)."""
    at = group.at("cpu")
    throttled = fields(f"{at}/cpu.stat").get("nr_throttled", 0) if at else 0
    if group.unified:
        return fields(f"{group.unified}/cpu.stat").get("usage_usec", 0), throttled
    acct = group.trees.one.get("cpuacct")
    return (_number(os.path.join(acct, group.path, "cpuacct.usage")) // 1000 if acct else 0), throttled


def processes(group):
    """(processes and threads, forks refused)."""
    at = group.at("pids")
    if at is None:
        return len(group.pids()), 0
    return _number(f"{at}/pids.current"), fields(f"{at}/pids.events").get("max", 0)
