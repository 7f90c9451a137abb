"""slotd: the slot server. Run by its guard (guard.py), or by root alone as `/usr/bin/python3 -I -S -u agent/slotd/slotd.py`.

What it promises
  * It holds every slot's listening socket for as long as it lives; a worker's end, for whatever reason, never closes it.
    A connection that comes while no worker accepts waits in the backlog and wakes one. Nothing accepted is dropped.
  * States of a slot: asleep (no process), starting, running, backing-off (a start failed; visitors get 503 with Retry-After and
    a calm page, the cause is in the app's log and in the status; the next try comes after 1, 2, 4 ... 60 s).
  * At rest it uses no processor time: without awake or scheduled slots there is no timer.
  * A slot has 1 to N workers on its one listener (crew.py): the first at the first knock, another when the backlog is not empty at
    three looks in a row (demand.py), always all of them when always-on. A visitor wakes one worker, the longest there that is free.
  * After a new spec a new worker is ready before an old one is told to leave, one after another. If the new one fails to start the
    old ones go on and the status says so. Where both do not fit into the slot's limits the old one leaves first; visitors wait.
  * Roles without a socket (roles.py): a worker is kept running and never doubled; a scheduled command runs at its times (timetable.py,
    cron.py, in UTC), never twice at once, and missed runs are left out. There is one timer for all schedules.

Processes
  slotd (this one) asks; zygotes (zygote.py; zygotes.py says which there are) fork; children (child.py) enter their control
  groups and their jail, become the customer for good, and only then read their environment and import customer code (worker.py).
  Kind cgi: the worker (cgi.py) finds the script of each request and runs it (cgi_run.py). Kind php: the child becomes a PHP-FPM of the
  slot's own (php.py) that gets the slot's socket; from then on it is a foreign program.
  A blank child takes the write faults of a start while it waits (rehearse.py); ten minutes after the last start of its
  zygote one that has not takes its place, and does so when its orders come: that visitor waits some 10 ms longer. Those pages stay charged to the zygote's group,
  so the slot's and the account's limits are lower by them while it lives (advance.py), and the status counts them.
  In mode per-request the worker (perrequest.py) runs no request: it forks a child for each (oneshot.py), keeps one spare, and
  leaves before it accepts when the code below the app's root has changed (sources.py). Apps with threads have threaded.py, ASGI apps
  uvicorn within asgi.py (serve.py chooses); all leave when tmp/restart.txt was touched or their share is served (restart.py).
  A command (command.py) is executed with the listening socket as systemd hands it over, Node with a preload (node/listen.cjs). It tells
  nothing, so foreign.py finds out what it needs: visits by the socket's access time, open connections from the kernel (unixdiag.py);
  and it is ended only behind a socket that nobody can reach any more (doors.py). With $PORT, gateway.py stands before it as a worker.
  logs.py writes the logs. slotd is the subreaper of all of them, so it reaps everything and knows every end.
  On SIGTERM everything ends within seconds.

Continuity
  The guard holds a copy of what must not close: listening sockets, workers' sockets and pidfds, log pipes, the control and access
  sockets (store.py tells it, holding.py is what it keeps). A new slotd takes all of it up (left.py): visitors went on waiting,
  workers did not notice and keep their pid; it is not their parent and hears of their end by pidfd and from the guard (adopted.py).
  Planned restart (handover.py; op restart, SIGUSR2, or SIGUSR2 to the guard for new code of both): waits up to 2 s for starts and up
  to 25 s for answers of its own, hands on counters and control connections too, and exits; the next one answers who asked.
  Crash or SIGKILL: the same, but counters begin anew, and a worker that was only starting serves what waits and leaves.
  Zygotes, blank children and logs.py end with each slotd and are started anew. SIGTERM is the end of everything, never a restart.
  Without a guard workers notice that slotd is gone and end once they have served what waits; a new slotd ends what is left in its
  control groups before it starts.
  A host without free descriptors or memory (shortage.py): who wakes then waits and is tried again, nobody spins. A full disk costs
  log lines, which is said once. A sleeping slot is its socket and about a kilobyte (sleeper.py, packed.py).

Protocol with zygotes and workers: small JSON messages, one a packet, on SOCK_SEQPACKET pairs (wire.py)
  slotd -> zygote  b"fork", b"calm"            zygote -> slotd  {"ready"...}, {"child": pid} with the child's socket
  slotd -> child   {"spec","gates","homes","skeleton","kept","library"} with listening socket, stdout pipe, stderr pipe
  child -> slotd   {"ready"}, {"failed": cause}, {"mismatch": what}, {"n": requests, "ms": histogram}, {"leaving": why}; "changed" and "spent" ask for a successor
  slotd -> child   b"leave"
  What a child says after the drop is a stranger's word: bounded, checked, never trusted for another slot.

Control groups: on a host with version 1 trees only those are used, entered by a single thread without the machine-wide lock that
a version 2 migration takes (10 ms measured after a quiet moment); hosts with version 2 alone pay that, or mount it favordynmods.
Builds (enter.py) run in `_builds` beside the accounts, with limits of their own. Starts take turns (turns.py): no account's storm
delays another's wake. What limits were met is counted by the kernel, and by tally.py where the kernel does not.

What the children of one zygote share: the hash seed and the address layout of their interpreter, both fixed when the zygote was
started; it is replaced every day and after package updates, and isolation strict gives an account its own. They share no data of any tenant: none ever enters a zygote. `random` is seeded anew in every child.

Control (control.py): one JSON object a line on <run>/slotd.sock: load, unload, run, status, sweep, ping, latencies, zygotes, drain,
restart.
"""
import sys

if __name__ == "__main__":
    import os.path

    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import fcntl
import gc
import os
import time

from slotd.machine import kernel
from slotd.machine.cgroup import BUILDS
from slotd.server.control import Control
from slotd.server.holding import raise_limit
from slotd.server.keeper import Keeper
from slotd.server.roots import Roots


def _only_one(path):
    """Two slotds on the same folders would fight: the second waits a little for the first to end, then gives up."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(100):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            time.sleep(0.1)
    sys.exit("slotd: another slotd holds " + path)


def _clear_left_over(trees):
    """Ends workers that a killed slotd left behind. Builds are the agent's and are left alone."""
    groups = [trees.group(account, app) for account, app in trees.left_over() if account != BUILDS]
    until = time.monotonic() + 10
    while any(group.pids() for group in groups) and time.monotonic() < until:
        for group in groups:
            group.kill()
        time.sleep(0.02)
    for group in groups:
        group.remove()


def main():
    """Starts, and runs until SIGTERM."""
    if os.geteuid() != 0:
        sys.exit("slotd: must run as root")
    os.umask(0o022)
    gc.disable()  # nothing of ten thousand slots is garbage
    roots = Roots()
    os.makedirs(roots.run, mode=0o755, exist_ok=True)
    lock = _only_one(roots.lock)
    raise_limit()
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    kernel.name_process("berth-slotd")
    keeper = Keeper(roots, guarded=os.environ.pop("BERTH_GUARDED", "") == "1")
    if not keeper.left.any:
        _clear_left_over(keeper.trees)
    keeper.load_all()
    control = Control(keeper, roots.control)
    keeper.left.let_go()
    gc.collect()
    gc.freeze()
    gc.enable()
    print("slotd ready", flush=True)
    keeper.loop.run()
    control.close()
    os.close(lock)


if __name__ == "__main__":
    main()
