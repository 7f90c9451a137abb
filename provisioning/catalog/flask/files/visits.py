"""Counts visits: in your database if the app has one, else in memory until the app falls asleep."""

import os
from contextlib import contextmanager
from urllib.parse import parse_qs, unquote, urlsplit

DATABASE_URL = os.environ.get("DATABASE_URL", "")

#: Whether the count outlives the process.
KEPT = DATABASE_URL.startswith("mysql:")

_in_memory = 0


@contextmanager
def database():
    """One connection to the database in DATABASE_URL, closed at the end. Costs about a millisecond."""
    import pymysql

    url = urlsplit(DATABASE_URL)
    socket = parse_qs(url.query).get("unix_socket", [None])[0]
    connection = pymysql.connect(
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        database=unquote(url.path.lstrip("/")),
        host=url.hostname,
        port=url.port or 3306,
        unix_socket=socket,
        # Nothing leaves the machine through a socket; preparing to encrypt it takes 25 ms each time.
        ssl_disabled=bool(socket),
        charset="utf8mb4",
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS visits (id TINYINT PRIMARY KEY, total BIGINT NOT NULL)")
        yield cursor


def add():
    """One more visit; returns how many there are now."""
    global _in_memory
    if not KEPT:
        _in_memory += 1
        return _in_memory
    with database() as cursor:
        cursor.execute("INSERT INTO visits VALUES (1, 1) ON DUPLICATE KEY UPDATE total = total + 1")
        return total(cursor)


def count():
    """How many visits there were."""
    if not KEPT:
        return _in_memory
    with database() as cursor:
        return total(cursor)


def total(cursor):
    cursor.execute("SELECT total FROM visits WHERE id = 1")
    row = cursor.fetchone()
    return row[0] if row else 0
