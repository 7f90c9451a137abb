"""A slot's listening socket."""
import os
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


def bind(path, gid):
    """The listening socket of a slot at its path. Its own name stays another, so that no later socket there can be taken for it."""
    sock = hidden(path, gid)
    os.rename(sock.getsockname(), path)
    return sock
