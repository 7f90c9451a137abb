"""Which zygote serves whom, and how long each one lives.

One for each set of interpreter, stack and (for isolation strict) account. Started on first need; while a stack's zygote starts, a
wake takes the bare interpreter if that is there already. Replaced in time and after every package update: the old one serves
until the new one is ready. Retired when nobody has needed it for a while; only the one that most apps need stays.
"""
import collections
import json
import os
import time

from slotd.server import interpreters
from slotd.server.lineage import Line
from slotd.server.nursery import HERE, Zygote, say

_BARE = os.path.join(HERE, "stacks", "bare.json")
_CALLABLE = ("wsgi", "asgi")
_STRICT_SECONDS = 60

Key = collections.namedtuple("Key", "python stack account")


def _seconds(name, default):
    try:
        return max(0.2, float(os.environ[name]))
    except (KeyError, ValueError):
        return default


class Nobody:
    """Stands in for a zygote that cannot be; whoever asks is told why."""

    early = 0

    def __init__(self, why):
        self.why = why

    def want(self, got):
        """Answers at once that there is none."""
        got(None, self.why)


class Zygotes:
    """Every zygote of a host."""

    def __init__(self, keeper):
        self.keeper, self.loop, self.lines = keeper, keeper.loop, {}
        self.life = _seconds("BERTH_ZYGOTE_SECONDS", 86_400)
        self.idle = _seconds("BERTH_ZYGOTE_IDLE_SECONDS", 1800)
        self.strict_idle = min(self.idle, _STRICT_SECONDS)
        self.timer = None
        self.pythons = {}
        # What each slot's name needs; equal ones are one object.
        self.needs, self.kinds, self.booted = {}, {}, False

    def _folder(self, stack):
        return os.path.join(self.keeper.roots.stacks, stack)

    def start(self, key, on_ready=None):
        """Starts a zygote. Raises interpreters.Unsafe."""
        interpreters.check(key.python)
        name = "/".join(filter(None, (key.stack or "bare", None if key.python == interpreters.HOST else key.python, key.account)))
        if key.stack is None:
            return Zygote(self.keeper, name, _BARE, python=key.python, on_ready=on_ready)
        folder = self._folder(key.stack)
        try:
            os.utime(folder)  # when it was last of use: the agent gives up what nobody needed for long
        except OSError:
            pass
        return Zygote(self.keeper, name, f"{folder}/stack.json", f"{folder}/site-packages", python=key.python, on_ready=on_ready)

    def _made_for(self, stack):
        """The interpreter a stack was made for; None when there is no such stack."""
        path = f"{self._folder(stack)}/stack.json"
        try:
            stamp = os.stat(path).st_mtime_ns
            known = self.pythons.get(stack)
            if known is None or known[0] != stamp:
                with open(path, encoding="utf-8") as file:
                    known = self.pythons[stack] = stamp, json.load(file).get("python")
            return known[1]
        except (OSError, ValueError):
            return None

    def _key(self, spec, bare=False):
        python = spec["python"] or interpreters.HOST
        account = spec["account"] if spec["isolation"] == "strict" else None
        stack = spec["stack"] if not bare and spec["kind"] in _CALLABLE else None
        return Key(python, stack if stack is not None and self._made_for(stack) == python else None, account)

    def _line(self, key):
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line(self, key)
            self.schedule()
        line.look()
        return line

    def serve(self, spec, bare=False):
        """(the zygote to fork a slot's next child from, the stack's name or None for a bare interpreter)."""
        key = self._key(spec, bare)
        if spec["kind"] not in _CALLABLE:
            key = self._to_exec()
        try:
            line = self._line(key)
        except interpreters.Unsafe as why:
            return Nobody(str(why)), None
        line.used = time.monotonic()
        if key.stack is not None and key.account is None and not line.serving.ready:
            other = self.lines.get(key._replace(stack=None))
            if other is not None and other.serving.ready:
                other.used = line.used
                return other.serving, None
        return line.serving, key.stack

    def _to_exec(self):
        """What becomes another program may come from any zygote that is there; the new program has a layout of its own anyway."""
        key = Key(interpreters.HOST, None, None)
        ready = [other for other, line in self.lines.items() if other.account is None and line.serving.ready]
        return key if key in self.lines or not ready else ready[0]

    def expect(self, spec):
        """A slot has come: once all are taken up, its zygote may start before the first visitor."""
        if spec["kind"] not in _CALLABLE or spec["isolation"] != "shared":
            self.forget(spec["name"])
            return
        key = Key(spec["python"] or interpreters.HOST, spec["stack"], None)
        self.needs[spec["name"]] = self.kinds.setdefault(key, key)
        if self.booted:
            self._warm(self._key(spec))

    def forget(self, name):
        """A slot has gone."""
        self.needs.pop(name, None)

    def _warm(self, key):
        try:
            self._line(key).used = time.monotonic()
        except interpreters.Unsafe as why:
            say(str(why))

    def _most_needed(self):
        """What most slots need, and how many they are."""
        counted = collections.Counter(self.needs.values())
        if not counted:
            return None, 0
        key, count = counted.most_common(1)[0]
        known = key.stack is not None and self._made_for(key.stack) == key.python
        return key if known else key._replace(stack=None), count

    def boot(self):
        """After all specs are taken up: starts the zygote that most slots need, so that the first wake finds it."""
        self.booted = True
        key, _ = self._most_needed()
        if key is not None:
            self._warm(key)

    # Time

    def _awake(self, account):
        return any(slot.workers for slot in self.keeper.slots.values() if slot.account == account)

    def _end_of(self, line, kept):
        """When a line may go; None while it must stay."""
        if line.key.account is not None:
            return None if self._awake(line.key.account) else line.used + self.strict_idle
        return None if line.key == kept else line.used + self.idle

    def schedule(self):
        """Sets the one timer to whatever comes next; without zygotes there is none."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.keeper.ending or not self.lines:
            return
        now = time.monotonic()
        due = [now + 60 if line.next is not None else line.renew_at for line in self.lines.values()]
        idle = [line.used + (self.idle if line.key.account is None else self.strict_idle) for line in self.lines.values()]
        # What is kept for a reason other than its use is looked at again after the same time.
        due += [when if when > now else when + self.idle for when in idle]
        self.timer = self.loop.later(max(0.05, min(due) - now), self._due)

    def _due(self):
        self.timer, now = None, time.monotonic()
        most, count = self._most_needed()
        kept = most if count > 1 else None
        for key, line in list(self.lines.items()):
            line.give_up_failed()
            end = self._end_of(line, kept)
            gone = key.stack is not None and self._made_for(key.stack) != key.python
            if gone or (end is not None and end <= now and not line.serving.waiting):
                del self.lines[key]
                line.retire(f"the stack {key.stack} is gone")
                say(f"zygote {line.serving.name} is retired")
            elif line.renew_at <= now:
                line.renew()
        self.schedule()

    def every(self):
        """All zygotes, also those that are about to take over."""
        return [zygote for line in self.lines.values() for zygote in line.every()]

    def retire(self):
        """The end."""
        for zygote in self.every():
            zygote.retire()
        self.lines.clear()

    def status(self):
        """What the agent may know of each."""
        wall = time.time() - time.monotonic()
        return [
            {
                "python": key.python, "stack": key.stack, "account": key.account, "pid": line.serving.pid,
                "state": "ready" if line.serving.ready else "starting", "memoryBytes": line.memory(),
                "since": int((wall + line.serving.began) * 1000), "used": int((wall + line.used) * 1000),
            }
            for key, line in self.lines.items()
        ]
