"""What is installed in a customer's virtual environment, told by a process that is the customer."""
import os


def packages(home, venv):
    """The names of what is installed in a virtual environment, at most a thousand; None when there is none."""
    try:
        lib, _ = home.folder(f"{venv}/lib/x")
    except OSError:
        return None
    try:
        real = os.open(f"/proc/self/fd/{lib}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        pythons = [name for name in os.listdir(real) if name.startswith("python3.")]
        os.close(real)
    finally:
        os.close(lib)
    found = []
    for python in sorted(pythons)[:3]:
        try:
            place, _ = home.folder(f"{venv}/lib/{python}/site-packages/x")
        except OSError:
            continue
        with os.scandir(f"/proc/self/fd/{place}") as entries:
            found += [entry.name for entry in entries if entry.name.endswith(".dist-info") and len(entry.name) <= 200]
        os.close(place)
    return found[:1000] if pythons else None
