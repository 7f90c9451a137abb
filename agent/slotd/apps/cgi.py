"""The worker of kind cgi: runs a script for each request, as RFC 3875 says. A WSGI application of our own on several threads.

Which file answers
  /cgi-bin/...      every executable file below <root>/cgi-bin (or, without one, the public folder's cgi-bin)
  everything else   executable files *.cgi, *.pl, *.py below <root>/public (or, without one, <root>); a folder's index.cgi, .pl or .py
  What follows the script's name is its PATH_INFO. A file without the executable bit never runs; one that a link leads to outside
  the app's root is not there; neither is anything with a name that begins with a dot.
Other files are nginx's: what looks like a script is never sent as a file.
"""
import gc
import os
import re
import stat
import sys
from collections import namedtuple
from urllib.parse import quote_from_bytes

from slotd.apps import restart, threaded, worker

_SUFFIXES = (b".cgi", b".pl", b".py")
_INDEX = (b"index.cgi", b"index.pl", b"index.py")
_MOST = 32
_AFTER = 30  # a script is ended by its own clock; the worker's is the last resort
_TWICE = 10  # local redirects that lead to the next

# name, info: the address's part that leads to the script, and what follows it. documents: the folder that info is below.
Script = namedtuple("Script", "path name info documents")


class Refusal(Exception):
    """No script answers; `status` does."""

    def __init__(self, status, location=None):
        super().__init__(status)
        self.status, self.location = status, location


def _say(text):
    print(text, file=sys.stderr, flush=True)


