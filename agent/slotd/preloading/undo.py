"""Takes back what a stretch of code changed in this interpreter's Python objects, and tells whether it could.

Before: every dict, list, set and deque, the instances' dictionaries and slots, and what closures hold are noted. After: whatever
differs gets its old contents again, what was added to sys.modules is gone, caches that grew are emptied. What the C library or an
extension keeps for itself cannot be taken back; the few such things that Python code can reach are compared instead.
"""
import array
import atexit
import collections
import functools
import gc
import io
import os
import re
import signal
import sys
import types
import weakref

_NO_INSTANCES = (type, types.ModuleType, types.FunctionType)
# Numbers that only ever grow, to tell older from younger.
_COUNTERS = ("creation_counter", "auto_creation_counter")
_EMPTY = object()


def _has_dictionary(thing):
    kind = type(thing)
    return kind.__dictoffset__ != 0 and not issubclass(kind, _NO_INSTANCES)


def _dictionary(thing):
    """An instance's dictionary, past any __getattribute__ of its own."""
    try:
        return object.__getattribute__(thing, "__dict__") if _has_dictionary(thing) else None
    except Exception:
        return None


def _kind(thing):
    """The built-in container that a thing is, or None."""
    for kind in (collections.OrderedDict, dict, list, set, collections.deque):
        if issubclass(type(thing), kind):
            return kind
    return None


def _parts(thing, kind):
    """What a container holds, one after another; of a dict first the keys, then the values."""
    return [*kind.keys(thing), *kind.values(thing)] if issubclass(kind, dict) else [*kind.__iter__(thing)]


def _same(thing, kind, old):
    if kind.__len__(thing) * (1 + issubclass(kind, dict)) != len(old):
        return False
    if issubclass(kind, dict):
        return all(a is b for a, b in zip(_parts(thing, kind), old))
    if kind is set:
        return {id(part) for part in set.__iter__(thing)} == {id(part) for part in old}
    return all(a is b for a, b in zip(kind.__iter__(thing), old))


def _is_subclass_table(thing):
    """Whether a dict is a class's own note of its subclasses, which the interpreter keeps right by itself."""
    def fits(key, value):
        known = value() if type(value) is weakref.ref else _EMPTY
        return type(key) is int and (known is None or id(known) == key)

    return type(thing) is dict and len(thing) > 0 and all(fits(key, value) for key, value in thing.items())


def _is_class_cache(things):
    """Whether a set holds weak references to classes only: what abc remembers of past questions."""
    return all(type(part) is weakref.ref and (part() is None or isinstance(part(), type)) for part in things)


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return _EMPTY


def _outside():
    """What lives outside Python's objects and can be asked for."""
    return (
        atexit._ncallbacks(), dict(os.environ), os.getcwd(), sorted(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task")),
        [signal.getsignal(number) for number in range(1, 32)],
    )


def _groups(parts, size):
    """A long list's parts, so many at a time."""
    return zip(*[iter(parts)] * size)


class Snapshot:
    """The state of the interpreter's objects at one moment."""

    def __init__(self):
        gc.collect()
        for thing in gc.get_objects():
            _dictionary(thing)  # so that it exists, and stands still from now on
        everything = gc.get_objects()
        found = {id(thing): thing for thing in everything if _kind(thing)}
        for thing in everything:
            for part in gc.get_referents(thing):  # the collector does not list dictionaries of plain values
                if issubclass(type(part), dict):
                    found[id(part)] = part
            own = _dictionary(thing)
            if own is not None:
                found[id(own)] = own
        for thing in everything:
            if issubclass(type(thing), io.TextIOWrapper):  # what waits to be written is between it and the C library
                for part in gc.get_referents(thing):
                    found.pop(id(part), None)
        for ours in (everything, found, self.__dict__):
            found.pop(id(ours), None)
        # Few long lists instead of a small object for each thing: what the notes leave is given back to the kernel, and small objects
        # would leave holes between what the stretch of code makes, in the zygote for good.
        self.containers, self.parts, self.ends = list(found.values()), [], array.array("Q")
        for thing in self.containers:
            self.parts += _parts(thing, _kind(thing))
            self.ends.append(len(self.parts))
        self.slots = self._slots(everything)
        self.cells = [part for thing in everything if type(thing) is types.CellType for part in (thing, _content(thing))]
        self.caches = {id(cache): cache.cache_info().currsize for cache in everything if type(cache) is functools._lru_cache_wrapper}
        self.outside = _outside()

    def _slots(self, everything):
        members, found = {}, []
        for thing in everything:
            kind = type(thing)
            if kind not in members:
                members[kind] = [
                    part for base in kind.__mro__ if "__slots__" in vars(base) for part in vars(base).values()
                    if type(part) is types.MemberDescriptorType
                ]
            for member in members[kind]:
                try:
                    found += thing, member, member.__get__(thing, kind)
                except AttributeError:
                    found += thing, member, _EMPTY
        return found

    def changed(self):
        """The containers that differ now: (container, its kind, its old contents)."""
        found, start = [], 0
        for thing, end in zip(self.containers, self.ends):
            kind, old, start = _kind(thing), self.parts[start:end], end
            if _same(thing, kind, old) or thing is re._cache or _is_subclass_table(thing):
                continue
            if kind is set and _is_class_cache(old) and _is_class_cache(thing):
                continue
            half = len(old) // 2
            found.append((thing, kind, dict(zip(old[:half], old[half:])) if issubclass(kind, dict) else old))
        return found

    def restore(self):
        """Gives everything its old contents. Returns what could not be taken back, as text; None when nothing is left."""
        if _outside() != self.outside:
            return "it changed what Python cannot take back"
        classes = {}
        for thing in gc.get_objects():
            if issubclass(type(thing), type):
                for part in gc.get_referents(thing):
                    if type(part) is dict and part.keys() == vars(thing).keys():
                        classes[id(part)] = thing
            elif type(thing) is functools._lru_cache_wrapper and thing.cache_info().currsize != self.caches.get(id(thing), 0):
                thing.cache_clear()
        for thing, kind, old in self.changed():
            if id(thing) in classes:
                _restore_class(classes[id(thing)], old)
            else:
                _restore(thing, kind, old)
        for thing, member, old in _groups(self.slots, 3):
            _restore_slot(thing, member, old)
        for cell, old in _groups(self.cells, 2):
            if _content(cell) is not old:
                if old is _EMPTY:
                    del cell.cell_contents
                else:
                    cell.cell_contents = old
        left = [thing for thing, _, old in self.changed() if not (id(thing) in classes and _only_counters(thing, old))]
        return f"{len(left)} objects stay changed" if left else None


def _only_counters(thing, old):
    return {name for name in thing if thing[name] is not old.get(name, _EMPTY)} <= set(_COUNTERS) and len(thing) == len(old)


def _restore_class(owner, old):
    for name in [name for name in vars(owner) if name not in old]:
        type.__delattr__(owner, name)
    for name, value in old.items():
        if vars(owner).get(name, _EMPTY) is not value and name not in _COUNTERS:
            type.__setattr__(owner, name, value)


def _restore(thing, kind, old):
    kind.clear(thing)
    if issubclass(kind, dict):
        for name, value in old.items():
            kind.__setitem__(thing, name, value)
    elif kind is set:
        set.update(thing, old)
    else:
        kind.extend(thing, old)


def _restore_slot(thing, member, old):
    try:
        now = member.__get__(thing, type(thing))
    except AttributeError:
        now = _EMPTY
    if now is not old:
        if old is _EMPTY:
            member.__delete__(thing)
        else:
            member.__set__(thing, old)
