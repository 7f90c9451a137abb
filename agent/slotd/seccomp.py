"""A filter of system calls for what runs as a customer: nobody may make others wait who close a socket of his.

A descriptor can be sent to whoever reads from the same socket: nginx, slotd. Closing a TCP socket with SO_LINGER then holds up the
reader, for as long as the sender likes. So setting SO_LINGER does nothing here; what goes around this filter does not exist:
io_uring, and the machine's second set of system calls.
"""
import ctypes
import errno
import os
import struct

from slotd import kernel

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_SOL_SOCKET, _SO_LINGER = 1, 13
_IO_URING_SETUP, _X32 = 425, 0x40000000
# The machine's own AUDIT_ARCH and its number of setsockopt.
_MACHINES = {"x86_64": (0xC000003E, 54), "aarch64": (0xC00000B7, 208)}
_LOAD, _EQUAL, _FROM, _ANSWER = 0x20, 0x15, 0x35, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def _program(arch, setsockopt):
    """struct sock_filter[]: (code, jump if so, jump if not, k). struct seccomp_data has nr at 0, arch at 4, the arguments from 16."""
    return (
        (_LOAD, 0, 0, 4), (_EQUAL, 0, 9, arch),
        (_LOAD, 0, 0, 0), (_EQUAL, 7, 0, _IO_URING_SETUP), (_FROM, 6, 0, _X32), (_EQUAL, 0, 4, setsockopt),
        (_LOAD, 0, 0, 24), (_EQUAL, 0, 2, _SOL_SOCKET),
        (_LOAD, 0, 0, 32), (_EQUAL, 2, 0, _SO_LINGER),
        (_ANSWER, 0, 0, _ALLOW), (_ANSWER, 0, 0, _ERRNO | errno.ENOSYS), (_ANSWER, 0, 0, _ERRNO),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _pack():
    known = _MACHINES.get(os.uname().machine)
    return known and b"".join(struct.pack("=HBBI", *line) for line in _program(*known))


_PACKED = _pack()


def forbid_lingering():
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
