"""Specs of sleeping slots, packed: ten thousand of them differ in little but their names, and none is read before its slot wakes."""
import json
import zlib

from slotd.server.spec import DEFAULTS

_WINDOW = -12  # 4 KiB, no header: a spec and what it is likely to say


class Packer:
    """Packs and unpacks specs. What most of them say, with this host's own folders, is known to both sides and takes no room."""

    def __init__(self, roots):
        account, app = "account", "app"
        home, name = f"{roots.homes}/{account}", f"{account}.{app}"
        root = f"{home}/apps/{app}/current"
        likely = {
            **DEFAULTS, "version": 1, "name": name, "account": account, "app": app, "uid": 200000, "gid": 200000, "generation": 1,
            "mode": "on-demand", "kind": "wsgi", "entry": "wsgi:application", "home": home, "root": root, "venv": f"{root}/.venv",
            "stack": None, "socket": roots.slot_socket(name), "environment": f"{roots.state}/users/{account}/{app}.env.json",
            "tmp": f"{roots.state}/tmp/{account}", "log": roots.log(name, "app"), "logBytes": 4194304, "idleSeconds": 60,
            "startSeconds": 60, "limits": {"memoryMb": 512, "cpuPercent": 100, "processes": 50, "openFiles": 1024, "ioMbps": 0},
            "account_limits": {"memoryMb": 1024, "cpuPercent": 200, "processes": 100, "ioMbps": 0},
        }
        self.likely = self._text(likely)

    @staticmethod
    def _text(spec):
        return json.dumps(spec, separators=(",", ":")).encode()

    def pack(self, spec):
        """A spec as few bytes."""
        press = zlib.compressobj(3, zlib.DEFLATED, _WINDOW, 5, zdict=self.likely)
        return press.compress(self._text(spec)) + press.flush()

    def unpack(self, data):
        """The spec again."""
        return json.loads(zlib.decompressobj(_WINDOW, zdict=self.likely).decompress(data))
