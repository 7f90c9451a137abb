"""Letting every app leave a stack whose files are about to go: later imports of a running app would not find them."""
import time

_GRACE_SECONDS = 60
_LOOK_SECONDS = 0.05


def _on(slot, stack):
    return any(worker.stack == stack for worker in slot.workers)


def drain(keeper, stack, answer):
    """Workers forked from the stack are replaced without losing a request; answers when none of them is left."""
    until = time.monotonic() + _GRACE_SECONDS + 5
    for slot in list(keeper.slots.values()):
        if _on(slot, stack):
            slot.note(f"starts anew: the stack {stack} is replaced or removed")
            slot.renew()
            slot.staff()
            slot.settle()

    def look():
        left = [slot.name for slot in keeper.slots.values() if _on(slot, stack)]
        if not left:
            answer({"ok": True})
        elif time.monotonic() > until:
            answer({"ok": False, "error": f"{', '.join(left[:5])} did not leave the stack {stack}"})
        else:
            keeper.loop.later(_LOOK_SECONDS, look)

    look()
