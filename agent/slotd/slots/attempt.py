"""One attempt to get a process for a slot: ask a zygote for a blank child, give it its orders."""
import time

from slotd.machine import wire
from slotd.slots import doors
from slotd.slots.foreign import worker_for

_TRIES = 5
_STAYS = ("wsgi", "asgi", "cgi")  # kinds whose worker goes on as the interpreter that was forked
_LOOK_SECONDS = 0.05
_NOT_FOR_THE_CHILD = ("account_limits", "log", "logBytes")


class Attempt:
    """Lives from the knock until the child has its orders. A slot that gives up just forgets it."""

    def __init__(self, slot):
        self.slot, self.keeper, self.tries, self.door, self.turn = slot, slot.keeper, 0, None, None

    def go_when_there_is_room(self, until):
        """Waits a little for those who leave, where the slot's limits hold no more than it has."""
        if self.slot.attempt is not self or self.keeper.ending:
            return
        if self.slot.roomy() or time.monotonic() > until:
            self.keeper.turns.ask(self.slot.account, self._go_in_turn)
        else:
            self.slot.loop.later(_LOOK_SECONDS, lambda: self.go_when_there_is_room(until))

    def _go_in_turn(self, turn):
        self.turn = turn
        self.go()

    def go(self):
        """Asks for a blank child; the answer comes now or later."""
        slot = self.slot
        if slot.attempt is not self or self.keeper.ending:
            return self._give_up()
        try:
            self.zygote, self.stack = self.keeper.zygotes.serve(slot.spec, slot.bare)
        except OSError as error:
            return self._give_up(f"the host could not start a process ({error})")
        self.zygote.want(self._got)

    def _got(self, pid, sock):
        slot = self.slot
        if slot.attempt is not self or self.keeper.ending:
            if pid is not None:
                sock.close()  # a blank child without orders ends by itself
            return self._give_up()
        if pid is not None:
            self._order(pid, sock)
        elif self.stack is None:
            self._give_up(f"the host could not start a process ({sock})")
        else:
            slot.bare = True
            slot.note(f"the stack {self.stack} cannot be used now; started without it")
            self.go()

    def _order(self, pid, sock):
        slot, roots = self.slot, self.keeper.roots
        orders = {
            "spec": {name: value for name, value in slot.spec.items() if name not in _NOT_FOR_THE_CHILD},
            "gates": slot.group.gates(), "homes": roots.homes, "skeleton": slot.skeleton, "kept": roots.kept(),
            "library": roots.asgi, "preload": roots.node_preload,
        }
        try:
            if self.door is None and slot.listener is not None:
                self.door = doors.door_for(slot)
            given = [] if self.door is None else [self.door.fileno()]
            wire.send(sock, orders, [*given, slot.streams.out_write, slot.streams.error_write])
        except OSError as error:
            sock.close()
            self.tries += 1
            if self.tries < _TRIES:
                self.go()
            else:
                self._give_up(f"the host could not start a process ({error})")
            return
        worker = worker_for(slot.spec)(slot, pid, sock, slot.spec)
        worker.door, worker.stack, worker.turn = self.door, self.stack, self.turn
        worker.early = self.zygote.early if slot.spec["kind"] in _STAYS else 0
        self.keeper.advance.came(worker)
        slot.began(worker)
        self.keeper.own(pid, worker)

    def _give_up(self, why=None):
        self.turn.over()
        if why is not None:
            self.slot.failed(why)
