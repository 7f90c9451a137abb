"""Loopback ports: a free one, and who listens on it. Whose port it is matters: another user of the machine may be quicker."""
import socket

_LISTENS = "0A"
_TABLES = (("/proc/net/tcp", socket.AF_INET), ("/proc/net/tcp6", socket.AF_INET6))
_LOOPBACK6 = "00000000000000000000000001000000"


def free():
    """A port that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listener(port, uid):
    """(family, address) at which a process of this uid listens on the port, or None. Nobody else's counts."""
    ending = f":{port:04X}"
    for path, family in _TABLES:
        try:
            with open(path, encoding="ascii") as file:
                lines = file.readlines()[1:]
        except OSError:
            continue
        for line in lines:
            words = line.split()
            if words[1].endswith(ending) and words[3] == _LISTENS and words[7] == str(uid):
                only6 = family == socket.AF_INET6 and words[1].startswith(_LOOPBACK6)
                return (socket.AF_INET6, ("::1", port)) if only6 else (socket.AF_INET, ("127.0.0.1", port))
    return None


def connect(target):
    """A new connection to it. Raises OSError when nobody takes the call."""
    family, address = target
    sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        sock.settimeout(0.05)  # a full queue is not waited for: who carries others must not stand still
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
