"""Turning a blank interpreter into the python of a virtual environment, after the drop: what `site` does at an ordinary start."""
import os
import re
import site
import sys

_VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def packages(place):
    """Where a virtual environment keeps its packages, for this interpreter."""
    return os.path.join(place, "lib", _VERSION, "site-packages")


def _plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def difference(place, wanted):
    """None when the venv holds exactly these versions, else one sentence."""
    try:
        names = os.listdir(packages(place)) if place else []
    except OSError:
        names = []
    have = {}
    for name in names:
        if name.endswith(".dist-info"):
            package, _, version = name[:-10].rpartition("-")
            have[_plain(package)] = version
    for package, version in wanted.items():
        found = have.get(_plain(package))
        if found != version:
            return f"the stack has {package} {version}, the app has {found or 'none'}"
    return None


def own_names(root):
    """Modules and packages that stand in the app's own folder, by name."""
    try:
        entries = os.listdir(root)
    except OSError:
        return []
    names = [entry[:-3] for entry in entries if entry.endswith(".py")]
    return names + [entry for entry in entries if entry in sys.modules and os.path.isfile(os.path.join(root, entry, "__init__.py"))]


def _wants_system(place):
    try:
        with open(os.path.join(place, "pyvenv.cfg"), encoding="utf-8") as file:
            text = file.read(65536)
    except OSError:
        return False
    return re.search(r"(?im)^\s*include-system-site-packages\s*=\s*true\s*$", text) is not None


def activate(place):
    """Makes sys look as if `place`/bin/python had been started, and reads its .pth files."""
    if place:
        sys.prefix = sys.exec_prefix = place
        sys.executable = os.path.join(place, "bin", "python")
        site.PREFIXES[:] = [place]
        site.addsitedir(packages(place))
    if sys.base_prefix == "/usr" and (not place or _wants_system(place)):
        for folder in ("/usr/local/lib/" + _VERSION + "/dist-packages", "/usr/lib/python3/dist-packages"):
            if os.path.isdir(folder):
                site.addsitedir(folder)
    site.execsitecustomize()
