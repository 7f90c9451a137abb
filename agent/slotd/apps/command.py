"""The child's way into a program of the customer's choice (kind command), after the drop."""
import gc
import os
import signal

from slotd.apps import gateway, scripts

LISTENER = 3
FAILED = 75


def stamp(root):
    """When tmp/restart.txt was touched last; 0 without one."""
    try:
        return os.stat(os.path.join(root, "tmp", "restart.txt")).st_mtime_ns
    except OSError:
        return 0


def tell_stamp(orders, status):
    """A short errand: looks at the restart file as the customer, and ends."""
    status.tell({"restart": stamp(orders["spec"]["root"])})
    os._exit(0)


def become(argv, env, tell):
    """execve(2) with ordinary signals; tell(why) when it cannot be, and the end."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], argv, env)
    except OSError as error:
        tell(f"{argv[0]}: {error.strerror}")
    except ValueError as error:
        tell(f"{argv[0]}: {error}")
    os._exit(FAILED)


def _socket_variables(env, preload):
    """The socket as systemd hands it over, and for Node the preload that makes it the app's first listen()."""
    env.update({
        "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web", "LISTEN_PID": str(os.getpid()),
        "BERTH_LISTENER": str(os.fstat(LISTENER).st_ino),
        # Else uWSGI starts again when it is told to end.
        "UWSGI_DIE_ON_TERM": "true",
    })
    env["NODE_OPTIONS"] = f'--require "{preload}" {env.get("NODE_OPTIONS", "")}'.strip()


def run(orders, status, listener):
    """Becomes the program, or the gateway before it. Never returns."""
    spec, env = orders["spec"], dict(os.environ)
    os.chdir(spec["root"])
    gc.enable()
    argv = scripts.plain(spec["argv"], spec["root"], env)
    tell = lambda why: status.tell({"failed": why})
    if spec["role"] != "web":
        if listener is not None:
            listener.close()
    elif spec["listen"] == "port":
        gateway.run(spec, status, listener, argv, env)
    else:
        status.tell({"restart": stamp(spec["root"])})
        _socket_variables(env, orders["preload"])
        os.set_inheritable(LISTENER, True)
        os.set_blocking(LISTENER, True)
        if spec["protocol"] == "fastcgi":
            os.dup2(LISTENER, 0)  # FCGI_LISTENSOCK_FILENO of the FastCGI specification
    become(argv, env, tell)
