"""Log files in folders that only root can reach: appended to, never larger than their cap, with one older generation."""
import os
import re
import sys
import time
from collections import OrderedDict

_OPEN = 256
# Everything below a blank but tab and ESC (colours are for the reader to show or not), DEL, and the C1 range.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1a\x1c-\x1f\x7f-\x9f]")
_second = [0, ""]


def stamp():
    """The time as the logs write it: 2026-11-20T10:00:00.123Z."""
    now = time.time()
    whole = int(now)
    if whole != _second[0]:
        _second[:] = whole, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole))
    return f"{_second[1]}.{int((now - whole) * 1000):03d}Z"


def clean(data):
    """One line of text without characters that could forge another."""
    return _CONTROL.sub("", data.decode("utf-8", "replace"))


def _say(text):
    try:
        print(f"logs: {text}", file=sys.stderr, flush=True)
    except OSError:
        pass  # that disk is full too


class _File:
    """One open log file."""

    def __init__(self, path):
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self.descriptor = os.open(path, flags, 0o600)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            self.descriptor = os.open(path, flags, 0o600)
        self.size = os.fstat(self.descriptor).st_size

    def close(self):
        """Closes it."""
        os.close(self.descriptor)


class Files:
    """The open log files, the least used closed first."""

    def __init__(self):
        self.open, self.lost = OrderedDict(), 0

    def append(self, path, most, lines):
        """Appends whole lines; a file that would grow beyond `most` becomes path.1 first. A full disk loses lines, not the process."""
        try:
            for start in range(0, len(lines), 256):
                self._append(path, most, "\n".join(lines[start : start + 256]).encode() + b"\n")
            if self.lost:
                _say(f"can write again; about {self.lost} lines are lost")
                self.lost = 0
        except OSError as error:
            if not self.lost:
                _say(f"cannot write {path}: {error.strerror}; what apps print is lost until there is room")
            self.lost += len(lines)
            self.forget(path)

    def _append(self, path, most, data):
        file = self.open.get(path)
        if file is None:
            file = self.open[path] = _File(path)
            if len(self.open) > _OPEN:
                self.open.popitem(last=False)[1].close()
        else:
            self.open.move_to_end(path)
        if file.size and file.size + len(data) > most:
            self.open.pop(path).close()
            os.replace(path, path + ".1")
            file = self.open[path] = _File(path)
        file.size += os.write(file.descriptor, data[:most])

    def forget(self, folder):
        """Closes a path, or everything below it."""
        for path in [path for path in self.open if path == folder or path.startswith(folder + "/")]:
            self.open.pop(path).close()
