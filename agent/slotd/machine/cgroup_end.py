"""Ending everything in a control group, and knowing that it ended, without blocking the loop."""
import time

from slotd.machine.cgroup import BUILDS

_SECONDS = 10


def end_group(loop, trees, account, app, done):
    """Kills until nothing of the group is alive and removes it (and the account's when it is the last); then done(None or why)."""
    group = trees.group(account, app)
    until = time.monotonic() + _SECONDS

    def step():
        alive = group.pids()
        if alive:
            if time.monotonic() > until:
                done(f"{len(alive)} processes of {account}.{app} are still alive")
                return
            group.kill()
            loop.later(0.01, step)
        elif group.remove() or time.monotonic() > until:
            # Only where nothing stands in them: a build that runs is the agent's.
            for above in (trees.group(account), trees.group(BUILDS, f"{account}.{app}"), trees.group(BUILDS)):
                above.remove_if_empty()
            done(None)
        else:
            loop.later(0.01, step)

    step()
