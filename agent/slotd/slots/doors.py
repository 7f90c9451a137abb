"""Doors: a listening socket at a slot's path, and the way to put another in its place without refusing anybody.

A program that does not tell when it is idle can only be ended without loss when nobody can reach it any more. So it keeps its old
door with whoever came through it, while a new door at the same path receives whoever comes next. rename(2) is one moment: there
is always exactly one door at the path.
"""
import os
import select
import socket
import time

from slotd.machine import listening

_NOATIME = 1024
_EMPTY_SECONDS, _AGAIN_SECONDS = 120, 0.1


def pending(listener):
    """Whether somebody waits in the backlog."""
    look = select.poll()
    look.register(listener.fileno(), select.POLLIN)
    return bool(look.poll(0))


def show(slot, listener):
    """From this moment on visitors of the slot come to this door. The old one is left to those who have it."""
    path, old = slot.keeper.roots.slot_socket(slot.name), slot.listener
    os.rename(listener.getsockname(), path)
    slot.loop.unwatch(old.fileno())
    slot.listener, slot.demand = listener, None
    slot.keeper.store.keep(slot.name, (listener.fileno(),))
    forget_visits(path)
    _close_unused(slot, old)


def replace(slot):
    """A fresh door for whoever comes next; the old one keeps who already came."""
    show(slot, listening.hidden(slot.keeper.roots.slot_socket(slot.name), slot.keeper.web_gid))


def door_for(slot):
    """The door that the slot's next process gets: that of its fellows, but never that of somebody whom it is to replace unnoticed."""
    for worker in slot.workers:
        if worker.edition == slot.edition and worker.serves:
            return worker.door
    if any(worker.serves and not worker.tells and worker.door is slot.listener for worker in slot.workers):
        return listening.hidden(slot.keeper.roots.slot_socket(slot.name), slot.keeper.web_gid)
    return slot.listener


def enter(slot, worker):
    """A worker is ready: its door is shown."""
    if worker.door is not None and worker.door is not slot.listener and not slot.gone:
        try:
            show(slot, worker.door)
        except FileNotFoundError:  # it was shown before, and another has taken its place: nobody can come to this one
            worker.kill()


def leave(slot, worker):
    """A worker is gone, and its door with it, if that was an old one and nobody else's."""
    if worker.door is not None and worker.door is not slot.listener:
        _close_unused(slot, worker.door)


def _close_unused(slot, door):
    if any(worker.door is door for worker in slot.workers):
        return
    try:
        os.unlink(door.getsockname())  # it may never have been shown
    except FileNotFoundError:
        pass
    _empty(slot, door, time.monotonic() + _EMPTY_SECONDS)


def _empty(slot, door, until):
    """Leads everybody who still waits at a door without a program to the new one, as many at a time as slotd has hands for; then closes it."""
    os.set_blocking(door.fileno(), False)
    while (busy := pending(door) and not slot.gone and not slot.keeper.ending) and slot.keeper.desk.has_room():
        try:
            visitor, _ = door.accept()
        except OSError:
            break
        _lead(slot, visitor)
    if busy and time.monotonic() < until:
        slot.loop.later(_AGAIN_SECONDS, lambda: _empty(slot, door, until))
    else:
        door.close()


def _lead(slot, visitor):
    visitor.setblocking(False)
    onward = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    onward.setblocking(False)
    try:
        onward.connect(slot.keeper.roots.slot_socket(slot.name))
    except OSError:
        visitor.close()
        onward.close()
    else:
        slot.keeper.desk.carry(visitor, onward)


def forget_visits(path):
    """From now on visited() tells only of later visits."""
    os.utime(path, ns=(0, time.time_ns()))


def visited(path):
    """Whether somebody connected since forget_visits(): connect(2) touches the socket's access time. None where the mount keeps none."""
    if os.statvfs(path).f_flag & _NOATIME:
        return None
    return os.stat(path).st_atime_ns != 0

