"""Small JSON messages with descriptors over SOCK_SEQPACKET pairs: one message, one packet."""
import array
import json
import os
import socket

_LARGEST = 131_072
_DESCRIPTORS = 8
_NUMBER = array.array("i").itemsize
_SO_PASSRIGHTS = 83  # asm-generic/socket.h; Python does not know it yet


def refuse_descriptors(sock):
    """From now on nobody can send descriptors to this socket: closing a stranger's may take as long as the stranger likes (SO_LINGER)."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_PASSRIGHTS, 0)
    except OSError:
        pass  # before Linux 6.16 whoever may write here may also send descriptors


def send(sock, message, descriptors=(), flags=0):
    """Sends one message. Raises BlockingIOError when the peer does not read."""
    data = json.dumps(message, separators=(",", ":")).encode()
    if descriptors:
        socket.send_fds(sock, [data], list(descriptors), flags)
    else:
        sock.send(data, flags)


def take(sock, size, most, flags=0):
    """One packet and its descriptors, which no program that we start inherits: socket.recv_fds forgets its flags before Python 3.12."""
    data, extra, _, _ = sock.recvmsg(size, socket.CMSG_SPACE(most * _NUMBER), flags | socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, given in extra:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(given[: len(given) - len(given) % _NUMBER])
    return data, list(descriptors)


def receive(sock, flags=0):
    """Returns (message, descriptors), or (None, []) at the end. The message may be anything JSON can say, or None when broken."""
    data, descriptors = take(sock, _LARGEST, _DESCRIPTORS, flags)
    if not data:
        _close(descriptors)
        return None, []
    try:
        return json.loads(data), descriptors
    except (ValueError, RecursionError):
        _close(descriptors)
        return {}, []


def _close(descriptors):
    for descriptor in descriptors:
        os.close(descriptor)
