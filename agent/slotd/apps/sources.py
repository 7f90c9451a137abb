"""What an app was loaded from: the files and folders to look at before each request in mode per-request."""
import os
import sys
import time

MOST = 4000
_CLOCK_STEP = 20_000_000  # a file's times come from a clock that moves in steps of a few milliseconds
_CODE = (".py", ".pyc", ".so")


def _stamp(path):
    try:
        info = os.stat(path)
    except OSError:
        return None
    return info.st_mtime_ns, info.st_ctime_ns, info.st_size, info.st_ino


def _names(folder):
    """What an import could find in a folder. Data that an app writes beside its code, and caches, do not count."""
    try:
        with os.scandir(folder) as entries:
            return {
                entry.name for entry in entries
                if entry.name.endswith(_CODE) or (entry.name != "__pycache__" and entry.is_dir())
            }
    except OSError:
        return None


class Sources:
    """The files of the modules loaded from below one folder, and the folders they stand in, as they were."""

    def __init__(self, root, venv, since):
        """`since` is when loading began (ns): what was written later may be newer than what was loaded."""
        self.files, self.folders, self.doubtful = {}, {}, False
        inside, packages = root + "/", (venv or root + "/.venv") + "/"
        loaded = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
        for path in sorted(path for path in loaded if isinstance(path, str) and path.startswith(inside)):
            self._add(path, since)
            if not path.startswith(packages):
                self._add_folder(os.path.dirname(path))
        self._add_folder(root)
        for path in (root + "/.env", root + "/tmp/restart.txt"):
            self.files[path] = _stamp(path)
        self.many = len(self.files) > MOST

    def _add(self, path, since):
        self.files[path] = stamp = _stamp(path)
        if stamp is None or max(stamp[:2]) > since - _CLOCK_STEP:
            self.doubtful = True

    def _add_folder(self, folder):
        if folder not in self.folders:
            self.folders[folder] = _stamp(folder), _names(folder)

    def changed(self, served):
        """Whether the code on disk may be other than the loaded. With too many files to look at it is, after every request."""
        # A doubtful load still answers one request, or an app that writes its own code while it loads would never answer.
        if served and (self.doubtful or self.many):
            return True
        if self.many:
            return False
        if any(_stamp(path) != stamp for path, stamp in self.files.items()):
            return True
        for folder, (stamp, names) in self.folders.items():
            now = _stamp(folder)
            if now != stamp:
                if _names(folder) != names:
                    return True
                self.folders[folder] = now, names
        return False


def now():
    """The time that files are stamped with."""
    return time.time_ns()
