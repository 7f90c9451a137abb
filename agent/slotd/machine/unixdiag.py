"""How many accepted connections a listening unix socket has: asked of the kernel, which knows, not of the program, which need not tell.

An accepted connection bears the name that its listener was bound to, until the program closes it. Connections that still wait in
the backlog are not among them.
"""
import socket
import struct

_SOCK_DIAG = 4
_QUESTION, _HEAD, _ATTRIBUTE = struct.Struct("=IHHIIBBHIIIII"), struct.Struct("=IH"), struct.Struct("=HH")
_BY_FAMILY, _DUMP, _DONE = 20, 0x301, 3
_ESTABLISHED, _NAME, _FACTS = 1 << 1, 0, 32


def _count(data, mark):
    """How many of these answers bear exactly the name that `mark` holds. Others may have put the same bytes into names of their own."""
    at = count = 0
    while at + _HEAD.size <= len(data):
        size, kind = _HEAD.unpack_from(data, at)
        count += data.startswith(mark, at + _FACTS)
        at += max(_HEAD.size, (size + 3) & ~3)
    return count


def _ask(name):
    # The name comes first among an answer's attributes.
    mark, count = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(name) + 1, _NAME) + name + b"\0", 0
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _SOCK_DIAG) as line:
        line.settimeout(2)
        line.send(_QUESTION.pack(_QUESTION.size, _BY_FAMILY, _DUMP, 1, 0, socket.AF_UNIX, 0, 0, _ESTABLISHED, 0, 1, 0, 0))
        while True:
            data = line.recv(1 << 18)
            kind = _HEAD.unpack_from(data)[1]
            if kind == _DONE:
                return count
            if kind != _BY_FAMILY:
                raise OSError("the kernel does not tell of unix sockets")
            if mark in data:
                count += _count(data, mark)


def _read(name):
    """The same from the older, slower list, for kernels without UNIX_DIAG."""
    with open("/proc/net/unix", "rb") as file:
        return sum(1 for line in file if line.endswith(b" " + name + b"\n") and line.split(None, 7)[5] == b"03")


def accepted(listener):
    """How many connections have been accepted from this listener and are still open at the program's end."""
    name = listener.getsockname().encode()
    try:
        return _ask(name)
    except OSError:
        return _read(name)
