"""A slot's listening socket."""
import os
import socket

_BACKLOG = 4096


def adopt(number):
    """The listening socket of a slot, from an earlier slotd, with the visitors that wait in it."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=number)
    sock.setblocking(False)
    return sock


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
