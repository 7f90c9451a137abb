"""File operations inside a home, by a process that already is the customer. Links that lead out of the home are not followed."""
import errno
import os
import stat

try:  # hashlib would load OpenSSL, which costs more than the rest of this program
    from _sha2 import sha256
except ImportError:  # before Python 3.12
    from _sha256 import sha256

from slotd.machine import kernel
from slotd.server import installed

_LARGEST_DIGEST = 1 << 20


class Refused(OSError):
    """An operation that is not done; `filename` is the path asked for."""

    def __init__(self, path, why):
        super().__init__(errno.EPERM, why, path)

    def __str__(self):
        return self.strerror


class Home:
    """The home as a descriptor: every path is walked from it."""

    def __init__(self, path):
        self.path = path
        self.descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    def split(self, path):
        """(the folder part relative to the home, the last part). The home itself has no last part."""
        if type(path) is not str or "\0" in path or os.path.normpath(path) != path:
            raise Refused(str(path), "the path is not plain")
        if path != self.path and not path.startswith(self.path + "/"):
            raise Refused(path, "the path is outside the home")
        folder, _, last = path[len(self.path) + 1 :].rpartition("/")
        return folder or ".", last

    def folder(self, path):
        """(a descriptor of the path's folder, the last part). Relative links that stay in the home may be on the way."""
        folder, last = self.split(path)
        try:
            return kernel.open_beneath(self.descriptor, folder, os.O_PATH | os.O_DIRECTORY), last
        except OSError as error:
            if error.errno == errno.ENOSYS:
                return self._walk(folder), last
            if error.errno in (errno.EXDEV, errno.ELOOP):
                raise Refused(path, "a link on the way leads out of the home") from None
            raise OSError(error.errno, os.strerror(error.errno), path) from None

    def _walk(self, folder):
        """Before Linux 5.6: no links at all."""
        at = os.dup(self.descriptor)
        for part in folder.split("/"):
            below = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
        return at


def _kind(mode):
    for test, name in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link")):
        if test(mode):
            return name
    return "other"


def _make_folder(at, name, op):
    if not name:
        return
    try:
        os.mkdir(name, op["mode"], dir_fd=at)
    except FileExistsError:
        if not stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            raise
    made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    os.fchmod(made, op["mode"])
    os.close(made)


def _replace(at, name, make):
    """Makes something under a fresh name, then renames it into place: readers see the old or the new, never half."""
    fresh = f".{name[:100]}.{os.urandom(6).hex()}"
    try:
        make(fresh)
        os.rename(fresh, name, src_dir_fd=at, dst_dir_fd=at)
    except BaseException:
        try:
            os.unlink(fresh, dir_fd=at)
        except OSError:
            pass
        raise


def _write_file(at, name, op):
    def make(fresh):
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(fresh, flags, 0o600, dir_fd=at), "wb") as file:
            file.write(op["text"].encode())
            file.flush()
            os.fchmod(file.fileno(), op["mode"])
            os.fsync(file.fileno())

    _replace(at, name, make)


def _make_link(at, name, op):
    if "\0" in op["target"]:
        raise Refused(op["path"], "the target is not plain")
    _replace(at, name, lambda fresh: os.symlink(op["target"], fresh, dir_fd=at))


