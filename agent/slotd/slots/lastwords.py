"""The one line of an app's errors that says why it ended: what people would look for at the end of the log."""
import os
import re

_TAIL = 16_384
_LINE = re.compile(r"^(\S+) ([OE]) (.*)$")
_ERROR = re.compile(r"^\s*(?:\[?\w*\]?\s*)?(?:[\w.]*(?:Error|Exception|Exit|Interrupt)\b(?: \[\w+\])?:|.*\b(?:error|fatal|cannot|can't|failed)\b)", re.IGNORECASE)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def telling(path, since):
    """The telling line among those that were written to this log since then; "" without one."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return ""
    with os.fdopen(descriptor, "rb") as file:
        file.seek(max(0, os.fstat(descriptor).st_size - _TAIL))
        lines = file.read(_TAIL).decode("utf-8", "replace").splitlines()
    said = {"O": [], "E": []}
    for line in lines:
        found = _LINE.match(line)
        if found and found[1] >= since and (text := _COLOURS.sub("", found[3]).strip()):
            said[found[2]].append(text)
    last = (said["E"] or said["O"])[-30:]
    named = [text for text in last if re.match(r"^[\w.]*(?:Error|Exception)\b(?: \[\w+\])?:", text)]
    loud = [text for text in last if _ERROR.match(text)]
    return (named or loud or last or [""])[-1][:300]
