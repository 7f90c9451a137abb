"""nginx's access log, split by site: the first word of a line is the host, and the host's link leads to the slot."""
import os
import re

from slotd.log.logfile import clean, stamp

_HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")
_SLOT = re.compile(r"/slots/([a-z][a-z0-9]{2,15})\.([a-z][a-z0-9-]{0,30})\.sock$")
ORDINARY = 4 << 20  # how large a log may grow unless its spec says otherwise
_TURN = 256


class Access:
    """The datagram socket nginx sends to."""

    def __init__(self, loop, files, sock, sites, logs):
        self.files, self.sock, self.sites, self.logs = files, sock, sites, logs
        self.caps = {}
        sock.setblocking(False)
        loop.watch(sock.fileno(), self.turn)

    def folder(self, name):
        """The log folder of a slot."""
        account, app = name.split(".", 1)
        return f"{self.logs}/{account}/{app}"

    def _slot(self, host):
        if not _HOST.match(host) or ".." in host:
            return None
        try:
            match = _SLOT.search(os.readlink(f"{self.sites}/{host}"))
        except OSError:
            return None
        return f"{match[1]}.{match[2]}" if match else None

    def turn(self, _=0):
        """Reads a bounded number of lines and writes them, file by file."""
        found, slots = {}, {}
        for _ in range(_TURN):
            try:
                data = self.sock.recv(16_384)
            except OSError:
                break
            head, mark, line = data.partition(b" nginx: ")
            host, blank, rest = clean(line).partition(" ")
            if not mark or not blank:
                continue
            if host not in slots:
                slots[host] = self._slot(host)
            if slots[host] is not None:
                found.setdefault(slots[host], []).append(f"{stamp()} {rest}")
        for name, lines in found.items():
            self.files.append(f"{self.folder(name)}/access.log", self.caps.get(name, ORDINARY), lines)
