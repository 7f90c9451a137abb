"""The guard: starts slotd, holds a copy of every descriptor that must outlive it, and starts it again with them when it ends.

Run by root as `/usr/bin/python3 -I -S -B -u agent/slotd/guard.py`, by systemd or by the launcher. slotd tells it over a socket
(store.py) what to keep: the listening sockets with the visitors that wait in them, its ends of workers' sockets, the log pipes.
So nothing that is open closes while there is no slotd, and workers do not notice.

  SIGTERM, SIGINT, SIGHUP   everything ends: slotd, workers, and then the guard
  SIGUSR2                   upgrade: the guard becomes its own new code, gets everything again from slotd, and has slotd restart
  slotd ends with AGAIN     a planned restart: the next one starts at once
  slotd ends otherwise      a crash: the next one starts after a pause that grows with every crash
  the guard itself dies     slotd goes on and gives everything to the next guard, which finds slotd's lock taken and waits for it

systemd's own store of descriptors is not used: it compares each new one with all that it has (20 s of process 1 for ten thousand)
and names them in one string of at most 128 KiB. This is a process of its own because what holds must not be what fails.
"""
import sys

if __name__ == "__main__":
    import os.path

    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contextlib
import fcntl
import json
import os
import select
import signal
import socket
import struct
import time

from slotd.machine import wire
from slotd.server.holding import AGAIN, LARGEST, MOST, Holding, become_subreaper, raise_limit
from slotd.server.roots import Roots

_STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _say(text):
    with contextlib.suppress(OSError):  # a full disk, or nobody reads any more
        print(f"guard: {text}", file=sys.stderr, flush=True)


