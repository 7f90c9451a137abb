"""CPython installations that zygotes may run from: root's own, whole, and watched for package updates."""
import os
import re
import stat

HOST = "/usr/bin/python3"
_NAME = re.compile(r"^python(3\.\d+)$")


class Unsafe(ValueError):
    """This interpreter cannot be used; the message says why in one sentence."""


def library(python):
    """The folder of an interpreter's standard library, by where its program really stands."""
    real = os.path.realpath(python)
    match = _NAME.match(os.path.basename(real))
    if match is None:
        raise Unsafe(f"{python} must lead to a program named like python3.11, not {real}")
    return os.path.join(os.path.dirname(os.path.dirname(real)), "lib", f"python{match[1]}")


def _roots_own(path):
    """Nobody but root may change a path or put another thing in its place."""
    while True:
        info = os.stat(path)
        # In a folder like /tmp nobody can replace what is root's.
        sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
        if info.st_uid != 0 or (info.st_mode & 0o022 and not sticky):
            raise Unsafe(f"{path} must belong to root and be writable by root only")
        if path == "/":
            return
        path = os.path.dirname(path)


def check(python):
    """Raises Unsafe unless root alone decides what this interpreter runs, and everybody may run it."""
    try:
        for path in (os.path.realpath(python), os.path.realpath(library(python))):
            _roots_own(path)
        if not os.stat(python).st_mode & 0o001:
            raise Unsafe(f"everybody must be allowed to run {python}")
        os.stat(os.path.join(library(python), "os.py"))
    except OSError as error:
        raise Unsafe(f"{error.filename} cannot be used ({error.strerror})") from None


def stamp(python, *files):
    """What changes when the interpreter's own package, or one of some files, does."""
    try:
        folder = library(python)
    except Unsafe:
        folder = ""
    found = []
    for path in (python, folder, f"{folder}/os.py", *files):
        try:
            info = os.stat(path)
            found.append((info.st_ino, info.st_mtime_ns, info.st_size))
        except OSError:
            found.append(None)
    return tuple(found)
