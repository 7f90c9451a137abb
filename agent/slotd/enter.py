"""How root does anything as a customer: `/usr/bin/python3 -I -S agent/slotd/enter.py`, one JSON line on stdin.

Verbs: exec (become the customer and run a program; the exit status is the program's), home (file operations in the home),
look (what stands at paths), packages (what virtual environments hold), measure (how much a home holds). Everything happens after the drop: own session, own view of the
disk, control group, no groups, no capabilities, no way back; descriptors from 3 up are closed; ten seconds for all but exec.
"""
import errno
import json
import os
import signal
import sys
import time

if __name__ == "__main__":
    sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from slotd import homework
from slotd.machine import cgroup, drop, jail, kernel
from slotd.server.roots import Roots
from slotd.server.spec import FIRST_UID, LAST_UID

_LARGEST = 16 << 20
_SECONDS = 10
_COMMON = {"verb", "uid", "gid", "home", "homes", "tmp", "cgroup", "limits", "fresh", "openFiles"}
_VERBS = {"exec": {"cwd", "env", "argv"}, "home": {"ops"}, "look": {"paths"}, "packages": {"paths"}, "measure": set()}


class Wrong(ValueError):
    """The request is not right."""


def _need(condition, text):
    if not condition:
        raise Wrong(text)


def _absolute(path):
    return type(path) is str and path.startswith("/") and "\0" not in path and os.path.normpath(path) == path


def _read_request():
    data = b""
    while not data.endswith(b"\n") and len(data) <= _LARGEST:
        piece = os.read(0, 1 << 20)
        if not piece:
            break
        data += piece
    _need(len(data) <= _LARGEST, "the request is too long")
    request = json.loads(data)
    _need(type(request) is dict, "the request must be one JSON object")
    return request


def _check(request):
    verb = request.get("verb")
    _need(verb in _VERBS, f"the verb must be one of {', '.join(_VERBS)}")
    extra = set(request) - _COMMON - _VERBS[verb]
    missing = ({"uid", "gid", "home", "homes"} | _VERBS[verb]) - set(request)
    _need(not extra and not missing, f"fields: unknown {sorted(extra)}, missing {sorted(missing)}")
    for name in ("uid", "gid"):
        _need(type(request[name]) is int and FIRST_UID <= request[name] <= LAST_UID, f"{name} must be from {FIRST_UID} to {LAST_UID}")
    _need(_absolute(request["homes"]) and _absolute(request["home"]), "home and homes must be absolute paths")
    _need(os.path.dirname(request["home"]) == request["homes"] and request["homes"] != "/", "home must stand in homes")
    _need(request.get("tmp") is None or _absolute(request["tmp"]), "tmp must be null or an absolute path")
    if verb == "exec":
        env, argv = request["env"], request["argv"]
        _need(type(env) is dict and all(type(value) is str for value in env.values()), "env must be an object of strings")
        _need(type(argv) is list and argv and all(type(word) is str for word in argv), "argv must be a list of words")
        _need(_absolute(argv[0]), "the program must be an absolute path")
        _need(_absolute(request["cwd"]), "cwd must be an absolute path")
    return verb


def _enter_group(request):
    if request.get("cgroup") is None:
        return
    name, *parts = str(request["cgroup"]).split("/")
    _need(len(parts) == 2, "cgroup must be <our group>/<account>/<name>")
    trees = cgroup.Trees(name)
    group = trees.group(*parts)
    if request.get("fresh") and group.folders and os.path.isdir(group.folders[0]):
        for _ in range(500):
            if not group.pids():
                break
            group.kill()
            time.sleep(0.01)
    for _ in range(10):
        try:
            _go_in(trees, group, request.get("limits") or {}, parts[0] == cgroup.BUILDS)
            break
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV):
                raise
            # Another build tidied up between our making the group and our entering it.
    else:
        raise OSError("the control group was taken away again and again")


def _go_in(trees, group, limits, build):
    if build:
        trees.group(cgroup.BUILDS).make(cgroup.builds_limits())
    group.make(limits)
    for gate in group.gates():
        with open(gate, "w", encoding="ascii") as file:
            file.write("0")
    # Nobody is there when a build ends, so the next one takes away what the others left.
    for _, other in trees.left_over(cgroup.BUILDS) if build else ():
        if not trees.group(cgroup.BUILDS, other).pids():
            trees.group(cgroup.BUILDS, other).remove_if_empty()


def _confine(request, roots):
    """Everything that needs root, ending with root given up."""
    parent = os.getppid()
    os.closerange(3, 1 << 20)
    try:
        os.setsid()
    except PermissionError:
        pass  # the caller made us a session already
    _enter_group(request)
    kept = [request["homes"], *([request["tmp"]] if request.get("tmp") else []), *roots.kept()]
    own = os.path.isdir(request["home"]) and not os.path.islink(request["home"])
    jail.enter(request["homes"], request["home"] if own else None, None, request.get("tmp"), kept)
    os.chdir("/")
    drop.reset_signals(every=True)
    drop.limits(request.get("openFiles"))
    drop.become(request["uid"], request["gid"])
    # After the drop, which clears it.
    kernel.die_with_parent(parent)


def _exec(request):
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    os.closerange(3, 1 << 20)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.chdir(request["cwd"])
        os.execve(request["argv"][0], request["argv"], request["env"])
    except OSError as error:
        print(f"{error.filename or request['argv'][0]}: {error.strerror}", file=sys.stderr)
        os._exit(127 if error.errno == 2 else 126)


def _tell(answer):
    sys.stdout.write(json.dumps(answer, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def main():
    """Reads the request, becomes the customer, does it."""
    verb = None
    try:
        request = _read_request()
        verb = _check(request)
        if verb != "exec":
            signal.alarm(_SECONDS)
        _confine(request, Roots())
        if verb == "exec":
            _exec(request)
        _tell(homework.do(verb, request))
        os._exit(0)  # all is said: taking the interpreter apart would only keep the asker waiting
    except Exception as error:
        if verb == "exec":
            print(f"enter: {type(error).__name__}: {error}", file=sys.stderr)
        else:
            path = getattr(error, "filename", None)
            _tell({"ok": False, "error": f"{error}"[:1900], **({"path": path[:4000]} if type(path) is str else {})})
        sys.exit(125)


if __name__ == "__main__":
    main()
