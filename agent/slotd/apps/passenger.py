"""Passenger's ways, for a passenger_wsgi.py that runs here unchanged.

Such a file often starts itself again under the interpreter of a virtual environment: `if sys.executable != INTERP: os.execl(INTERP,
INTERP, *sys.argv)`. Here the process already is what that asks for, so while the file is imported such a call takes on the
environment and returns. And it may load the application with the module `imp`, which newer Pythons do not have.
"""
import contextlib
import importlib.machinery
import importlib.util
import os
import re
import sys
import types

from slotd.apps import venv

MODULE = "passenger_wsgi"
_PYTHON = re.compile(r"^(python|pypy)[0-9.]*(_bin)?$")


def _wanted(file, argv):
    """Whether a call asks for this very program, only under another interpreter."""
    return _PYTHON.match(os.path.basename(file)) is not None and list(argv)[1:] == sys.argv


def _adopt(file):
    """Makes this process look as if `file` had been started, where that is a Python of the same version."""
    place, lacks = os.path.dirname(os.path.dirname(file)), None
    if not os.path.exists(file):
        lacks = "does not exist"
    elif os.path.realpath(place) != os.path.realpath(sys.prefix) and os.path.isfile(os.path.join(place, "pyvenv.cfg")):
        if os.path.isdir(venv.packages(place)):
            if venv.packages(sys.prefix) in sys.path:
                sys.path.remove(venv.packages(sys.prefix))
            venv.activate(place)
        else:
            lacks = f"is not for Python {'.'.join(map(str, sys.version_info[:2]))}"
    if lacks:
        print(f"passenger_wsgi.py asks for {file}, which {lacks}; the app runs with {sys.executable}", file=sys.stderr, flush=True)
    else:
        sys.executable = file


def _load_source(name, path, file=None):
    loader = importlib.machinery.SourceFileLoader(name, path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


@contextlib.contextmanager
def manners(module):
    """While a passenger_wsgi.py is imported: a call for another interpreter returns, and `imp` is there."""
    if module != MODULE:
        yield
        return
    execv, execve = os.execv, os.execve

    def stay(file, argv):
        path = os.fsdecode(file)
        if _wanted(path, argv):
            _adopt(path)
        else:
            execv(file, argv)

    def stay_too(file, argv, env):
        path = os.fsdecode(file)
        if _wanted(path, argv):
            os.environ.update(env)
            _adopt(path)
        else:
            execve(file, argv, env)

    if sys.version_info >= (3, 12) and "imp" not in sys.modules:
        shim = sys.modules["imp"] = types.ModuleType("imp")
        shim.load_source = _load_source
    os.execv, os.execve = stay, stay_too
    try:
        yield
    finally:
        os.execv, os.execve = execv, execve
