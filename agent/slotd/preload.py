"""Finds what a zygote may load of a stack: `python3 -I -S -B preload.py <site-packages> <file to write>`, run by root at a stack's making.

What a zygote imports runs as root. So every candidate is imported first in throw-away processes that are nobody, without network:
kept is what imports cleanly, starts no thread or process, opens nothing and changes neither signals nor environment.
"""
import collections
import importlib
import json
import os
import re
import resource
import signal
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))
_AT_START = frozenset(sys.modules)
sys.path.append(os.path.dirname(_HERE))

from slotd.machine import drop, kernel  # noqa: E402
from slotd.preloading import plays  # noqa: E402

_NOBODY = 65_534
_CLONE_NEWNET = 0x40000000
_SECONDS = 60
_LARGEST = 4 << 20
_MOST = 4000
_ROUNDS, _PATIENCE = 40, 5
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
# They keep what they saw of the path when they were imported, which is not the app's.
_REMEMBERS = ("pkg_resources", "setuptools", "_distutils_hack")
_NEVER = re.compile(r"(^|\.)(tests?|testing|conftest|__main__|idlelib|lib2to3|turtle|antigravity|this)(\.|$)")


def _state():
    """What an import must leave as it was."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        children = file.read()
    handlers = tuple(signal.getsignal(number) for number in range(1, 32))
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), children, handlers, dict(os.environ), os.getcwd()


_WHAT = ("starts a thread", "leaves something open", "starts a process", "takes a signal", "changes the environment", "changes folder")


def _apart(act, packages):
    """Runs act() in a process that is nobody and can reach nobody, and returns what it gives."""
    ours, answer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            os.setsid()
            try:
                kernel.unshare(_CLONE_NEWNET)
            except OSError:
                pass  # a container may forbid it; nobody still has no rights
            os.chdir("/")
            resource.setrlimit(resource.RLIMIT_NPROC, (16, 16))
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
            signal.alarm(_SECONDS)
            drop.become(_NOBODY, _NOBODY)
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            sys.path[:] = [path for path in sys.path if path not in (_HERE, os.path.dirname(_HERE))] + [packages]
            me = os.getpid()
            data = json.dumps(act()).encode()
            while data and os.getpid() == me:
                data = data[os.write(answer, data) :]
        finally:
            os._exit(0)
    os.close(answer)
    data = b""
    while len(data) <= _LARGEST:
        piece = os.read(ours, 1 << 16)
        if not piece:
            break
        data += piece
    os.close(ours)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)
    try:
        return json.loads(data)
    except ValueError:
        return None


def _discover(seeds, packages):
    """All that the seeds and a small app of each framework load."""
    def act():
        for name in seeds:
            try:
                importlib.import_module(name)
            except BaseException:  # told by the trial below
                pass
        plays.all_that_can()
        return list(sys.modules)

    return _apart(act, packages) or []


def _trial(names, packages):
    """Imports them one after another, up to the first that does more than that. Returns {name: why not}."""
    def act():
        bad = {}
        before, me = _state(), os.getpid()
        for name in names:
            try:
                importlib.import_module(name)
            except BaseException as error:
                bad[name] = f"{type(error).__name__}: {error}"[:200]
            if os.getpid() != me:
                os._exit(0)  # the module forked; the other half of us tells of it
            after = _state()
            what = [text for text, one, other in zip(_WHAT, before, after) if one != other]
            what += [f"brings {other}" for other in _REMEMBERS if other in sys.modules]
            if what:
                return {**bad, name: ", ".join(what)}
        return bad

    return _apart(act, packages)


def _top(name):
    return name.partition(".")[0]


def choose(seeds, packages):
    """(the modules to load, in order; {module: why it is left out})."""
    found = _discover(seeds, packages)
    names = [name for name in dict.fromkeys([*seeds, *found]) if name not in _AT_START and not name.startswith("slotd")]
    names = [name for name in names if _NAME.fullmatch(name) and not _NEVER.search(name)][:_MOST]
    skipped, offences = {}, collections.Counter()
    for _ in range(_ROUNDS):
        bad = _trial(names, packages)
        if bad is None:
            raise SystemExit("preload: the trial of the modules came to nothing")
        skipped.update(bad)
        if not bad:
            return names, skipped
        # Once more without them: a later module may have leaned on what a failed one left behind. A package of many such goes whole.
        offences.update({_top(name) for name in bad})
        skipped.update({name: "belongs to what cannot be loaded" for name in names if name not in bad and offences[_top(name)] > _PATIENCE})
        names = [name for name in names if name not in skipped]
    raise SystemExit("preload: the modules of this stack cannot be loaded ahead")


def _seeds(packages):
    with open(os.path.join(_HERE, "stacks", "seeds.json"), encoding="utf-8") as file:
        known = json.load(file)
    seeds = []
    for like in ("bare.json", "django-5.2.json"):
        if (like == "bare.json") != os.path.isdir(os.path.join(packages, "django")):
            with open(os.path.join(_HERE, "stacks", like), encoding="utf-8") as file:
                seeds += json.load(file)["preload"]
    for entry in sorted(os.listdir(packages)):
        if entry.endswith(".dist-info"):
            name = re.sub(r"[-_.]+", "-", entry[:-10].rpartition("-")[0]).lower()
            seeds += known.get(name) or []
    return seeds


def main():
    """Writes the list."""
    packages, target = sys.argv[1:3]
    names, skipped = choose(_seeds(packages), packages)
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"preload": names, "skipped": skipped}, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    print(f"{len(names)} modules may be loaded ahead; {len(skipped)} may not, such as {', '.join(list(skipped)[:3]) or 'none'}")


if __name__ == "__main__":
    main()
