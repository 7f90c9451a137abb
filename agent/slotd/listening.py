"""A slot's listening socket."""
import os
import select
import socket

_BACKLOG = 4096


def bind(path, gid):
    """The listening socket of a slot, made anew in a folder that only root can change."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)
    try:
        sock.bind(path)
    finally:
        os.umask(mask)
    os.chown(path, 0, gid)
    os.chmod(path, 0o660)
    sock.listen(_BACKLOG)
    sock.setblocking(False)
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
