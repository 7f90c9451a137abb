"""Becoming the customer, for good. Everything here is done as root, in this order, and then checked."""
import os
import resource
import signal

from slotd.machine import kernel, seccomp


def _last_capability():
    try:
        with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return 40


_LAST = _last_capability()


def reset_signals(every=False):
    """Default action for the signals that Python handles (SIGPIPE stays an exception), or for every signal, and none blocked."""
    signal.set_wakeup_fd(-1)
    numbers = range(1, signal.NSIG) if every else (signal.SIGINT,)
    for number in numbers:
        if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE):
            try:
                signal.signal(number, signal.SIG_DFL)
            except (OSError, ValueError):
                pass  # the C library keeps a few for itself
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def limits(open_files):
    """Resource limits that a cgroup does not know."""
    if open_files:
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        wanted = open_files if hard == resource.RLIM_INFINITY else min(open_files, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def become(uid, gid):
    """Takes on uid and gid and gives up every way back. Raises if any trace of root is left."""
    if uid < 1000 or gid < 1000:
        raise PermissionError(f"uid {uid} or gid {gid} belongs to the system")
    os.umask(0o022)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    for capability in range(_LAST + 1):
        kernel.prctl(kernel.PR_CAPBSET_DROP, capability)
    try:
        kernel.prctl(kernel.PR_CAP_AMBIENT, kernel.PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError:
        pass  # older than Linux 4.3: there is no ambient set to clear
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid) or os.getgroups():
        raise PermissionError("the customer's identity did not take")
    try:
        os.setuid(0)
    except PermissionError:
        pass
    else:
        raise PermissionError("the way back to root is still open")
    seccomp.confine()
    # Only now: while half dropped, nobody may look into this process.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)
