"""Disk quotas of file systems that have them: `/usr/bin/python3 -I -S quota.py`, one JSON line on stdin, one on stdout. Root only.

{"path", "uid"} answers {"ok", "quota": null} where the file system below the path has no user quota, else what the uid holds and
may hold: {"bytes", "inodes", "mostBytes", "mostInodes"} (0 is no limit). With "mostBytes" and "mostInodes" those are set first.
The kernel's generic calls serve ext4 and XFS alike. The path is root's own; only the mount it stands on is looked at.
"""
import ctypes
import errno
import json
import os
import struct
import sys

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from slotd.server.spec import FIRST_UID, LAST_UID

_USER, _GET, _SET = 0, 0x800007, 0x800008
# struct if_dqblk: blocks hard and soft, bytes now, inodes hard, soft and now, two times, which of them are valid.
_BLOCK, _LIMITS_VALID, _KIB = struct.Struct("=8QI4x"), 1 | 4, 1024
_NONE = (errno.ESRCH, errno.ENOSYS, errno.EINVAL, errno.ENOTBLK, errno.ENODEV, errno.ENOENT, errno.EOPNOTSUPP)


def device_of(path, mounts="/proc/self/mountinfo"):
    """The device of the mount a path stands on, or None."""
    best = (-1, None)
    with open(mounts, encoding="utf-8", errors="replace") as file:
        for line in file:
            left, _, right = line.partition(" - ")
            point = left.split()[4]
            if (path + "/").startswith(point.rstrip("/") + "/") and len(point) >= best[0]:
                best = (len(point), right.split()[1])
    return best[1] if best[1] and best[1].startswith("/dev/") else None


def _call(command, device, uid, buffer):
    libc = ctypes.CDLL(None, use_errno=True)
    number = command << 8 | _USER
    if libc.quotactl(ctypes.c_int(number - (1 << 32) if number >= 1 << 31 else number), os.fsencode(device), uid, buffer) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def get(device, uid):
    """What a uid holds and may hold, or None where nothing is enforced."""
    buffer = ctypes.create_string_buffer(_BLOCK.size)
    try:
        _call(_GET, device, uid, buffer)
    except OSError as error:
        if error.errno in _NONE:
            return None
        raise
    hard, _, now, most, _, inodes, _, _, _ = _BLOCK.unpack(buffer.raw)
    return {"bytes": now, "inodes": inodes, "mostBytes": hard * _KIB, "mostInodes": most}


def put(device, uid, size, inodes):
    """Sets what a uid may hold; there is no soft limit, whose grace would end when nobody expects it."""
    blocks = -(-size // _KIB)
    _call(_SET, device, uid, ctypes.create_string_buffer(_BLOCK.pack(blocks, blocks, 0, inodes, inodes, 0, 0, 0, _LIMITS_VALID), _BLOCK.size))


def answer(request):
    """Does what one request asks."""
    whole = lambda value, low, high: type(value) is int and low <= value <= high
    if type(request) is not dict or not set(request) <= {"path", "uid", "mostBytes", "mostInodes"}:
        raise ValueError("a request has path, uid, mostBytes and mostInodes")
    path, uid = request["path"], request["uid"]
    if type(path) is not str or os.path.normpath(path) != path or not path.startswith("/"):
        raise ValueError("path must be absolute and plain")
    if not whole(uid, FIRST_UID, LAST_UID):
        raise ValueError(f"uid must be from {FIRST_UID} to {LAST_UID}")
    device = device_of(os.path.realpath(path))
    if device is None or get(device, uid) is None:
        return {"ok": True, "quota": None}
    if "mostBytes" in request:
        size, inodes = request["mostBytes"], request["mostInodes"]
        if not whole(size, 0, 1 << 60) or not whole(inodes, 0, 1 << 40):
            raise ValueError("mostBytes and mostInodes must be whole numbers")
        put(device, uid, size, inodes)
    return {"ok": True, "quota": get(device, uid)}


if __name__ == "__main__":
    try:
        said = answer(json.loads(sys.stdin.readline(65_536)))
    except (OSError, ValueError, KeyError) as error:
        said = {"ok": False, "error": str(error) or type(error).__name__}
    print(json.dumps(said, separators=(",", ":")))
