"""python3 terminal.py COMMAND…: runs it on a terminal of its own, whose keys are stdin and whose screen is stdout.

Ends with the exit code of the command, after a last line: whether the terminal is as it was. When stdin ends, the
command is killed.
"""

import fcntl
import os
import pty
import selectors
import subprocess
import sys
import termios

keyboard, terminal = pty.openpty()
before = termios.tcgetattr(terminal)
command = subprocess.Popen(
    sys.argv[1:],
    stdin=terminal,
    stdout=terminal,
    stderr=terminal,
    start_new_session=True,
    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
)
watch = selectors.DefaultSelector()
watch.register(keyboard, selectors.EVENT_READ)
watch.register(sys.stdin.fileno(), selectors.EVENT_READ)


def screen():
    """Writes on what the command has shown."""
    os.write(1, os.read(keyboard, 65536))


while command.poll() is None:
    for ready, _ in watch.select(timeout=0.05):
        if ready.fd == keyboard:
            screen()
            continue
        keys = os.read(ready.fd, 1024)
        if keys:
            os.write(keyboard, keys)
        else:
            command.kill()
            watch.unregister(ready.fd)
while any(ready.fd == keyboard for ready, _ in watch.select(timeout=0.05)):
    screen()
print("terminal:", "as before" if termios.tcgetattr(terminal) == before else "changed", flush=True)
sys.exit(command.returncode if command.returncode >= 0 else 128 - command.returncode)
