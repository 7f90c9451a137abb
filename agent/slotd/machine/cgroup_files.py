"""The small files of control groups."""
import os


def read(path):
    """The text of a small file; empty when it is not there."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def write(path, text):
    """Writes a small file at once."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, str(text).encode())
    finally:
        os.close(descriptor)


def number(path):
    """The number a file holds; 0 when it holds none."""
    text = read(path).strip()
    return int(text) if text.isdigit() else 0


def fields(path):
    """The numbers of a file of `name value` lines."""
    pairs = (line.split() for line in read(path).splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def folders(path):
    """The names of the folders in a folder; none when it is not there."""
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
