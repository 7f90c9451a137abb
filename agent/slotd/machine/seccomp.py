"""A filter of system calls for what runs as a customer. It does three things.

Nobody may make others wait who close a socket of his. A descriptor can be sent to whoever reads from the same socket: nginx, slotd.
Closing a TCP socket with SO_LINGER then holds up the reader, for as long as the sender likes. So setting SO_LINGER does nothing.

Nobody becomes root of a user namespace of his own. There he could mount, set up networks and reach much of the kernel that only root
reaches otherwise: most of its faults that give a user the machine were found there. Programs that like to have one do without.

What goes around this filter does not exist: io_uring, clone3 (its flags lie in memory, where no filter can read; the C library
then takes clone), and the machine's second set of system calls.
"""
import ctypes
import errno
import os
import struct

from slotd.machine import kernel

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_SOL_SOCKET, _SO_LINGER = 1, 13
_IO_URING_SETUP, _CLONE3, _X32 = 425, 435, 0x40000000
_NEWUSER = 0x10000000
# The machine's own AUDIT_ARCH and its numbers of setsockopt, clone and unshare.
_MACHINES = {"x86_64": (0xC000003E, 54, 56, 272), "aarch64": (0xC00000B7, 208, 220, 97)}
_LOAD, _EQUAL, _FROM, _HAS, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def _program(arch, setsockopt, clone, unshare):
    """struct sock_filter[]: (code, jump if so, jump if not, k). struct seccomp_data has nr at 0, arch at 4, the arguments from 16.

    Jumps go by the names of lines, so that a line more does not change all numbers.
    """
    lines = (
        ("", _LOAD, "", "", 4), ("", _EQUAL, "", "missing", arch),
        ("", _LOAD, "", "", 0), ("", _EQUAL, "missing", "", _IO_URING_SETUP), ("", _EQUAL, "missing", "", _CLONE3),
        ("", _FROM, "missing", "", _X32), ("", _EQUAL, "namespaces", "", clone), ("", _EQUAL, "namespaces", "", unshare),
        ("", _EQUAL, "", "allowed", setsockopt),
        ("", _LOAD, "", "", 24), ("", _EQUAL, "", "allowed", _SOL_SOCKET),
        ("", _LOAD, "", "", 32), ("", _EQUAL, "nothing", "allowed", _SO_LINGER),
        ("namespaces", _LOAD, "", "", 16), ("", _HAS, "refused", "allowed", _NEWUSER),
        ("allowed", _ANSWER, "", "", _ALLOW), ("missing", _ANSWER, "", "", _ERRNO | errno.ENOSYS),
        ("refused", _ANSWER, "", "", _ERRNO | errno.EPERM), ("nothing", _ANSWER, "", "", _ERRNO),
    )
    place = {line[0]: at for at, line in enumerate(lines) if line[0]}
    jump = lambda at, name: place[name] - at - 1 if name else 0
    return [(code, jump(at, so), jump(at, no), k) for at, (_, code, so, no, k) in enumerate(lines)]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _pack():
    known = _MACHINES.get(os.uname().machine)
    return known and b"".join(struct.pack("=HBBI", *line) for line in _program(*known))


_PACKED = _pack()


def confine():
    """From now on, for this process and all it starts. Needs no_new_privs."""
    if not _PACKED:
        return
    lines = ctypes.create_string_buffer(_PACKED, len(_PACKED))
    program = _Program(len(_PACKED) // 8, ctypes.addressof(lines))
    try:
        kernel.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(program))
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        # A kernel built without filters.
