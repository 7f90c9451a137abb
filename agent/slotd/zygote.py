"""A zygote: a single-threaded interpreter with modules loaded and nothing else, which forks blank children for slotd.

Started as `python3 -I -S -B -u zygote.py <slotd's pid> <preload file> <site-packages or ->` with its control socket as
descriptor 3. slotd sends b"fork", or b"calm" for a child that may wait long; the answer is {"child": pid} with the slotd end of the child's own socket pair. Children are
forked twice, so that slotd (a subreaper) is their parent. No tenant datum ever enters this process: what a child must know
arrives over the child's own socket, after the fork.
"""
import sys

_AT_START = frozenset(sys.modules)

import gc
import importlib
import importlib.util
import json
import os
import socket

_HERE = os.path.dirname(os.path.abspath(__file__))
_STANDARD_PATH = tuple(sys.path[1:] if sys.path and sys.path[0] == _HERE else sys.path)
sys.path.append(os.path.dirname(_HERE))

from slotd.apps import child  # noqa: E402
from slotd.machine import kernel, wire  # noqa: E402
from slotd.preloading import rehearse, warm  # noqa: E402


def _safe_tree(folder):
    """Root's own code only: nobody else may write there."""
    for path in (folder, os.path.dirname(folder)):
        info = os.stat(path, follow_symlinks=False)
        if info.st_uid != 0 or info.st_mode & 0o022:
            raise PermissionError(f"{path} must belong to root and be writable by root only")


def _preload(names):
    """Imports an allow-list. What cannot be imported is told, not fatal."""
    failed = []
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:  # a module may do anything at import; the zygote must live
            failed.append(f"{name}: {type(error).__name__}: {error}"[:200])
    return failed


def _fork_blank(control, facts, calm):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wire.refuse_descriptors(theirs)
    middle = os.fork()
    if middle == 0:
        try:
            pid = os.fork()
            if pid == 0:
                control.close()
                theirs.close()
                child.run(ours, facts, calm)
            wire.send(control, {"child": pid}, [theirs.fileno()])
        finally:
            os._exit(0)
    ours.close()
    theirs.close()
    os.waitpid(middle, 0)


def _load(preload_file, packages):
    with open(preload_file, encoding="utf-8") as file:
        stack = json.load(file)
    if packages != "-":
        _safe_tree(packages)
        sys.path.append(packages)
    if stack["preload"] is None:  # found out for this very stack, by preload.py
        with open(os.path.join(os.path.dirname(preload_file), "preload.json"), encoding="utf-8") as file:
            stack["preload"] = json.load(file)["preload"]
    failed = _preload(stack["preload"])
    failed += warm.everything()
    if packages != "-":
        sys.path.remove(packages)
    return stack.get("packages") or {}, failed


def _with_packages(packages, act):
    """Runs something with the stack on the path, as it will be for a worker."""
    if packages != "-":
        sys.path.append(packages)
    try:
        return act()
    finally:
        if packages != "-":
            sys.path.remove(packages)
        sys.path_importer_cache.pop(packages, None)


def _start_plain(why):
    """What cannot be taken back must not be there: this program anew, without the practice."""
    print(f"zygote: {why}; starting without it", file=sys.stderr, flush=True)
    os.set_inheritable(3, True)
    os.execv("/proc/self/exe", [*sys.orig_argv, "plain"])


def main():
    """Loads, freezes and serves until slotd goes away."""
    slotd, preload_file, packages = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    kernel.die_with_parent(slotd)
    kernel.name_process("berth-zygote")
    control = socket.socket(fileno=3)
    os.set_inheritable(3, False)
    wanted, failed = _load(preload_file, packages)
    shelf = None
    if sys.argv[4:] != ["plain"]:
        shelf, why = _with_packages(packages, rehearse.practise)
        if why is not None:
            _start_plain(why)
    if len(os.listdir("/proc/self/task")) != 1:
        wire.send(control, {"broken": "a preloaded module started a thread"})
        return
    importlib.invalidate_caches()
    importlib.util.find_spec("berth_no_such_module")  # reads the standard library's folders: a child only looks at their times
    gc.collect()
    kernel.trim_heap()
    gc.disable()
    gc.freeze()
    touched = _with_packages(packages, lambda: rehearse.pages(shelf))
    ours = tuple(name for name in sys.modules if name == "slotd" or name.startswith("slotd."))
    facts = child.Facts(at_start=_AT_START, path=_STANDARD_PATH, packages=wanted, touched=touched, shelf=shelf, ours=ours)
    wire.send(control, {"ready": True, "modules": len(sys.modules), "failed": failed[:20], "early": sum(facts.touched[1::2])})
    while True:
        order = control.recv(64)
        if not order:
            return
        if order in (b"fork", b"calm"):
            _fork_blank(control, facts, order == b"calm")


if __name__ == "__main__":
    main()
