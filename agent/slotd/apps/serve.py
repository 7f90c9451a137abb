"""Which server a Python app gets, by its spec."""
from slotd.apps import asgi, perrequest, threaded, worker


def run(spec, status, listener):
    """Serves the app on the listening socket until it is time to leave. Never returns."""
    if spec["kind"] == "asgi":
        asgi.run(spec, status, listener)
    elif spec["mode"] == "per-request":
        worker.run(spec, status, listener, perrequest.Parent)
    else:
        worker.run(spec, status, listener, threaded.Threads if spec["threads"] > 1 else worker.Server)
