"""What a slot sees of the disk: its own home and no other, its own /tmp, its own processes.

A mount namespace of its own, made while still root. Nothing here follows a path that the customer can change: homes, tmp and
skeleton folders stand in root-owned folders, and what is mounted on is either root's or freshly made and private.
"""
import os

from slotd import kernel

_SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")


def _below(path, folder):
    return path == folder or path.startswith(folder + "/")


def _grip(path):
    """A descriptor that only names a folder; the last part must not be a link."""
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _bind(descriptor, target):
    kernel.mount(f"/proc/self/fd/{descriptor}", target, None, kernel.MS_BIND)


def _own_home(homes, home, skeleton):
    """Covers `homes` with a root-owned folder that holds one name: this home."""
    own = _grip(home)
    bare = _grip(skeleton)
    _bind(bare, homes)
    _bind(own, home)
    os.close(own)
    os.close(bare)


def _own_scratch(folder, tmp, kept):
    """Mounts the account's own tmp over one shared folder. `kept` are roots that stand inside it (tests, a laptop)."""
    inside = [(path, _grip(path)) for path in kept if _below(path, folder)]
    if tmp is not None and not inside and folder != "/dev/shm":
        own = _grip(tmp)
        _bind(own, folder)
        os.close(own)
        return
    kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777,size=50%")
    for path, descriptor in inside:
        os.makedirs(path, mode=0o755, exist_ok=True)
        _bind(descriptor, path)
        os.close(descriptor)


def enter(homes, home, skeleton, tmp, kept=()):
    """Moves this process into its own view. `skeleton` is a root-owned folder holding an empty folder named as the home."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    own_tmp = tmp
    for folder in _SCRATCH:
        if os.path.isdir(folder) and not os.path.islink(folder):
            _own_scratch(folder, own_tmp, kept)
    if homes and home:
        _own_home(homes, home, skeleton)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    try:
        kernel.mount("proc", "/proc", "proc", flags, "hidepid=invisible")
    except OSError:
        pass  # before Linux 5.8 hidepid is not per mount: processes of others stay visible, as in any shell


def make_skeleton(folder, home):
    """Makes the root-owned folder that later covers `homes`. Returns its path."""
    path = os.path.join(folder, os.path.basename(home))
    os.makedirs(os.path.join(path, os.path.basename(home)), mode=0o755, exist_ok=True)
    os.chmod(path, 0o711)
    return path
