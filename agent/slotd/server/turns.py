"""Starts take turns: no account's wake storm or crash loop makes another's visitors wait.

Of one account only a few starts run at once, and when the host as a whole is busy the accounts that wait go one after another, one
start each. A start gives its turn back when its app serves or has failed, or after a while: a slow app must not hold up the others
of its account for ever. Whoever wakes alone goes at once.
"""
import os
from collections import OrderedDict, deque

_OF_ACCOUNT = max(2, os.cpu_count() or 1)  # a start is mostly work
_OF_HOST = 16 * _OF_ACCOUNT
_SECONDS = 2


class Turn:
    """The right to start one process."""

    __slots__ = ("turns", "account", "act", "timer")

    def __init__(self, turns, account, act):
        self.turns, self.account, self.act = turns, account, act
        self.timer = None

    def over(self):
        """Gives the turn back; twice is fine."""
        if self.act is not None:
            self.act = None
            self.turns.gave_back(self)


class Turns:
    """Who may start now, and who waits."""

    def __init__(self, loop):
        self.loop = loop
        self.running, self.of_account = 0, {}
        self.lines = OrderedDict()  # accounts with starts that wait; the first one's turn is next

    def ask(self, account, act):
        """Calls act(turn) when it is this account's turn: at once on a host that is not busy."""
        turn = Turn(self, account, act)
        if account not in self.lines and self._room(account):
            self._go(turn)
        else:
            self.lines.setdefault(account, deque()).append(turn)

    def _room(self, account):
        return self.running < _OF_HOST and self.of_account.get(account, 0) < _OF_ACCOUNT

    def _go(self, turn):
        self.running += 1
        self.of_account[turn.account] = self.of_account.get(turn.account, 0) + 1
        turn.timer = self.loop.later(_SECONDS, turn.over)
        turn.act(turn)

    def gave_back(self, turn):
        """A turn is over; the next may go."""
        turn.timer.cancel()
        self.running -= 1
        left = self.of_account[turn.account] - 1
        if left:
            self.of_account[turn.account] = left
        else:
            del self.of_account[turn.account]
        # Not from within whatever made room: a start that fails at once would call itself.
        if self.lines:
            self.loop.later(0, self._next)

    def _next(self):
        for account in list(self.lines):
            line = self.lines[account]
            if self._room(account):
                self.lines.move_to_end(account)
                self._go(line.popleft())
            if not line:
                self.lines.pop(account, None)
        if any(self._room(account) for account in self.lines):
            self.loop.later(0, self._next)
