"""Runs a program that finds other users and groups in /etc: names.py <passwd> <group> <program> ... In a mount namespace of its own."""
import os
import subprocess
import sys

for source, target in zip(sys.argv[1:3], ("/etc/passwd", "/etc/group")):
    subprocess.run(["/bin/mount", "--bind", source, target], check=True)
os.execv(sys.argv[3], sys.argv[3:])
