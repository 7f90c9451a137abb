"""Things a zygote may do once for every child: the same for every app, free of any tenant's data."""
import os
import site
import sys


def _translations():
    """Reads Django's English catalogues into gettext's own cache, where every app looks them up by file name."""
    import gettext

    import django

    conf = os.path.join(os.path.dirname(django.__file__), "conf", "locale")
    contrib = os.path.join(os.path.dirname(django.__file__), "contrib")
    folders = [conf]
    for app in ("admin", "auth", "contenttypes", "sessions"):
        folders.append(os.path.join(contrib, app, "locale"))
    for folder in folders:
        gettext.translation("django", localedir=folder, languages=["en"], fallback=True)


def _plugins():
    """Pydantic asks once which plug-ins are installed, and has done so if a preloaded module made a model: every app asks anew."""
    from pydantic.plugin import _loader

    _loader._pydantic_plugins = None


def everything():
    """Warms what the loaded modules allow. Returns what failed, as text."""
    failed = []
    site.setquit()
    site.sethelper()
    for package, act in (("django", _translations), ("pydantic.plugin", _plugins)):
        if package in sys.modules:
            try:
                act()
            except Exception as error:
                failed.append(f"warming {package}: {type(error).__name__}: {error}")
    return failed
