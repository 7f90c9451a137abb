"""Where things live: the same names as provisioning/layout.ts, from the same environment."""
import os


class Roots:
    """The paths slotd uses, all derived from BERTH_STATE, BERTH_RUN, BERTH_HOMES and BERTH_CGROUP."""

    def __init__(self, env=os.environ):
        self.state = os.path.normpath(env.get("BERTH_STATE") or "/var/lib/berth")
        self.run = os.path.normpath(env.get("BERTH_RUN") or "/run/berth")
        self.homes = os.path.normpath(env.get("BERTH_HOMES") or "/home")
        self.cgroup = env.get("BERTH_CGROUP") or "berth"
        self.specs = f"{self.state}/slots"
        self.sockets = f"{self.run}/slots"
        self.sites = f"{self.run}/sites"
        self.skeletons = f"{self.run}/jail"
        self.control = f"{self.run}/slotd.sock"
        self.lock = f"{self.run}/slotd.lock"
        self.guard = f"{self.run}/guard.sock"
        self.access = f"{self.run}/access.sock"
        self.stacks = f"{self.state}/stacks"
        self.asgi = f"{self.state}/servers/asgi/site-packages"  # for apps that do not bring uvicorn themselves
        self.logs = f"{self.state}/logs"
        self.node_preload = f"{self.run}/node/listen.cjs"

    def spec(self, name):
        """The spec file of a slot."""
        return f"{self.specs}/{name}.json"

    def slot_socket(self, name):
        """The listening socket of a slot."""
        return f"{self.sockets}/{name}.sock"

    def log(self, name, stream):
        """One log file of a slot."""
        account, app = name.split(".")[:2]
        return f"{self.logs}/{account}/{app}/{stream}.log"

    def kept(self):
        """Roots that a jail must not hide when they stand below a shared scratch folder."""
        return [self.state, self.run, self.homes]
