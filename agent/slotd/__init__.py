"""The slot server: holds every slot's listening socket, wakes apps, limits them and reaps them. See slotd.py."""

VERSION = "0.1.0"
