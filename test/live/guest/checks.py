"""Runs inside the guest, as root under a real systemd on control groups version 2 alone. Prints one JSON line for each check."""
import json
import os
import socket
import subprocess
import sys
import time
import traceback

CODE = "/berth/agent/slotd"
ROOT = "/var/lib/berth-check"
ENV = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "BERTH_STATE": f"{ROOT}/s", "BERTH_RUN": f"{ROOT}/r", "BERTH_HOMES": f"{ROOT}/h",
    "BERTH_CGROUP": "berth", "BERTH_LOOK_SECONDS": "3",
}
TREE = "/sys/fs/cgroup/berth"
UID = 200_001
APP = '''
import ctypes, errno, os, subprocess, threading, time
kept = []
def write():
    with open("big", "wb", buffering=0) as file:
        while True:
            file.seek(0)
            for _ in range(8): file.write(bytes(1 << 20))
            os.fsync(file.fileno())
def spin():
    while True: pass
def application(environ, start):
    path, said = environ["PATH_INFO"], "fine"
    if path == "/hog":
        while True: kept.append(bytearray(1 << 20))
    if path == "/bomb":
        refused = 0
        for _ in range(40):
            try: kept.append(subprocess.Popen(["/bin/sleep", "100"]))
            except OSError: refused += 1
        said = str(refused)
    if path == "/cpu": threading.Thread(target=spin, daemon=True).start()
    if path == "/io": threading.Thread(target=write, daemon=True).start()
    if path == "/stay":
        subprocess.Popen(["/bin/sh", "-c", "trap '' TERM HUP; setsid sh -c 'trap \\"\\" TERM; while :; do sleep 1; done' & while :; do sleep 1; done"])
    if path == "/user":
        libc = ctypes.CDLL(None, use_errno=True)
        said = "done" if libc.unshare(0x10000000) == 0 else errno.errorcode[ctypes.get_errno()]
    start("200 OK", [])
    return [said.encode()]
'''


def tell(name, ok, **more):
    print("CHECK " + json.dumps({"name": name, "ok": bool(ok), **more}), flush=True)


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def ask(request):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"{ROOT}/r/slotd.sock")
        line.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(line.makefile().readline())


