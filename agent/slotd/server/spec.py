"""Reading and checking a slot's spec. The file is root's, and is checked all the same: a wrong one must say what is wrong."""
import json
import os
import re
import stat

FIRST_UID, LAST_UID = 200_000, 499_999

_ACCOUNT = r"[a-z][a-z0-9]{2,15}"
_APP = r"[a-z][a-z0-9-]{0,30}"
# <account>.<app> is an app's web slot, <account>.<app>.<process> another process of it, such as a Procfile's worker.
NAME = re.compile(rf"^({_ACCOUNT})\.({_APP})(?:\.({_APP}))?$")
_ENTRY = re.compile(r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$", re.ASCII)
_STACK = re.compile(r"^[a-z0-9][a-z0-9.-]{1,63}$")
_LIMITS = {
    "memoryMb": (32, 1 << 20), "cpuPercent": (5, 102_400), "processes": (3, 100_000), "openFiles": (16, 1 << 20),
    "ioMbps": (0, 100_000),  # 0 is no limit
}
_FIELDS = {
    "version", "name", "account", "app", "uid", "gid", "generation", "mode", "kind", "entry", "home", "root", "venv", "stack",
    "socket", "environment", "tmp", "log", "logBytes", "idleSeconds", "startSeconds", "limits", "account_limits",
}
# What a spec may leave out, and what it then says.
DEFAULTS = {
    "process": "web", "role": "web", "protocol": "http", "listen": "fd", "argv": None, "schedule": None, "workers": 1, "threads": 1,
    # A request may last less than nginx's own patience of 120 s, so that the visitor sees a page.
    "maxRequests": 0, "requestSeconds": 110, "python": None, "isolation": "shared",
}
_ROLES = ("web", "worker", "scheduled")
_KINDS = ("wsgi", "asgi", "cgi", "php", "command")
_CALLABLE = ("wsgi", "asgi")
_PROTOCOLS = ("http", "fastcgi", "scgi", "uwsgi")


class Wrong(ValueError):
    """The spec cannot be used; the message says why in one sentence."""


def _whole(value, low, high, what):
    if type(value) is not int or not low <= value <= high:
        raise Wrong(f"{what} must be a whole number from {low} to {high}.")


def _path(value, what, below=None):
    if type(value) is not str or not value.startswith("/") or "\0" in value or os.path.normpath(value) != value:
        raise Wrong(f"{what} must be an absolute path without . or .. parts.")
    if below is not None and not value.startswith(below + "/"):
        raise Wrong(f"{what} must be below {below}.")


def _limits(value, what, names):
    if type(value) is not dict or set(value) != set(names):
        raise Wrong(f"{what} must hold exactly {', '.join(names)}.")
    for name in names:
        _whole(value[name], *_LIMITS[name], f"{what}.{name}")


def _choice(value, choices, what):
    if value not in choices:
        raise Wrong(f"{what} must be one of {', '.join(choices)}.")


def _check_names(spec, name):
    match = NAME.match(name)
    if spec["version"] != 1:
        raise Wrong("version must be 1.")
    said = (spec["name"], spec["account"], spec["app"], spec["process"])
    if match is None or said != (name, match[1], match[2], match[3] or "web"):
        raise Wrong(f"name, account, app and process must agree with the file's name {name}.")
    _whole(spec["uid"], FIRST_UID, LAST_UID, "uid")
    _whole(spec["gid"], FIRST_UID, LAST_UID, "gid")
    _whole(spec["generation"], 1, 1 << 53, "generation")
    _choice(spec["mode"], ("on-demand", "always-on", "per-request"), "mode")
    _choice(spec["role"], _ROLES, "role")
    _choice(spec["kind"], _KINDS, "kind")
    _choice(spec["protocol"], _PROTOCOLS, "protocol")
    _choice(spec["listen"], ("fd", "port"), "listen")
    _choice(spec["isolation"], ("shared", "strict"), "isolation")
    if spec["mode"] == "per-request" and spec["kind"] != "wsgi":
        raise Wrong("mode per-request is for kind wsgi only.")
    if spec["role"] != "web" and (spec["kind"] != "command" or spec["process"] == "web"):
        raise Wrong("a worker or scheduled slot runs a command and has a process name of its own.")
    spoken = {"php": ("fastcgi",), "command": _PROTOCOLS}.get(spec["kind"], ("http",))
    if spec["protocol"] not in spoken:
        raise Wrong(f"kind {spec['kind']} speaks {' or '.join(spoken)}, so protocol cannot be {spec['protocol']}.")
    if spec["kind"] in _CALLABLE and (type(spec["entry"]) is not str or not _ENTRY.match(spec["entry"])):
        raise Wrong("entry must look like module:callable.")
    if spec["stack"] is not None and (type(spec["stack"]) is not str or not _STACK.match(spec["stack"])):
        raise Wrong("stack must be null or a name such as django-5.2.")
    if spec["python"] is not None:
        _path(spec["python"], "python")
    if (spec["schedule"] is not None) != (spec["role"] == "scheduled"):
        raise Wrong("schedule belongs to role scheduled, which needs it.")
    if spec["schedule"] is not None:
        _check_schedule(spec["schedule"])


def _check_schedule(text):
    if type(text) is not str or len(text) > 200:
        raise Wrong("schedule must be five cron fields.")
    from slotd.server import cron  # here, because enter.py only wants the bounds above

    try:
        cron.Schedule(text)
    except cron.Wrong as error:
        raise Wrong(f"schedule: {error}.") from None


def _check_paths(spec, roots):
    if spec["home"] != f"{roots.homes}/{spec['account']}":
        raise Wrong(f"home must be {roots.homes}/{spec['account']}.")
    for what in ("root", "venv"):
        if what == "venv" and spec["venv"] is None:
            continue
        _path(spec[what], what, below=spec["home"])
    if spec["socket"] != roots.slot_socket(spec["name"]):
        raise Wrong(f"socket must be {roots.slot_socket(spec['name'])}.")
    _path(spec["environment"], "environment", below=f"{roots.state}/users")
    if spec["tmp"] is not None:
        _path(spec["tmp"], "tmp", below=f"{roots.state}/tmp")
    if spec["log"] != roots.log(spec["name"], "app"):
        raise Wrong(f"log must be {roots.log(spec['name'], 'app')}.")


def _check_command(spec):
    argv = spec["argv"]
    if spec["kind"] != "command":
        if argv is not None:
            raise Wrong("argv belongs to kind command only.")
        return
    if type(argv) is not list or not argv or any(type(word) is not str or "\0" in word or word == "" for word in argv):
        raise Wrong("argv must be a list of words that are not empty.")


def check(spec, name, roots):
    """Returns the spec, whole, when every field is as the contract says, else raises Wrong."""
    if type(spec) is not dict:
        raise Wrong("the spec must be one JSON object.")
    extra, missing = set(spec) - _FIELDS - set(DEFAULTS), _FIELDS - set(spec)
    if extra or missing:
        told = [f"{word} {', '.join(sorted(names))}" for word, names in (("unknown:", extra), ("missing:", missing)) if names]
        raise Wrong(f"the spec's fields are not right ({'; '.join(told)}).")
    for limits in (spec["limits"], spec["account_limits"]):
        if type(limits) is dict:
            limits.setdefault("ioMbps", 0)
    spec = {**DEFAULTS, **spec}
    _check_names(spec, name)
    _check_paths(spec, roots)
    _check_command(spec)
    _whole(spec["logBytes"], 4096, 1 << 40, "logBytes")
    _whole(spec["idleSeconds"], 1, 86_400, "idleSeconds")
    _whole(spec["startSeconds"], 1, 600, "startSeconds")
    _whole(spec["requestSeconds"], 1, 3600, "requestSeconds")
    _whole(spec["maxRequests"], 0, 1 << 40, "maxRequests")
    _whole(spec["workers"], 1, 64, "workers")
    _whole(spec["threads"], 1, 64, "threads")
    _limits(spec["limits"], "limits", ("memoryMb", "cpuPercent", "processes", "openFiles", "ioMbps"))
    _limits(spec["account_limits"], "account_limits", ("memoryMb", "cpuPercent", "processes", "ioMbps"))
    return spec


def read(name, roots):
    """Reads and checks the spec of one slot. Returns (spec, sha256 of the file as bytes)."""
    if not NAME.match(name):
        raise Wrong("a slot's name is <account>.<app> or <account>.<app>.<process>.")
    try:
        with open(roots.spec(name), "rb") as file:
            owner = os.fstat(file.fileno())
            text = file.read(1 << 20)
    except OSError as error:
        raise Wrong(f"the spec of {name} cannot be read: {error.strerror}.") from None
    if owner.st_uid != os.geteuid() or stat.S_IMODE(owner.st_mode) & 0o022:
        raise Wrong(f"the spec of {name} must belong to root and be writable by root only.")
    try:
        spec = json.loads(text)
    except ValueError as error:
        raise Wrong(f"the spec of {name} is not JSON: {error}.") from None
    spec = check(spec, name, roots)
    import hashlib  # here, because enter.py only wants the bounds above

    return spec, hashlib.sha256(text).digest()
