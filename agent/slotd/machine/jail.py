"""What a slot sees of the disk: its own home and no other, its own /tmp, its own processes.

A mount namespace of its own, made while still root. Nothing here follows a path that the customer can change: homes, tmp and
skeleton folders stand in root-owned folders, and what is mounted on is either root's or freshly made and private.
"""
import os

from slotd.machine import kernel

_SCRATCH = ("/tmp", "/var/tmp", "/dev/shm")


def _grip(path):
    """A descriptor that only names a folder; the last part must not be a link."""
    return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _bind(descriptor, target):
    kernel.mount(f"/proc/self/fd/{descriptor}", target, None, kernel.MS_BIND)


def _own_home(homes, home, skeleton):
    """Covers `homes` with a folder of root's that holds one name, this home: a prepared skeleton, or one made now."""
    own = None if home is None else _grip(home)
    if skeleton is not None:
        bare = _grip(skeleton)
        _bind(bare, homes)
        os.close(bare)
    else:
        kernel.mount("tmpfs", homes, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0711,size=64k")
        if own is not None:
            os.mkdir(home, 0o711)
    if own is not None:
        _bind(own, home)
        os.close(own)


def _inside(folder, kept):
    """What of a scratch folder must stay: the first level of the roots that stand in it (tests, a laptop)."""
    names = {path[len(folder) + 1 :].split("/")[0] for path in kept if path.startswith(folder + "/")}
    return [os.path.join(folder, name) for name in sorted(names)]


def _own_scratch(folder, tmp, kept):
    """Mounts the account's own tmp over one shared folder, or an empty one."""
    inside = [(path, _grip(path)) for path in _inside(folder, kept) if os.path.isdir(path)]
    if tmp is not None and not inside and folder != "/dev/shm":
        try:
            own = _grip(tmp)
        except FileNotFoundError:
            pass  # the account is only being made
        else:
            _bind(own, folder)
            os.close(own)
            return
    kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=1777,size=50%")
    for path, descriptor in inside:
        os.mkdir(path, 0o755)
        _bind(descriptor, path)
        os.close(descriptor)


def enter(homes, home, skeleton, tmp, kept=()):
    """Moves this process into its own view. `skeleton` is a root-owned folder holding an empty folder named as the home, or None."""
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_SLAVE)
    for folder in _SCRATCH:
        if os.path.isdir(folder) and not os.path.islink(folder):
            _own_scratch(folder, tmp, kept)
    if os.path.isdir(homes):
        _own_home(homes, home, skeleton)
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    try:
        kernel.mount("proc", "/proc", "proc", flags, "hidepid=invisible")
    except OSError:
        pass  # before Linux 5.8 hidepid is not per mount: processes of others stay visible, as in any shell


def make_skeleton(folder, home):
    """Makes the root-owned folder that later covers `homes`. Returns its path."""
    path = os.path.join(folder, os.path.basename(home))
    own = os.path.join(path, os.path.basename(home))
    if not os.path.isdir(own):
        os.makedirs(own, mode=0o755, exist_ok=True)
        os.chmod(path, 0o711)
    return path


def remove_skeleton(path):
    """Takes the skeleton of an account away, where it is empty."""
    for folder in (os.path.join(path, os.path.basename(path)), path):
        try:
            os.rmdir(folder)
        except OSError:
            pass
