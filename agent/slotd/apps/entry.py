"""From an entry, `module:callable`, to the callable; and what to tell when there is none, or one of the other kind."""
import functools
import importlib
import os
import sys
import traceback
import types

from slotd.apps import passenger

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_COROUTINE, _VARIADIC = 0x80, 0x04  # of a code object's flags


class WrongKind(TypeError):
    """The callable speaks the other interface."""


def cause(error):
    """One line for people: what the last line of a traceback says."""
    if isinstance(error, WrongKind):
        return str(error)
    if isinstance(error, SystemExit):
        return f"the app called sys.exit({error.code!r}) while starting"
    text = "".join(traceback.format_exception_only(type(error), error)).strip()
    return text.splitlines()[-1][:300] if text else type(error).__name__


def show(error):
    """The traceback, without our own frames, on stderr: that is the app's log."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_OURS):
        trace = trace.tb_next
    while trace is not None and trace.tb_next is not None and "importlib" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace, file=sys.stderr)
    sys.stderr.flush()


def _plain(found):
    """(the function that a call runs, how many of its first parameters are bound already), or (None, 0) when nobody can see it."""
    bound = 0
    for _ in range(8):
        if type(found) is types.FunctionType:
            return found, bound
        if type(found) is types.MethodType:
            found, bound = found.__func__, bound + 1
        elif type(found) is functools.partial:
            found, bound = found.func, bound + len(found.args)
        elif isinstance(found, type):
            return None, 0
        else:
            found = getattr(type(found), "__call__", None)
            bound += 1
    return None, 0


def speaks(found):
    """`asgi` or `wsgi`, as far as the callable's own shape tells, else None."""
    function, bound = _plain(found)
    if function is None:
        return None
    code = function.__code__
    if code.co_flags & _COROUTINE:
        return "asgi"
    if code.co_flags & _VARIADIC:
        return None
    most = code.co_argcount - bound
    least = most - len(function.__defaults__ or ())
    if least == 2:
        return "wsgi"
    return "asgi" if least == most == 3 else None


def load(entry, kind):
    """The callable that `module:name` names. Raises what the app raises, or WrongKind."""
    module, _, path = entry.partition(":")
    with passenger.manners(module):
        found = importlib.import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    if not callable(found):
        raise TypeError(f"{entry} is not callable")
    other = speaks(found)
    if other is not None and other != kind:
        raise WrongKind(f"{entry} is {'an ASGI' if other == 'asgi' else 'a WSGI'} application: set the app's kind to {other} instead of {kind}")
    return found
