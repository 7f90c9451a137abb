"""A planned restart, for new code or a new setting: this slotd ends so that the next one takes up everything. Nothing closes meanwhile."""
import json
import os
import time

from slotd.server.holding import AGAIN
from slotd.server.left import state_of
from slotd.server.spec import Wrong

_LONGEST, _STARTING = 25.0, 2.0
_LOOK_SECONDS = 0.03


class Restart:
    """Waits for what cannot be handed on, hands on the rest, and ends the process."""

    def __init__(self, keeper, control):
        self.keeper, self.control = keeper, control
        self.began = None

    def begin(self, talk=None):
        """Starts it; `talk`, which asked, is answered by the next slotd. Raises Wrong where there is no guard."""
        if not self.keeper.store.guarded:
            raise Wrong("This slotd has no guard, which would hold everything open meanwhile: stop it and start it again instead.")
        if self.keeper.ending:
            raise Wrong("slotd is ending.")
        if talk is not None:
            talk.owed = True
        if self.began is None:
            self.began = time.monotonic()
            self.keeper.desk.closed = True  # who visits a resting app waits for the next slotd
            self._wait()

    def _wait(self):
        keeper, waited = self.keeper, time.monotonic() - self.began
        if keeper.ending:
            return
        answering = keeper.desk.visits or any(talk.busy and not talk.owed for talk in self.control.talks)
        starting = waited < _STARTING and any(slot.attempt or slot.coming for slot in keeper.slots.values())
        if waited < _LONGEST and (answering or starting):
            keeper.loop.later(_LOOK_SECONDS, self._wait)
        else:
            self._go()

    def _go(self):
        keeper = self.keeper
        states = {name: state for name, slot in keeper.slots.items() if (state := state_of(slot)) is not None}
        memory = os.memfd_create("slots", os.MFD_CLOEXEC)
        with open(memory, "wb", closefd=False) as file:
            file.write(json.dumps(states, separators=(",", ":")).encode())
        keeper.store.keep("a:state", (memory,))
        for slot in keeper.slots.values():
            for worker in slot.workers:
                worker.hold()
        for talk in self.control.talks:
            keeper.store.keep(f"c:{talk.conn.fileno()}", (talk.conn.fileno(),), {"got": talk.got.decode("latin-1"), "owed": talk.owed})
        keeper.journal.say_what_waits()
        keeper.store.finish()
        os._exit(AGAIN)
