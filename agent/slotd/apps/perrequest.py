"""Mode per-request: a warm parent that has loaded the app forks one child for each request. It runs no request's code itself.

The parent is the customer, in the slot's group and jail, as any worker. A child answers one request and ends, so module variables
start clean each time. When the code on disk changes the parent leaves before it accepts: what waits is answered by its successor.
"""
import array
import errno
import gc
import mmap
import os
import select
import signal
import socket
import sys
import time
from collections import namedtuple

from slotd.apps import oneshot, page, sources, worker
from slotd.preloading import rehearse

_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN)
_BEFORE_PATIENCE = 0.02


# What is known of a child: its visitor, its mark, when it began, and the pipe on which it reports the pages it wrote to.
Visit = namedtuple("Visit", "conn place began report")
Spare = namedtuple("Spare", "pid sock place")


def _warm():
    """What every Django app does at its first request and that no request decides: its URLs and template engines."""
    if "django.urls" not in sys.modules:
        return
    try:
        from django.conf import settings

        if not settings.configured:
            return
        from django.db import connections
        from django.template import engines
        from django.urls import get_resolver

        engines.all()
        get_resolver()._populate()
        connections.close_all()  # a connection that all children share would mix their answers
    except Exception:
        pass  # a child will meet it too, and show it to whom it concerns


class Parent(worker.Server):
    """Accepts, forks, reaps."""

    def __init__(self, spec, status, listener, app):
        began = spec["loading"]
        super().__init__(spec, status, listener, app)
        self.idle = spec["idleSeconds"]
        self.base["wsgi.run_once"] = True
        _warm()
        gc.freeze()
        root = os.path.realpath(spec["root"])
        self.sources = sources.Sources(root, spec["venv"] and os.path.realpath(spec["venv"]), began)
        # One of the slot's processes is this parent; one more is left for what the app itself may start.
        self.most = max(1, spec["limits"]["processes"] - 2)
        self.marks = mmap.mmap(-1, self.most)
        self.places, self.children, self.forked = list(range(self.most)), {}, 0
        self.spare = self.touched = None
        signal.signal(signal.SIGCHLD, lambda *_: None)  # so that the wake-up pipe rings

    def _tell_leaving(self):
        """Says at once that nothing more is accepted: the next request must not wait for the children of this parent."""
        if not self.told:
            self.told = True
            self.listener.close()
            self.status.tell({"leaving": self.leaving})
            if self.spare is not None:
                self.spare.sock.close()  # it ends by itself
                os.waitpid(self.spare.pid, 0)
                self.spare = None

    def _wait_for(self, accepting, seconds):
        """Sleeps until a child ends, slotd speaks or, when `accepting`, a visitor comes."""
        poll = select.poll()
        numbers = [self.wake, *([self.listener.fileno()] if accepting else [])]
        if self.leaving is None:
            numbers.append(self.status.sock.fileno())
        for number in numbers:
            poll.register(number, select.POLLIN)
        found = {number for number, _ in poll.poll(None if seconds is None else max(1, int(seconds * 1000) + 1))}
        if self.wake in found:
            os.read(self.wake, 512)
        if self.status.sock.fileno() in found:
            self._listen_to_slotd()
        self._reap()
        return accepting and self.listener.fileno() in found

    def _reap(self):
        for pid in list(self.children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._ended(status, self.children.pop(pid))
        if self.count and (not self.proven or time.monotonic() - self.flushed >= 1.0):
            self.proven = True
            self._flush()

    def _ended(self, status, visit):
        conn, place, began, report = visit
        if report is not None:
            self._learn(report)
        self.active = now = time.monotonic()
        self.count += 1
        self.buckets[min(int((now - began) * 10_000).bit_length(), len(self.buckets) - 1)] += 1
        silent, self.marks[place] = not self.marks[place], 0
        self.places.append(place)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) != signal.SIGTERM:
            print(f"the process of one request was ended by {signal.Signals(os.WTERMSIG(status)).name}", file=sys.stderr, flush=True)
        try:
            if silent:
                conn.setblocking(False)
                conn.sendall(page.broken())
                conn.shutdown(socket.SHUT_WR)
                for _ in range(64):  # unread data would take the answer away
                    if not conn.recv(65_536):
                        break
        except OSError:
            pass
        conn.close()

    def _fork(self):
        """os.fork, with patience: when the slot's processes are all in use one of them will end. None when none did."""
        for _ in range(40):
            try:
                return os.fork()
            except OSError:
                self._wait_for(False, 0.05)
        return None

    def _serve_one(self, conn):
        began, spare, report = time.monotonic(), self.spare, None
        if spare is not None and self._hand_over(spare, conn):
            self.forked += 1
            self.children[spare.pid] = Visit(conn, spare.place, began, None)
            return
        if self.touched is None and self.forked == 0:
            report, areas = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC), list(rehearse.writable())
        place = self.places.pop()
        pid = self._fork()
        if pid == 0:
            oneshot.answer(self, conn, place, *((report[1], areas) if report else ()))
        if report:
            os.close(report[1])
        if pid is None:
            self.places.append(place)
            worker._try_send(conn, page.plain("503 Service Unavailable"))
            conn.close()
            return
        self.forked += 1
        self.children[pid] = Visit(conn, place, began, report and report[0])

    def _hand_over(self, spare, conn):
        """Gives a visitor to the waiting child. False when it died while it waited."""
        self.spare = None
        try:
            socket.send_fds(spare.sock, [b"1"], [conn.fileno()])
            return True
        except OSError:
            os.waitpid(spare.pid, 0)
            self.places.append(spare.place)
            return False
        finally:
            spare.sock.close()

    def _make_spare(self):
        """Forks the next visitor's child before that visitor comes, once it is known what a request writes to."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        place = self.places.pop()
        try:
            pid = os.fork()
        except OSError:
            ours.close()
            self.places.append(place)
        else:
            if pid == 0:
                ours.close()
                oneshot.wait(self, theirs, place)
            self.spare = Spare(pid, ours, place)
        theirs.close()

    def _learn(self, report):
        found = array.array("Q")
        try:
            data = os.read(report, 65_536)
            found.frombytes(data[: len(data) // 16 * 16])
        except BlockingIOError:
            pass  # it crashed, and what it started lives on and holds the pipe
        os.close(report)
        self.touched = found

    def _accept(self):
        """One visitor, if one waits. False when none does."""
        try:
            conn, _ = self.listener.accept()
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                self.leaving = self.leaving or f"broken: {error.strerror}"
            time.sleep(_BEFORE_PATIENCE)
            return True
        self._serve_one(conn)
        return True

    def _patience(self):
        """How long to sleep at most; leaves when it has been idle."""
        if self.children:
            return 1.0
        left = self.active + self.idle - time.monotonic()
        if left <= 0:
            self.leaving = "idle"
        return max(0.0, min(left, 1.0) if self.count else left)

    def run(self):
        """Serves until it is time to leave; then lets the children finish. Returns why."""
        while self.leaving is None or self.leaving == "orphaned":
            if self.spare is None and self.touched is not None and self.places and not self.children:
                self._make_spare()
            room, seconds = bool(self.places) or self.spare is not None, self._patience() if self.leaving is None else 0.05
            if self.leaving == "idle":
                break
            if self._wait_for(room, seconds) and self.leaving in (None, "orphaned"):
                if self.leaving is None and self.sources.changed(self.forked):
                    self.leaving = "changed"
                else:
                    self._accept()
            elif self.leaving == "orphaned" and room:
                break
        self._tell_leaving()
        while self.children:
            self._wait_for(False, 1.0)
        self._flush()
        return self.leaving
