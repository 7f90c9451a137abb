"""Ending everything in a control group, and knowing that it ended, without blocking the loop."""
import time

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
            _remove_account(trees, account)
            done(None)
        else:
            loop.later(0.01, step)

    step()


def _remove_account(trees, account):
    for _, name in trees.left_over(account):
        group = trees.group(account, name)
        if not name.startswith("_build-") or group.pids() or not group.remove():
            return
    trees.group(account).remove_if_empty()
