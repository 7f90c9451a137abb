"""The child of a per-request parent: answers one visitor and ends. It may be forked for the visitor, or wait for one as a spare."""
import atexit
import os
import signal
import socket
import sys
import threading

from slotd.apps import worker
from slotd.preloading import rehearse

_REPORT = 65_536  # what a pipe holds: a child never waits for its parent to read


class _Conn(socket.socket):
    """A visitor's connection; marks that something was sent, for the parent to know should this child crash."""

    __slots__ = ("marks", "place")

    def sendall(self, data, flags=0):
        self.marks[self.place] = 1
        return super().sendall(data, flags)


def _let_go(parent, own):
    """Gives up what is the parent's: its signals, its sockets, other visitors' connections."""
    for pipe in (signal.set_wakeup_fd(-1), parent.wake):
        os.close(pipe)
    for number in (signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    for held in (parent.listener, parent.status.sock, *(visit.conn for visit in parent.children.values())):
        if held is not own:
            held.close()
    if parent.spare is not None:
        parent.spare.sock.close()


def _serve(parent, conn, place):
    marked = _Conn(fileno=conn.detach())
    marked.marks, marked.place = parent.marks, place
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        marked.setsockopt(socket.SOL_SOCKET, option, worker._TIMEOUT)
    with marked:
        worker.handle(marked, parent.app, parent.base, parent.seconds)
        # The parent still holds the connection: only this tells the visitor now that the answer is whole.
        worker._try(marked.shutdown, socket.SHUT_WR)
    parent.marks[place] = 1


def _finish():
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def answer(parent, conn, place, report=None, areas=()):
    """For one visitor who is here. `report`: a pipe for the pages this child wrote to. Never returns."""
    code = 1
    try:
        _let_go(parent, conn)
        _serve(parent, conn, place)
        if report is not None:
            os.write(report, rehearse.written(areas).tobytes()[:_REPORT])
        _finish()
        code = 0
    finally:
        os._exit(code)


def wait(parent, sock, place):
    """For a visitor to come: takes the write faults of a request beforehand. Ends when the parent goes. Never returns."""
    code = 1
    try:
        _let_go(parent, None)
        rehearse.take(parent.touched)
        data, descriptors, _, _ = socket.recv_fds(sock, 1, 1)
        sock.close()
        if data and descriptors:
            _serve(parent, socket.socket(fileno=descriptors[0]), place)
            _finish()
        code = 0
    finally:
        os._exit(code)
