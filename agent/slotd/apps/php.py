"""The child's way into PHP-FPM (kind php), after the drop: a master of the slot's own, so that no cache is shared with a neighbour.

Its settings never stand on a disk, and it makes no socket: it gets the slot's, as an FPM hands its own over to its successor.
"""
import gc
import glob
import os

from slotd.apps import command

_PROGRAMS = "/usr/sbin/php-fpm[0-9]*"
_CHILD_MB = 32  # what a child is reckoned to need
_MOST = 32

_SETTINGS = """[global]
daemonize = no
error_log = /proc/self/fd/2
log_level = warning
process_control_timeout = 50s
[web]
listen = {socket}
pm = ondemand
pm.max_children = {children}
pm.process_idle_timeout = {idle}s
pm.max_requests = {requests}
request_terminate_timeout = {seconds}s
catch_workers_output = yes
decorate_workers_output = no
clear_env = no
security.limit_extensions = .php
php_admin_value[cgi.fix_pathinfo] = 0
php_admin_value[expose_php] = 0
php_value[error_log] = /proc/self/fd/2
php_value[session.save_path] = /tmp
php_value[session.gc_probability] = 1
php_value[session.use_strict_mode] = 1
php_value[upload_max_filesize] = 64M
php_value[post_max_size] = 64M
"""


def program():
    """The newest PHP-FPM of this host, or None."""
    def version(path):
        return [int(part) if part.isdigit() else 0 for part in path.rpartition("php-fpm")[2].split(".")]

    return max(glob.glob(_PROGRAMS), key=version, default=None)


def children(spec):
    """How many requests may run at the same time. The master is one of the slot's processes."""
    limits = spec["limits"]
    room = max(1, limits["processes"] - 2)
    wanted = spec["workers"] if spec["workers"] > 1 else min(_MOST, max(2, limits["memoryMb"] // _CHILD_MB))
    return min(room, wanted)


def settings(spec):
    """The text of php-fpm.conf."""
    return _SETTINGS.format(
        socket=spec["socket"], children=children(spec), idle=min(60, spec["idleSeconds"]), requests=spec["maxRequests"],
        seconds=spec["requestSeconds"],
    )


def run(orders, status):
    """Becomes PHP-FPM. Never returns."""
    spec, env = orders["spec"], dict(os.environ)
    tell = lambda why: status.tell({"failed": why})
    path = program()
    if path is None:
        tell("PHP-FPM is not installed on this host")
        os._exit(command.FAILED)
    os.chdir(spec["root"])
    gc.enable()
    text = os.memfd_create("php-fpm.conf", 0)
    os.write(text, settings(spec).encode())
    status.tell({"restart": command.stamp(spec["root"])})
    os.set_inheritable(command.LISTENER, True)
    os.set_blocking(command.LISTENER, True)
    env["FPM_SOCKETS"] = f"{spec['socket']}={command.LISTENER}"
    # Code that was edited is live at the next request; what PHP says of errors goes to the log and not to nginx.
    options = ["opcache.revalidate_freq=0", "fastcgi.logging=0"]
    argv = [path, "--nodaemonize", "--fpm-config", f"/proc/self/fd/{text}"]
    for option in options:
        argv += ["-d", option]
    command.become(argv, env, tell)