def _empty(at, name, op):
    folder = os.open(name or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
    try:
        for entry in os.listdir(folder):
            _remove(folder, entry, op)
    finally:
        os.close(folder)


def _run(*argv):
    null = [(os.POSIX_SPAWN_OPEN, number, "/dev/null", os.O_RDWR, 0) for number in (0, 1, 2)]
    return os.waitpid(os.posix_spawn(argv[0], argv, {"LANG": "C"}, file_actions=null), 0)[1]


def _remove(at, name, op):
    if not name:
        raise Refused(op["path"], "the home itself is not removed here")
    try:
        info = os.stat(name, dir_fd=at, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(info.st_mode):
        os.unlink(name, dir_fd=at)
        return
    # A tree may be deeper than Python's stack, and a customer may have taken rights from himself.
    os.fchdir(at)
    if _run("/bin/rm", "-rf", "--one-file-system", "--", f"./{name}"):
        _run("/bin/chmod", "-R", "u+rwx", "--", f"./{name}")
        if _run("/bin/rm", "-rf", "--one-file-system", "--", f"./{name}"):
            raise Refused(op["path"], "not everything in it could be removed")


_OPS = {
    "folder": (_make_folder, {"path": str, "mode": int}), "file": (_write_file, {"path": str, "mode": int, "text": str}),
    "link": (_make_link, {"path": str, "target": str}), "remove": (_remove, {"path": str}),
    "empty": (_empty, {"path": str}),
}


def _operate(home, op):
    act, _ = _OPS[op["op"]]
    try:
        at, name = home.folder(op["path"])
    except FileNotFoundError:
        if op["op"] in ("remove", "empty"):
            return
        raise
    try:
        if not name and op["op"] in ("file", "link"):
            raise Refused(op["path"], "the home itself cannot be replaced")
        act(at, name, op)
        if op["op"] != "folder":
            real = os.open(f"/proc/self/fd/{at}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            os.fsync(real)
            os.close(real)
    except OSError as error:
        error.filename = op["path"]
        raise
    finally:
        os.close(at)


def _check_op(op):
    if type(op) is not dict or op.get("op") not in _OPS:
        raise Refused(None, "an op is one of folder, file, link, remove, empty")
    _, fields = _OPS[op["op"]]
    if set(op) != set(fields) | {"op"} or any(type(op[name]) is not kind for name, kind in fields.items()):
        raise Refused(op.get("path"), f"an op {op['op']} has exactly {', '.join(fields)}")
    if "mode" in fields and not 0 <= op["mode"] <= 0o777:
        raise Refused(op["path"], "the mode is out of bounds")


def _look(home, path):
    try:
        at, name = home.folder(path)
        info = os.stat(name or ".", dir_fd=at, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None
    entry = {"kind": _kind(info.st_mode), "mode": stat.S_IMODE(info.st_mode)}
    try:
        if entry["kind"] == "link":
            entry["target"] = os.readlink(name, dir_fd=at)
        elif entry["kind"] == "file" and info.st_size <= _LARGEST_DIGEST:
            with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at), "rb") as file:
                entry["digest"] = sha256(file.read(_LARGEST_DIGEST + 1)).hexdigest()
    except OSError:
        pass  # changed or unreadable meanwhile: what was seen stays true
    finally:
        os.close(at)
    return entry


def _measure(path):
    size, seen, count, pending = 0, set(), 0, [path]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    info = entry.stat(follow_symlinks=False)
                    if (info.st_dev, info.st_ino) in seen:
                        continue
                    if info.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
                        seen.add((info.st_dev, info.st_ino))
                    count += 1
                    size += info.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue
    return {"ok": True, "bytes": size, "inodes": count}


def do(verb, request):
    """Carries out home, look, packages or measure and returns the answer."""
    if verb == "look":
        try:
            home = Home(request["home"])
        except FileNotFoundError:
            return {"ok": True, "entries": {path: None for path in request["paths"]}}
        return {"ok": True, "entries": {path: _look(home, path) for path in request["paths"]}}
    if verb == "packages":
        home = Home(request["home"])
        return {"ok": True, "packages": {path: installed.packages(home, path) for path in request["paths"]}}
    if verb == "measure":
        return _measure(request["home"])
    for op in request["ops"]:
        _check_op(op)
    for op in request["ops"]:
        # The account's own /tmp is emptied before the account goes.
        tmp = request.get("tmp") == op["path"] and op["op"] == "empty"
        _operate(Home(op["path"] if tmp else request["home"]), op)
    return {"ok": True}