class Guard:
    """What is kept, slotd, and the one connection to it."""

    def __init__(self, roots):
        self.roots, self.kept = roots, Holding()
        self.pid = self.pidfd = self.line = None
        self.crashes, self.began, self.next, self.stopping, self.upgrading, self.told = 0, 0.0, 0.0, False, False, False
        self.bell, ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
        for number in (*_STOP, signal.SIGUSR2, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self.door = self._open_door()
        self.poll = select.poll()
        for number in (self.bell, self.door.fileno()):
            self.poll.register(number, select.POLLIN)

    def _open_door(self):
        path = self.roots.guard
        if os.path.lexists(path):
            os.unlink(path)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        mask = os.umask(0o177)
        door.bind(path)
        os.umask(mask)
        door.listen(8)
        return door

    # slotd

    def _taken(self):
        """Whether a slotd runs that an earlier guard started."""
        lock = os.open(self.roots.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return False
        except BlockingIOError:
            return True
        finally:
            os.close(lock)

    def start(self):
        """Starts slotd, unless one runs."""
        self.next = time.monotonic() + 1
        if self._taken():
            return
        folder = os.path.dirname(os.path.abspath(__file__))
        argv = ["/usr/bin/python3", "-I", "-S", "-u", os.path.join(folder, "slotd.py")]
        # A process group of its own: whoever ends the guard's group by force does not end slotd with it.
        default = [number for number in range(1, 32) if number not in (signal.SIGKILL, signal.SIGSTOP)]
        environment = {**os.environ, "BERTH_GUARDED": "1"}
        self.began = time.monotonic()
        self._own(os.posix_spawn(argv[0], argv, environment, setpgroup=0, setsigdef=default))

    def _own(self, pid):
        if self.pidfd is not None:
            os.close(self.pidfd)
        self.pid, self.pidfd = pid, os.pidfd_open(pid)

    def signal(self, number):
        """Passes a signal on to slotd."""
        if self.pidfd is not None:
            try:
                signal.pidfd_send_signal(self.pidfd, number)
            except ProcessLookupError:
                pass

    def _ended(self, status):
        """slotd is gone; status is None when it was not our child."""
        os.close(self.pidfd)
        self.pid = self.pidfd = None
        self._hang_up()
        self.told = False
        code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
        if code == 0 or (code is None and not self.kept):
            sys.exit(0 if code == 0 or self.stopping else 1)
        self.crashes = 0 if code == AGAIN else self.crashes + 1 if time.monotonic() - self.began < 60 else 1
        if self.stopping and self.crashes > 2:
            sys.exit(1)  # what is kept closes now, and workers end by themselves
        if code == AGAIN:
            self.next = 0.0
            return
        wait = min(10, 0.02 * 4 ** (self.crashes - 1))
        self.next = time.monotonic() + wait
        _say(f"slotd ended (status {status}), starting again in {wait:.2f} s with {len(self.kept)} things kept")

    def _reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.pid:
                self._ended(status)
            else:
                # A worker whose slotd is gone: only its new parent hears how it ended.
                self._tell({"ended": pid, "status": status})

    # The connection

    def _tell(self, message, descriptors=()):
        if self.line is None:
            return
        try:
            socket.send_fds(self.line, [json.dumps(message, separators=(",", ":")).encode()], list(descriptors))
        except OSError:
            pass

    def _answer_door(self):
        line, _ = self.door.accept()
        pid = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        self._hang_up()
        if pid != self.pid:
            self._own(pid)  # an earlier guard's slotd
        self.line = line
        self.line.settimeout(10)
        self.poll.register(line.fileno(), select.POLLIN)

    def _hang_up(self):
        if self.line is not None:
            self.poll.unregister(self.line.fileno())
            self.line.close()
            self.line = None

    def _hear(self):
        try:
            data, descriptors = wire.take(self.line, LARGEST, MOST + 8)
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._hang_up()
            return
        message = json.loads(data)
        self.kept.take(message, descriptors)
        if "give" in message:
            for listed, given in self.kept.batches():
                self._tell({"have": listed}, given)
            self._tell({"whole": True})
        if message.get("whole") and self.upgrading:
            self.upgrading = False
            self.signal(signal.SIGUSR2)

    # The life

    def _upgrade(self):
        argv = ["/usr/bin/python3", "-I", "-S", "-B", "-u", os.path.abspath(__file__), "upgrade"]
        _say("becoming the new code")
        os.execv(argv[0], argv)

    def _rung(self):
        numbers = set(os.read(self.bell, 4096))
        if signal.SIGUSR2 in numbers and not self.stopping:
            self._upgrade()
        if numbers & set(_STOP):
            self.stopping, self.told = True, False
            self.next = 0.0
        self._reap()

    def step(self):
        """Waits for one thing and does it."""
        if self.stopping and self.pid is None and not self.kept and not self._taken():
            sys.exit(0)
        if self.pid is None and time.monotonic() >= self.next:
            self.start()
        if self.stopping and self.pid is not None and not self.told and self.line is not None:
            self.told = True
            self.signal(signal.SIGTERM)
        wait = None if self.pid is not None else max(0.0, self.next - time.monotonic())
        if self.pidfd is not None:
            self.poll.register(self.pidfd, select.POLLIN)
        events = self.poll.poll(None if wait is None else int(wait * 1000) + 1)
        if self.pidfd is not None:
            self.poll.unregister(self.pidfd)
        found = {number for number, _ in events}
        line, pidfd = (self.line and self.line.fileno()), self.pidfd
        if line in found:
            self._hear()  # first: what slotd said last counts
        elif self.bell in found:
            self._rung()
        elif self.door.fileno() in found:
            self._answer_door()
        elif pidfd in found and pidfd is not None:
            self._reap()
            if self.pidfd == pidfd:
                self._ended(None)  # not our child


def main():
    """Runs until SIGTERM."""
    if os.geteuid() != 0:
        sys.exit("guard: must run as root")
    roots = Roots()
    os.makedirs(roots.run, mode=0o755, exist_ok=True)
    raise_limit()
    become_subreaper()
    with open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("berth-guard")
    guard = Guard(roots)
    guard.upgrading = sys.argv[1:] == ["upgrade"]
    while True:
        guard.step()


if __name__ == "__main__":
    main()