def load(app, **limits):
    home, tmp = f"{ROOT}/h/ada", f"{ROOT}/s/tmp/ada"
    code, user = f"{home}/apps/{app}/current", f"{ROOT}/s/users/ada"
    for path in (code, tmp, user, f"{ROOT}/s/slots", f"{ROOT}/r/sites"):
        os.makedirs(path, exist_ok=True)
    with open(f"{code}/app.py", "w", encoding="utf-8") as file:
        file.write(APP)
    subprocess.run(["chown", "-R", f"{UID}:{UID}", home, tmp], check=True)
    environment, spec = f"{user}/{app}.env.json", f"{ROOT}/s/slots/ada.{app}.json"
    with open(environment, "w", encoding="utf-8") as file:
        json.dump({"HOME": home, "PATH": "/usr/bin:/bin"}, file)
    os.chmod(environment, 0o644)
    common = {"memoryMb": 128, "cpuPercent": 100, "processes": 30, "ioMbps": 0}
    with open(os.open(spec, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        json.dump({
            "version": 1, "name": f"ada.{app}", "account": "ada", "app": app, "uid": UID, "gid": UID, "generation": 1, "mode": "on-demand",
            "kind": "wsgi", "entry": "app:application", "home": home, "root": code, "venv": None, "stack": None,
            "socket": f"{ROOT}/r/slots/ada.{app}.sock", "environment": environment, "tmp": tmp,
            "log": f"{ROOT}/s/logs/ada/{app}/app.log", "logBytes": 4_194_304, "idleSeconds": 60, "startSeconds": 60,
            "limits": {**common, "openFiles": 256, **limits}, "account_limits": {**common, "memoryMb": 512, "cpuPercent": 300, "processes": 200},
        }, file)
    answer = ask({"op": "load", "name": f"ada.{app}"})
    if not answer["ok"]:
        raise RuntimeError(answer["error"])


def get(app, path="/"):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(f"{ROOT}/r/slots/ada.{app}.sock")
        line.sendall(f"GET {path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
        return line.makefile("rb").read().rpartition(b"\r\n\r\n")[2].decode()


def status(app):
    return next(slot for slot in ask({"op": "status"})["slots"] if slot["name"] == f"ada.{app}")


def until(look, seconds=40):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not look():
        time.sleep(0.1)
    return look()


def said(app):
    return read(f"{ROOT}/s/logs/ada/{app}/app.log")


def tree():
    mounts = [line.split()[2] for line in read("/proc/mounts").splitlines()]
    tell("the host has version 2 alone, under systemd", "cgroup" not in mounts and "cgroup2" in mounts and read("/proc/1/comm") == "systemd\n")
    load("plain", ioMbps=7)
    began = time.monotonic()
    body = get("plain")
    took, have = time.monotonic() - began, read("/sys/fs/cgroup/berth/cgroup.subtree_control").split()
    tell("a sleeping app wakes", body == "fine", ms=round(took * 1000), waked=status("plain")["lastWakeMs"])
    tell("all four controllers are handed down", set(have) >= {"memory", "pids", "cpu", "io"}, have=have)
    at = f"{TREE}/ada/plain"
    limits = {name: read(f"{at}/{name}").strip() for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max", "io.max")}
    size = int(limits["memory.max"])
    right = 100 << 20 < size < 128 << 20 and limits["pids.max"] == "30" and limits["cpu.max"] == "100000 100000"
    tell("every limit is set, less what came before the group", right and f"rbps={7 << 20} wbps={7 << 20}" in limits["io.max"], **limits)
    tell("no user namespace", get("plain", "/user") == "EPERM")
    figures = status("plain")
    tell("the group's figures are read", figures["memoryBytes"] > 1 << 20 and figures["cpuUsec"] > 0 and figures["processes"] >= 1)


def hogs():
    load("hog", memoryMb=64)
    get("hog")
    try:
        get("hog", "/hog")
    except OSError:
        pass
    told = until(lambda: "used more memory than 64 MB and was ended" in said("hog"))
    tell("a memory hog is ended and told", told and status("hog")["limitHits"]["memory"] >= 1)
    tell("and its app answers again", get("hog") == "fine")
    load("bomb", processes=12)
    refused = int(get("bomb", "/bomb"))
    tell("forks beyond the limit are refused and counted", refused > 0 and status("bomb")["limitHits"]["processes"] >= refused, refused=refused)
    load("cpu", cpuPercent=20)
    get("cpu", "/cpu")
    before, began = status("cpu")["cpuUsec"], time.monotonic()
    time.sleep(4)
    share = (status("cpu")["cpuUsec"] - before) / (time.monotonic() - began) / 10_000
    tell("a processor hog gets its share and no more", 10 < share < 30 and status("cpu")["limitHits"]["cpu"] > 10, percent=round(share))
    load("io", ioMbps=2)
    get("io", "/io")
    device = read(f"{TREE}/ada/io/io.max").split()[0]

    def written():
        line = next((line for line in read(f"{TREE}/ada/io/io.stat").splitlines() if line.startswith(device + " ")), "")
        return sum(int(word[7:]) for word in line.split() if word.startswith("wbytes="))

    time.sleep(2)
    before, began = written(), time.monotonic()
    time.sleep(6)
    rate = (written() - before) / (time.monotonic() - began) / (1 << 20)
    tell("a writer is slowed to its rate, buffered writes too", 0.5 < rate < 3, rate=round(rate, 2))
    tell("and that is counted and told", until(lambda: status("io")["limitHits"]["io"] > 0 and "as fast as its 2 MB" in said("io")))


def ends():
    load("stay")
    get("stay", "/stay")
    until(lambda: len(status("stay")["pids"]) >= 4)
    pids = status("stay")["pids"]
    began = time.monotonic()
    answer = ask({"op": "unload", "name": "ada.stay"})
    alive = [pid for pid in pids if os.path.exists(f"/proc/{pid}") and "State:\tZ" not in read(f"/proc/{pid}/status")]
    gone = not os.path.exists(f"{TREE}/ada/stay")
    tell("cgroup.kill ends what ignores signals", answer == {"ok": True} and len(pids) >= 4 and not alive and gone, pids=len(pids),
         ms=round((time.monotonic() - began) * 1000))
    request = {
        "verb": "exec", "uid": UID, "gid": UID, "home": f"{ROOT}/h/ada", "homes": f"{ROOT}/h", "tmp": f"{ROOT}/s/tmp/ada",
        "cgroup": "berth/_builds/ada.plain", "limits": {"memoryMb": 700, "cpuPercent": 200, "processes": 64}, "fresh": True,
        "cwd": "/", "env": {}, "argv": ["/usr/bin/python3", "-c", "print(open('/proc/self/cgroup').read()); x = bytearray(600 << 20)"],
    }
    built = subprocess.run(["/usr/bin/python3", "-I", "-S", f"{CODE}/enter.py"], input=json.dumps(request) + "\n", env=ENV, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    at = f"{TREE}/_builds"
    tell("a build takes more than its account may", built.returncode == 0 and "0::/berth/_builds/ada.plain" in built.stdout, said=built.stdout[-300:])
    tell("builds weigh less than an account", read(f"{at}/cpu.weight").strip() == "50" and read(f"{TREE}/ada/cpu.weight").strip() == "100")


def quotas():
    os.makedirs("/quota", exist_ok=True)
    subprocess.run(["mkfs.ext4", "-q", "-O", "quota", "/dev/vdb"], check=True)
    subprocess.run(["mount", "-o", "usrquota", "/dev/vdb", "/quota"], check=True)
    os.mkdir("/quota/ada")
    os.chown("/quota/ada", UID, UID)

    def ask_quota(**more):
        request = json.dumps({"path": "/quota", "uid": UID, **more}) + "\n"
        done = subprocess.run(["/usr/bin/python3", "-I", "-S", f"{CODE}/quota.py"], input=request, text=True, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)

    def write(size):
        code = f"open('/quota/ada/big', 'wb').write(bytes({size}))"
        drop = {"user": UID, "group": UID, "extra_groups": ()}
        return subprocess.run(["/usr/bin/python3", "-c", code], stderr=subprocess.PIPE, text=True, check=False, **drop).stderr

    free = write(12 << 20)
    put = ask_quota(mostBytes=8 << 20, mostInodes=100)["quota"]
    over = write(20 << 20)
    full = ask_quota()["quota"]
    good = not free and put["mostBytes"] == 8 << 20 and "Disk quota exceeded" in over and 7 << 20 < full["bytes"] <= 8 << 20
    tell("a disk quota holds where the file system has one", good, free=free, over=over[-60:], full=full)


def main():
    os.makedirs(f"{ROOT}/h", exist_ok=True)
    os.makedirs(f"{ROOT}/s/tmp", exist_ok=True)
    slotd = subprocess.Popen(["/usr/bin/python3", "-I", "-S", "-u", f"{CODE}/slotd.py"], env=ENV, stdout=subprocess.PIPE, text=True)
    slotd.stdout.readline()
    for part in (tree, hogs, ends, quotas):
        try:
            part()
        except Exception:
            tell(part.__name__, False, error=traceback.format_exc()[-1500:])
    slotd.terminate()
    slotd.wait(30)
    tell("nothing is left behind", until(lambda: not os.path.exists(f"{TREE}/ada"), 5), left=os.listdir(TREE) if os.path.exists(TREE) else [])
    print("CHECKS OVER", flush=True)


if __name__ == "__main__":
    sys.exit(main())
