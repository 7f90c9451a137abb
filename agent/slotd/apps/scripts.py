"""What `npm start` means: npm itself need not stay in memory beside the app, nor stand between the app and its socket."""
import json
import os
import shlex

_MANAGERS = ("npm", "yarn", "pnpm")
_LARGEST = 1 << 20
# Words that a shell would do something with; without them a script line is just a program and its words.
_SHELL = set("|&;<>()$`\\*?[]#~!{}\n")


def _asked(argv):
    """(script's name, further words) of a package manager's command line, or None."""
    if os.path.basename(argv[0]) not in _MANAGERS or len(argv) < 2:
        return None
    words = argv[1:]
    if words[0] in ("run", "run-script"):
        words = words[1:]
    elif words[0] not in ("start", "serve", "dev", "preview"):
        return None
    if not words or words[0].startswith("-"):
        return None
    more = words[1:]
    return words[0], more[1:] if more[:1] == ["--"] else more


def _package(root):
    with open(os.path.join(root, "package.json"), encoding="utf-8") as file:
        found = json.loads(file.read(_LARGEST))
    return found if isinstance(found, dict) else {}


def _words(line):
    """The words of a line that needs no shell, or None."""
    try:
        words = None if set(line) & _SHELL else shlex.split(line)
    except ValueError:
        return None
    return words if words and "=" not in words[0] else None


def plain(argv, root, env):
    """The command that a package manager's script stands for (env gets what the manager would add); any other command as it is."""
    asked = _asked(argv)
    if asked is None:
        return argv
    try:
        package = _package(root)
    except (OSError, ValueError, RecursionError):
        return argv
    name, more = asked
    scripts = package.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    line = scripts.get(name)
    if line is None and name == "start" and os.path.exists(os.path.join(root, "server.js")):
        line = "node server.js"
    if not isinstance(line, str) or not line.strip():
        return argv
    env["PATH"] = f"{root}/node_modules/.bin:{env.get('PATH', '/usr/bin:/bin')}"
    env.update({"npm_lifecycle_event": name, "npm_package_json": f"{root}/package.json"})
    for field in ("name", "version"):
        if isinstance(package.get(field), str):
            env[f"npm_package_{field}"] = package[field]
    before = scripts.get(f"pre{name}")
    words = None if before else _words(line)
    if words:
        return [*words, *more]
    line = f"{line} {shlex.join(more)}" if more else line
    # The same shell that npm would ask.
    return ["/bin/sh", "-c", f"{before} && {line}" if isinstance(before, str) else line]
