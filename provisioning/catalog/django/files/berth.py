"""What the host tells this app, in one place.

Berth gives every app a handful of environment variables. Nothing here is needed on your own computer:
without them the settings fall back to SQLite and Django's development server.
"""

import json
import os
from urllib.parse import parse_qs, unquote, urlsplit

try:
    # PyMySQL is MySQL's driver in pure Python. Django knows the name MySQLdb, so we lend it.
    import pymysql

    pymysql.install_as_MySQLdb()
except ImportError:
    pass

#: True on a host, False on your own computer.
HOSTED = "DATABASE_URL" in os.environ

#: Where visitors find the app, such as https://blog.example.org
URL = os.environ.get("BERTH_URL", "http://localhost:8000").rstrip("/")

#: The host names the app answers to.
HOSTS = [name for name in os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1").split(",") if name]


def database():
    """DATABASE_URL (mysql://user:password@host/name?unix_socket=/path) as Django wants it."""
    url = urlsplit(os.environ["DATABASE_URL"])
    options = {key: values[0] for key, values in parse_qs(url.query).items()}
    if "unix_socket" in options:
        # Nothing leaves the machine, so there is nothing to encrypt; preparing for it takes 25 ms each time.
        options["ssl_disabled"] = True
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": unquote(url.path.lstrip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": url.port or "",
        "OPTIONS": {"charset": "utf8mb4", **options},
    }


def origins():
    """Every host name with the scheme and port of the app's address: whose forms Django may trust."""
    url = urlsplit(URL)
    port = f":{url.port}" if url.port else ""
    return [f"{url.scheme}://{name}{port}" for name in HOSTS]


def everything():
    """All that Berth knows about your account: other databases, other apps, limits. See the file itself."""
    with open(os.environ["BERTH_CONFIG"], encoding="utf-8") as file:
        return json.load(file)
