"""A WSGI worker that serves several requests at once: one thread accepts and keeps the accounts, the others serve.

A visitor is accepted only when a thread is free, so that what waits in the backlog may go to another worker of the slot. Leaving
means: accept nothing more, say so, let every thread finish, end. A request that takes too long ends this worker, but not before
the others in it are done.
"""
import errno
import os
import queue
import select
import socket
import sys
import threading
import time
from collections import deque

from slotd.apps import entry, worker

_OVERDUE = "a request took longer than it may, and was ended with its worker"
_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Threads(worker.Server):
    """The accepting thread, which is the main one: signals and slotd's words come to it."""

    def __init__(self, spec, status, listener, app):
        super().__init__(spec, status, listener, app)
        self.base["wsgi.multithread"] = True
        self.room, self.started = spec["threads"], 0
        self.jobs, self.done, self.busy = queue.SimpleQueue(), deque(), {}
        self.number, self.ringing, self.hearing = 0, False, True
        # While no thread is free only these can bring news.
        self.others = select.poll()
        for number in (status.sock.fileno(), self.wake):
            self.others.register(number, select.POLLIN)

    # In the serving threads

    def _work(self):
        while True:
            number, conn, began = self.jobs.get()
            served = False
            try:
                with conn:
                    served = worker.handle(conn, self.app, self.base, 0)
            except BaseException as error:
                entry.show(error)
            self.done.append((number, served, time.monotonic() - began))
            if self.ringing or not self.proven:
                self._ring()

    def _ring(self):
        try:
            os.write(self.ring, b"\0")
        except BlockingIOError:
            pass  # it has rung often enough

    # In the accepting thread

    def _collect(self):
        """Enters what the threads have done into the accounts."""
        while self.done:
            number, served, seconds = self.done.popleft()
            del self.busy[number]
            self.active = time.monotonic()
            if served:
                self.count += 1
                self.buckets[min(int(seconds * 10_000).bit_length(), len(self.buckets) - 1)] += 1
        if self.count and (not self.proven or time.monotonic() - self.flushed >= 1.0):
            self.proven = True
            self._flush()

    def _overdue(self, now):
        """How many requests take longer than they may."""
        return sum(1 for began in self.busy.values() if now - began > self.seconds)

    def _give(self, conn):
        """Hands a visitor to a thread, a new one if none is free."""
        now = time.monotonic()
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.setsockopt(socket.SOL_SOCKET, option, worker._TIMEOUT)
        if self.started <= len(self.busy):
            try:
                threading.Thread(target=self._work, name=f"request-{self.started}", daemon=True).start()
                self.started += 1
            except RuntimeError:
                print("no new thread could be started: the slot's processes are all in use", file=sys.stderr, flush=True)
                if not self.started:
                    return self._serve_one(conn)
                self.room = self.started
        self.number += 1
        self.busy[self.number] = now
        self.jobs.put((self.number, conn, now))
        self.left -= 1
        if self.left == 0:
            self.leaving = self.leaving or "spent"

    def _rest(self, poll):
        """Sleeps until there is news, a second has passed while there is work, or the idle time is over."""
        if self.leaving and self.hearing:
            self.hearing = False
            self.others.unregister(self.status.sock.fileno())  # at its end it would be news for ever
        now = time.monotonic()
        if self.busy or self.count:
            left = 1.0
        elif self.leaving is None and self.idle is not None:
            left = self.active + self.idle - now
            if left <= 0:
                self.leaving = "idle"
                return
        else:
            left = None
        self.ringing = poll is self.others
        if not (self.ringing and self.done):
            for number, _ in poll.poll(None if left is None else max(1, int(left * 1000) + 1)):
                if number == self.wake:
                    os.read(self.wake, 512)
                elif number == self.status.sock.fileno():
                    self._listen_to_slotd()
        self.ringing = False

    def _turn(self):
        """Accepts one visitor or waits for one. False when nothing waits and this worker is on its own."""
        if len(self.busy) >= self.room:
            self._rest(self.others)
            return True
        try:
            conn, _ = self.listener.accept()
        except BlockingIOError:
            if self.leaving:
                return False
            self._rest(self.poll)
            self._look_at_marks()
        except OSError as error:
            if error.errno not in _NONE_LEFT:
                self.leaving = f"broken: {error.strerror}"
            time.sleep(0.05)
        else:
            self._give(conn)
        return True

    def run(self):
        """Serves until it is time to leave; lets the threads finish. Returns why."""
        while (self.leaving is None or self.leaving == "orphaned") and self._turn():
            self._collect()
            now = time.monotonic()
            if now - self.looked > 0.02:
                self.looked = now
                self._listen_to_slotd()
                if self.marks.due(now):
                    self._look_at_marks()
                if self.busy and self.leaving is None and self._overdue(now):
                    self.leaving = _OVERDUE
        self._tell_leaving()
        while len(self.busy) > self._overdue(time.monotonic()):
            self._rest(self.others)
            self._collect()
        self._flush()
        return self.leaving

    def _tell_leaving(self):
        """Says at once that nothing more is accepted: the next request must not wait for what is being served here."""
        self.told = True
        self.listener.close()
        self.status.tell({"leaving": self.leaving})
