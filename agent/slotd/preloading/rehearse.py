"""Which pages of a zygote a worker will write to, found by trying it out once.

After a fork each first write to a page is a fault of its own: 4000 of them, 15 ms of 40, when a Django app wakes. A blank child
that waits for its orders has the time to take those faults beforehand, all in a few calls. To copy the whole heap would cost what
sharing saves, so the zygote lets one child play an app's start and keeps the addresses of what that child wrote. The play uses
the stack's own code and nothing of any tenant.
"""
import array
import contextvars
import gc
import os
import select
import signal
import sys
import types

from slotd.machine import drop, kernel
from slotd.preloading import readymade, undo

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EXCLUSIVE = 1 << 56  # of /proc/self/pagemap: mapped by this process alone, so written since the fork
_SECONDS = 5
_NOBODY = 65_534
# The standard library's own: any large import writes to much the same pages.
_STRANGERS = ("doctest", "optparse", "pdb", "plistlib", "tarfile", "unittest.mock", "xmlrpc.client", "zipimport")
_MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware", "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
)
_PROCESSORS = (
    "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
)
_PAGE_TEXT = "{% load i18n %}{% block a %}{% for r in rows %}{{ r.t|upper }} {{ r.d|date:'j F Y' }}{% if r %}x{% endif %}{% endfor %}{% endblock %}"


def _configure():
    """Settings as `startproject` makes them."""
    from django.conf import settings

    settings.configure(
        SECRET_KEY="rehearsal", ALLOWED_HOSTS=["*"], INSTALLED_APPS=[f"django.contrib.{name}" for name in readymade.CONTRIB],
        MIDDLEWARE=list(_MIDDLEWARE), ROOT_URLCONF="berth_rehearsal_urls", USE_TZ=True, STATIC_URL="static/",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
                    "OPTIONS": {"context_processors": list(_PROCESSORS)}}],
    )


def _play_django():
    """Starts a project as `startproject` makes it, and answers one page."""
    import datetime
    import io

    _configure()
    urls = types.ModuleType("berth_rehearsal_urls")
    sys.modules[urls.__name__] = urls
    from django.core.wsgi import get_wsgi_application

    app = get_wsgi_application()
    from django.contrib import admin
    from django.http import HttpResponse
    from django.template import engines
    from django.urls import path

    def view(request):
        rows = [{"t": "row", "d": datetime.date(2026, 1, 1)}]
        return HttpResponse(engines["django"].from_string(_PAGE_TEXT).render({"rows": rows}, request))

    urls.urlpatterns = [path("admin/", admin.site.urls), path("", view)]
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr, "wsgi.url_scheme": "http",
    }
    b"".join(app(environ, lambda *_: None))


def _taken_back(act):
    """Runs something in this very process and takes back what it changed. Returns (its result, what could not be taken back)."""
    snapshot = undo.Snapshot()
    result = contextvars.copy_context().run(act)
    left = snapshot.restore()
    del snapshot
    gc.collect()
    return result, left


def _make():
    _configure()
    return readymade.make()


def practise():
    """In the zygote: plays once, so that code and caches are warm, and makes what can be handed out. Returns (shelf or None, why not)."""
    if "django" not in sys.modules:
        return None, None
    gc.disable()
    try:
        _, left = _taken_back(_play_django)
        shelf, more = (None, None) if left else _taken_back(_make)
        if left or more:
            return None, f"rehearsing: {left or more}"
        shelf.close()
        return shelf, None
    except Exception as error:
        return None, f"rehearsing: {type(error).__name__}: {error}"[:200]


def _play():
    if "django" in sys.modules:
        _play_django()
        return
    for name in _STRANGERS:
        __import__(name)


def writable():
    """The stretches of memory that this process may write to: (address, length)."""
    with open("/proc/self/maps", encoding="utf-8") as file:
        for line in file:
            words = line.split(None, 2)
            if words[1] == "rw-p":
                low, high = (int(number, 16) for number in words[0].split("-"))
                yield low, high - low


def written(areas):
    """Runs of pages that this process wrote to, as start, length, start, length ..."""
    found = array.array("Q")
    with open("/proc/self/pagemap", "rb", buffering=0) as file:
        for low, length in areas:
            file.seek(low // _PAGE * 8)
            entries = array.array("Q")
            entries.frombytes(file.read(length // _PAGE * 8))
            for place, entry in enumerate(entries):
                if entry & _EXCLUSIVE:
                    at = low + place * _PAGE
                    if found and found[-2] + found[-1] == at:
                        found[-1] += _PAGE
                    else:
                        found.extend((at, _PAGE))
    return found


def _perform(areas, answer, shelf):
    """In the child: gives root up, plays, and tells what it wrote."""
    os.setsid()
    signal.alarm(_SECONDS)
    drop.become(_NOBODY, _NOBODY)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    if shelf is not None:
        sys.meta_path.insert(0, shelf)
    _play()
    data = written(areas).tobytes()
    while data:
        data = data[os.write(answer, data) :]


def pages(shelf=None):
    """Plays an app's start in a child. Returns the runs of pages it wrote; empty when the kernel or the play gives none."""
    areas = list(writable())
    ours, answer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(ours)
            _perform(areas, answer, shelf)
        finally:
            os._exit(0)
    os.close(answer)
    data, ready = b"", True
    while ready:
        ready = select.select([ours], [], [], _SECONDS + 1)[0]
        piece = os.read(ours, 1 << 20) if ready else b""
        data, ready = data + piece, bool(piece)
    os.close(ours)
    os.waitpid(child, 0)
    found = array.array("Q")
    found.frombytes(data[: len(data) // 16 * 16])
    return found


def take(found):
    """In a blank child: makes those pages its own, before anybody waits for it."""
    for place in range(0, len(found), 2):
        if not kernel.populate(found[place], found[place + 1]):
            return
