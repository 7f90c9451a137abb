"""A slot's listening socket."""
import os
import select
import socket
import time

BACKLOG = 4096


def hidden(path, gid):
    """A listening socket beside a path, where nobody looks for it, in a folder that only root can change."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = f"{os.path.dirname(path)}/.{time.monotonic_ns():x}"
    mask = os.umask(0o177)
    try:
        sock.bind(name)
    finally:
        os.umask(mask)
    os.chown(name, 0, gid)
    os.chmod(name, 0o660)
    sock.listen(BACKLOG)
    sock.setblocking(False)
    return sock


def adopt(number):
    """The listening socket of a slot, from an earlier slotd, with the visitors that wait in it. A program may count on its blocking."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=number)


def bind(path, gid):
    """The listening socket of a slot at its path. Its own name stays another, so that no later socket there can be taken for it."""
    sock = hidden(path, gid)
    os.rename(sock.getsockname(), path)
    return sock


class Shared:
    """Waits as select.poll() does, on a listening socket that several workers share: a visitor wakes one of them, the longest there
    that is free. So nobody is woken for nothing, and workers that are not needed stay idle until they leave."""

    def __init__(self, listener):
        self.epoll = select.epoll()
        self.epoll.register(listener.fileno(), select.EPOLLIN | select.EPOLLEXCLUSIVE)
        self.register, self.unregister = self.epoll.register, self.epoll.unregister

    def poll(self, milliseconds):
        """What is ready, as (descriptor, events)."""
        return self.epoll.poll(None if milliseconds is None else milliseconds / 1000)


def waiter(listener, workers):
    """What a worker waits on for its visitors, one of so many workers."""
    if workers > 1:
        return Shared(listener)
    alone = select.poll()
    alone.register(listener.fileno(), select.POLLIN)
    return alone
