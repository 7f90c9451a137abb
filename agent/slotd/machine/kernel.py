"""The few system calls that Python has no name for. Linux only; every failure raises OSError."""
import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)

MS_NOSUID, MS_NODEV, MS_NOEXEC = 2, 4, 8
MS_BIND, MS_REC, MS_PRIVATE, MS_SLAVE = 4096, 16384, 1 << 18, 1 << 19
CLONE_NEWNS = 0x00020000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
PR_CAPBSET_READ, PR_CAPBSET_DROP = 23, 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4

_MADV_POPULATE_WRITE = 23
RESOLVE_NO_MAGICLINKS, RESOLVE_BENEATH = 0x02, 0x08
_OPENAT2 = 437


def _check(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def mount(source, target, kind, flags, data=None):
    """mount(2)."""
    encode = lambda text: None if text is None else os.fsencode(text)
    _check(_libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)), f"mount on {target}")


def unshare(flags):
    """unshare(2)."""
    _check(_libc.unshare(ctypes.c_int(flags)), "unshare")


def prctl(option, first=0, second=0):
    """prctl(2) with up to two arguments."""
    return _check(_libc.prctl(option, first, second, 0, 0), f"prctl {option}")


def name_process(text):
    """Sets the name that ps and top show (15 bytes)."""
    buffer = ctypes.create_string_buffer(text.encode()[:15])
    _libc.prctl(PR_SET_NAME, ctypes.addressof(buffer), 0, 0, 0)


def trim_heap():
    """Gives what the C library keeps for later back to the kernel, where the C library can."""
    trim = getattr(_libc, "malloc_trim", None)
    if trim is not None:
        trim(0)


def populate(address, length):
    """Takes the write faults of a stretch of memory at once. False where the kernel cannot (before Linux 5.14)."""
    return _libc.madvise(address, length, _MADV_POPULATE_WRITE) == 0


def die_with_parent(parent):
    """Asks the kernel to end this process when `parent` dies; ends at once if it is dead already."""
    prctl(PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        os._exit(0)


class _OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def open_beneath(folder, path, flags):
    """openat2(2): opens a relative path that no link can lead out of `folder` (a descriptor)."""
    how = _OpenHow(flags | os.O_CLOEXEC, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
    number = _libc.syscall(_OPENAT2, folder, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
    return _check(number, path)
