"""A worker's way from the fork to the customer's code: descriptors, cgroup, jail, drop; only then its own configuration."""
import fcntl
import json
import os
import socket
import sys
import time
import types
from collections import namedtuple

from slotd.apps import cgi, command, php, serve, sources, venv, worker
from slotd.machine import drop, jail, kernel, wire
from slotd.preloading import rehearse

# What every child of one zygote knows: modules of a bare interpreter, the standard library's path, the stack's versions,
# the pages that a worker will write to, the modules that stand ready, and the names of our own: to look through all modules would
# write to the page of each name.
Facts = namedtuple("Facts", "at_start path packages touched shelf ours")

LISTENER, STATUS = 3, 4
FAILED, MISMATCH, BROKEN = 75, 76, 77


class _Status:
    """The worker's end of its socket to slotd."""

    def __init__(self, sock):
        self.sock = sock

    def tell(self, message, wait=True):
        """Sends one message; False when slotd does not take it now, or is gone."""
        try:
            wire.send(self.sock, message, flags=0 if wait else socket.MSG_DONTWAIT)
            return True
        except OSError:
            return False


def _settle_descriptors(sock, given):
    """0 nothing, 1 and 2 the log, 3 the listening socket (nothing, where there is none), 4 slotd; every other descriptor is closed."""
    null = os.open("/dev/null", os.O_RDONLY)
    listener, out, error = given if len(given) == 3 else (null, *given)
    spare = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, 16) for number in (listener, out, error, sock.detach())]
    for source, target in ((null, 0), (spare[1], 1), (spare[2], 2), (spare[0], LISTENER), (spare[3], STATUS)):
        os.dup2(source, target, inheritable=target < LISTENER)
    os.closerange(STATUS + 1, 1 << 20)
    return socket.socket(fileno=LISTENER) if len(given) == 3 else None, _Status(socket.socket(fileno=STATUS))


def _confine(orders):
    """Everything that needs root, ending with root given up."""
    spec = orders["spec"]
    for gate in orders["gates"]:
        descriptor = os.open(gate, os.O_WRONLY | os.O_CLOEXEC)
        os.write(descriptor, b"0")
        os.close(descriptor)
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("200")
    os.setsid()
    jail.enter(orders["homes"], spec["home"], orders["skeleton"], spec["tmp"], orders["kept"])
    os.chdir("/")
    drop.reset_signals()
    drop.limits(spec["limits"]["openFiles"])
    os.fchown(1, spec["uid"], spec["gid"])
    os.fchown(2, spec["uid"], spec["gid"])
    drop.become(spec["uid"], spec["gid"])


def _configure(path):
    """Reads the slot's environment, as the customer."""
    with open(path, encoding="utf-8") as file:
        wanted = json.load(file)
    if type(wanted) is not dict or any(type(value) is not str for value in wanted.values()):
        raise ValueError("the environment file must be one JSON object of strings")
    os.environ.clear()
    os.environ.update(wanted)
    if "TZ" in wanted:
        time.tzset()


def _forget_ourselves(facts, root):
    """Makes room for the customer's names: ours, and those of preloaded modules that the app's own folder overrules."""
    worker.hold([sys.modules.pop(name) for name in facts.ours])
    sys.modules["__main__"] = types.ModuleType("__main__")
    sys.argv = [""]
    for name in venv.own_names(root):
        if name in sys.modules and name not in facts.at_start:
            for loaded in [found for found in sys.modules if found == name or found.startswith(name + ".")]:
                del sys.modules[loaded]


def _run_app(spec, status, listener, facts, library):
    """Turns the blank interpreter into the venv's python and serves."""
    root, place = os.path.realpath(spec["root"]), spec["venv"] and os.path.realpath(spec["venv"])
    different = venv.difference(place, facts.packages) if facts.packages else None
    if different:
        status.tell({"mismatch": different})
        os._exit(MISMATCH)
    each = spec["mode"] == "per-request"
    # Compiled files know their source by its size and the second it was written: too coarse for code that is live at once.
    sys.dont_write_bytecode = each
    spec["loading"] = sources.now()
    sys.path[:] = facts.path
    _forget_ourselves(facts, root)
    venv.activate(place)
    if facts.shelf is not None:
        sys.meta_path.insert(0, facts.shelf)
    os.chdir(root)
    sys.path.insert(0, root)
    if spec["kind"] == "asgi":
        sys.path.append(library)  # last, so that what the app brings itself comes first
    serve.run(spec, status, listener)


def run(sock, facts, calm):
    """The blank child: waits for its orders, then never returns. A calm one takes its pages only when the orders have come."""
    code = BROKEN
    try:
        if not calm:
            rehearse.take(facts.touched)
        orders, given = wire.receive(sock)
        if orders is None:
            os._exit(0)
        if calm:
            rehearse.take(facts.touched)
        listener, status = _settle_descriptors(sock, given)
        spec = orders["spec"]
        kernel.name_process(spec["name"])
        try:
            if spec["kind"] == "cgi":
                cgi.prepare()
            _confine(orders)
        except BaseException as error:
            status.tell({"failed": f"the host could not prepare the process ({type(error).__name__}: {error})"})
            os._exit(BROKEN)
        if "glance" in orders:
            command.tell_stamp(orders, status)
        try:
            _configure(spec["environment"])
        except Exception as error:
            status.tell({"failed": f"its environment could not be read ({type(error).__name__}: {error})"})
            os._exit(FAILED)
        if spec["kind"] == "command":
            command.run(orders, status, listener)
        if spec["kind"] == "php":
            php.run(orders, status)
        if spec["kind"] == "cgi":
            cgi.run(spec, status, listener)
        _run_app(spec, status, listener, facts, orders["library"])
        code = 0
    finally:
        os._exit(code)
