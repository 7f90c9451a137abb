"""When a schedule is due: the five fields of cron, in UTC.

UTC has no hour that comes twice or never, so a job that should run once a day runs once a day. As in every cron, when both the day of
the month and the day of the week are restricted, either is enough.
"""
import time

_NAMED = {
    "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
}
_SHORT = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_MONTHS = {name.lower(): number for number, name in enumerate(_SHORT, 1)}
_DAYS = {name.lower(): number for number, name in enumerate("Sun Mon Tue Wed Thu Fri Sat".split())}
_FIELDS = (
    ("minute", 0, 59, {}), ("hour", 0, 23, {}), ("day of the month", 1, 31, {}), ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_FAR_DAYS = 8 * 366  # the longest wait there is: 29 February, over a year 2100


class Wrong(ValueError):
    """The schedule cannot be used; the message says why."""


def _number(word, low, high, names, what):
    if word.lower() in names:
        return names[word.lower()]
    if not word.isascii() or not word.isdigit() or len(word) > 2 or not low <= int(word) <= high:
        raise Wrong(f"the {what} must be from {low} to {high}, not {word[:20]!r}")
    return int(word)


def _part(text, low, high, names, what):
    span, slash, step = text.partition("/")
    every = _number(step, 1, high, {}, f"step of the {what}") if slash else 1
    if span == "*":
        return range(low, high + 1, every)
    first, dash, last = span.partition("-")
    start = _number(first, low, high, names, what)
    end = _number(last, low, high, names, what) if dash else high if slash else start
    if end < start:
        raise Wrong(f"the range {span[:20]} of the {what} ends before it begins")
    return range(start, end + 1, every)


class Schedule:
    """A schedule that has been understood."""

    __slots__ = ("minutes", "hours", "days", "months", "weekdays", "either")

    def __init__(self, text):
        words = _NAMED.get(text.strip().lower(), text).split()
        if text.strip().startswith("@") and len(words) == 1:
            raise Wrong(f"{text[:20]} is not known; use five fields, or one of {', '.join(_NAMED)}")
        if len(words) != 5:
            raise Wrong("a schedule has five fields: minute, hour, day of the month, month, day of the week")
        sets = []
        for word, field in zip(words, _FIELDS):
            what, low, high, names = field
            sets.append(frozenset(n for part in word.split(",") for n in _part(part, low, high, names, what)))
        self.minutes, self.hours, self.days, self.months = sets[:4]
        self.weekdays = frozenset(number % 7 for number in sets[4])
        self.either = not words[2].startswith("*") and not words[4].startswith("*")
        if self.after(0) is None:
            raise Wrong("this day never comes")

    def _on(self, day):
        if day.tm_mon not in self.months:
            return False
        of_month, of_week = day.tm_mday in self.days, (day.tm_wday + 1) % 7 in self.weekdays
        return of_month or of_week if self.either else of_month and of_week

    def after(self, moment):
        """The next time, in seconds since 1970, strictly after the given one; None when there is none."""
        minute = int(moment // 60) + 1
        midnight = minute // 1440 * 1440
        for _ in range(_FAR_DAYS):
            if self._on(time.gmtime(midnight * 60)):
                for hour in sorted(self.hours):
                    for each in sorted(self.minutes):
                        if midnight + hour * 60 + each >= minute:
                            return (midnight + hour * 60 + each) * 60
            midnight += 1440
        return None


def stamp(moment):
    """A time as people read it."""
    day = time.gmtime(moment)
    return f"{day.tm_mday} {_SHORT[day.tm_mon - 1]} {day.tm_year}, {day.tm_hour:02d}:{day.tm_min:02d} UTC"