def at_once(spec):
    """How many scripts may run at the same time: each takes a process and one of our threads."""
    room = max(1, min(_MOST, (spec["limits"]["processes"] - 2) // 2))
    return min(room, spec["threads"]) if spec["threads"] > 1 else room


class Scripts:
    """What is run for which address."""

    def __init__(self, root):
        self.root = os.fsencode(os.path.realpath(root))
        public = os.path.join(self.root, b"public")
        self.documents = public if os.path.isdir(public) else self.root

    def _folder(self, parts):
        """Where to look, and whether every file there is a script."""
        if parts[:1] != [b"cgi-bin"]:
            return self.documents, False
        own = os.path.join(self.root, b"cgi-bin")
        return (self.root if os.path.isdir(own) else self.documents), True

    def find(self, path):
        """The script for a decoded address. Raises Refusal."""
        parts = path.split(b"/")[1:]
        if b"\0" in path or any(part.startswith(b".") for part in parts):
            raise Refusal("404 Not Found")
        folder, every = self._folder([part for part in parts if part])
        place = folder
        for count, part in enumerate(parts, 1):
            if not part:
                continue
            place = os.path.join(place, part)
            try:
                mode = os.stat(place).st_mode
            except OSError:
                raise Refusal("404 Not Found") from None
            if stat.S_ISREG(mode):
                info = b"/".join([b"", *parts[count:]]) if parts[count:] else b""
                return self._checked(place, b"/" + b"/".join(parts[:count]), info, folder, every)
            if not stat.S_ISDIR(mode):
                raise Refusal("404 Not Found")
        if not path.endswith(b"/"):
            raise Refusal("301 Moved Permanently", "/" + quote_from_bytes(path.lstrip(b"/")) + "/")
        for name in _INDEX:
            if os.path.isfile(os.path.join(place, name)):
                return self._checked(os.path.join(place, name), path + name, b"", folder, every)
        raise Refusal("404 Not Found")

    def _checked(self, place, name, info, folder, every):
        real = os.path.realpath(place)
        if not real.startswith(self.root + b"/"):
            _say(f"{os.fsdecode(place)} leads outside the app's folder and is not run")
            raise Refusal("404 Not Found")
        if not every and not place.endswith(_SUFFIXES):
            raise Refusal("404 Not Found")
        if not os.access(real, os.X_OK):
            _say(f"{os.fsdecode(place)} is not executable: chmod 755 makes it a script")
            raise Refusal("403 Forbidden")
        return Script(place, name, info, folder)


def environment(environ, script):
    """What a script is told, on top of the slot's own environment (RFC 3875, section 4.1). Bytes, as they came."""
    told = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_SOFTWARE": "berth", "REQUEST_SCHEME": environ["wsgi.url_scheme"],
        "REMOTE_HOST": environ["REMOTE_ADDR"],
    }
    for name, value in environ.items():
        if type(value) is str and (name.isupper() or name.startswith("HTTP_")) and re.fullmatch(r"[A-Z0-9_]+", name):
            told[name] = value
    for name in ("HTTP_PROXY", "HTTP_TRANSFER_ENCODING", "HTTP_CONNECTION", "RAW_URI", "PATH_INFO"):
        told.pop(name, None)
    env = dict(os.environb)
    env.update((name.encode(), value.encode("latin-1")) for name, value in told.items())
    env.update({b"SCRIPT_NAME": script.name, b"SCRIPT_FILENAME": script.path, b"DOCUMENT_ROOT": script.documents})
    if script.info:
        env.update({b"PATH_INFO": script.info, b"PATH_TRANSLATED": script.documents + script.info})
    return env


def prepare():
    """Loads what runs scripts, before the jail: our own code may lie where no customer sees it. A blank interpreter does without it."""
    from slotd.apps import cgi_run

    return cgi_run


class Application:
    """The WSGI application that runs scripts."""

    def __init__(self, spec):
        self.scripts, self.seconds, self.running = Scripts(spec["root"]), spec["requestSeconds"], prepare()

    def __call__(self, environ, start):
        try:
            return self._answer(environ, start)
        except Refusal as refusal:
            headers = [("Content-Type", "text/plain; charset=utf-8")]
            if refusal.location:
                headers.append(("Location", refusal.location))
            start(refusal.status, headers)
            return [refusal.status.encode() + b"\n"]

    def _answer(self, environ, start):
        if "HTTP_TRANSFER_ENCODING" in environ:
            raise Refusal("411 Length Required")
        for _ in range(_TWICE):
            script = self.scripts.find(environ["PATH_INFO"].encode("latin-1"))
            try:
                run = self.running.Run(script.path, environment(environ, script), environ["wsgi.input"], self.seconds)
                target = run.local_redirect()
                if target is None:
                    return self._pass_on(run, start)
            except self.running.NoAnswer as why:
                _say(f"{os.fsdecode(script.path)}: {why}")
                raise Refusal(why.status) from None
            run.end()
            environ = self._redirected(environ, target)
        raise Refusal("508 Loop Detected")

    @staticmethod
    def _pass_on(run, start):
        try:
            start(run.status, run.headers)
        except ValueError:
            run.end()
            raise
        return run.pieces()

    def _redirected(self, environ, target):
        """The request for a local redirect's target (section 6.2.2); what is no script is the visitor's to fetch."""
        import io
        from urllib.parse import unquote_to_bytes

        path, _, query = target.partition("?")
        decoded = unquote_to_bytes(path.encode("latin-1"))
        try:
            self.scripts.find(decoded)
        except Refusal:
            raise Refusal("302 Found", target) from None
        kept = {name: value for name, value in environ.items() if not name.startswith("CONTENT_")}
        told = {"REQUEST_METHOD": "GET", "PATH_INFO": decoded.decode("latin-1"), "QUERY_STRING": query, "REQUEST_URI": target}
        return {**kept, **told, "wsgi.input": io.BytesIO()}


class Server(threaded.Threads):
    """Threads, with a clock that leaves the scripts' own time to act."""

    def __init__(self, spec, status, listener, app):
        super().__init__({**spec, "threads": at_once(spec)}, status, listener, app)
        self.seconds += _AFTER


def run(spec, status, listener):
    """Serves on the listening socket until it is time to leave. Never returns."""
    os.chdir(spec["root"])
    spec["marks"] = restart.Marks(os.path.realpath(spec["root"]))
    app = Application(spec)
    gc.freeze()
    gc.enable()
    server = Server(spec, status, listener, app)
    status.tell({"ready": True})
    why = server.run()
    listener.close()
    if not server.told:
        status.tell({"leaving": why})
    worker.finish()
