"""What the services of these tests have in common: where they are installed, how they run and end, how they are asked.

Standard library only, so that it runs before anything is installed.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

HOME = pathlib.Path(__file__).resolve().parents[2] / "target" / "ironic"
VENV = HOME / "venv"

START_TIMEOUT = 180  # seconds, for all that start together; 10 are usual


class Failure(Exception):
    """What went wrong, in one line for the person at the terminal."""


class Processes:
    """Services that end with the block, and the folder of their state, which goes with them."""

    def __enter__(self):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=HOME))  # 0700: config drives hold secrets
        self.commands = {}
        self.logs = {}
        self.running = {}
        self.sockets = []
        return self

    def __exit__(self, *_):
        # No farewell: all that an orderly end would keep is thrown away below.
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.running.values():
            process.wait()
        for reserved in self.sockets:
            reserved.close()
        shutil.rmtree(self.state, ignore_errors=True)

    def port(self):
        """A port of 127.0.0.1. Bound and never listened on, a socket keeps it for a service that sets SO_REUSEADDR too, and from
        others."""
        reserved = socket.socket()
        self.sockets.append(reserved)
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        return reserved.getsockname()[1]

    def write(self, name, text):
        path = self.state / name
        path.write_text(text)
        return path

    def start(self, name, command):
        """Runs a command of the virtual environment in the folder of the state; gives the path of its log."""
        self.commands[name] = command
        self.logs[name] = self.state / f"{name}.log"
        with open(self.logs[name], "ab") as log:
            self.running[name] = subprocess.Popen(
                [VENV / "bin" / command[0], *command[1:]], cwd=self.state, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, preexec_fn=die_with_parent)
        return self.logs[name]

    def restart(self, name):
        """Kills a service and starts it again, with the state that it left."""
        self.running[name].kill()
        self.running[name].wait()
        self.start(name, self.commands[name])

    def wait_until_answered(self, name, url):
        deadline = time.monotonic() + START_TIMEOUT
        while self.running[name].poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, Failure):
                call("GET", url)
                return
            time.sleep(0.05)
        raise Failure(f"{name} does not answer; the end of its log:\n" + self.tail(name))

    def check(self):
        """Fails if one of the services has ended."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise Failure(f"{name} ended by itself; the end of its log:\n" + self.tail(name))

    def tail(self, name, lines=20):
        return "\n".join(self.logs[name].read_text(errors="replace").splitlines()[-lines:])


def die_with_parent():
    """Linux: should this script be killed outright, its services end too. Elsewhere they would stay."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def call(method, url, body=None, headers=None):
    """Sends a request with a body of JSON; gives the answer's headers and body, read as JSON where it is."""
    request = urllib.request.Request(url, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    data = None if body is None else json.dumps(body).encode()
    # Loopback: whatever proxy the environment names has no part in it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, data, timeout=30) as answer:
            text = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.headers, json.loads(text) if is_json and text else text
    except urllib.error.HTTPError as error:
        raise Failure(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}")


def make_venv(home, requirements, finish, *finishers):
    """Makes home/venv with what is required, and finishes it, unless that was done for the same requirements before, and by the
    same finishers (the files in which `finish` stands)."""
    if sys.version_info < (3, 11):
        raise Failure(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")
    venv = home / "venv"
    # The path is part of it: a virtual environment cannot be moved.
    wanted = hashlib.sha256(
        f"{sys.version}\n{sys.prefix}\n{venv}\n".encode()
        + b"".join(pathlib.Path(file).read_bytes() for file in [requirements, *finishers])).hexdigest()
    stamp = home / "complete"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits for the first
        os.set_inheritable(lock.fileno(), True)  # and for a pip that outlived it
        if stamp.exists() and stamp.read_text() == wanted:
            return
        stamp.unlink(missing_ok=True)  # from here on an interrupted run is an incomplete one
        print(f"{pathlib.Path(sys.argv[0]).name}: installing target/{home.name} (once)", file=sys.stderr)
        run([sys.executable, "-m", "venv", "--clear", venv], "is python3-venv installed?")
        run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--requirement", requirements], "is PyPI reachable?")
        finish()
        stamp.write_text(wanted)


def unpack_package(name, path, target):
    """Leaves what Debian's package has at `path` at `target`, unless it is there: unpacked, not installed, so nothing starts."""
    if target.exists():
        return
    missing = f"{pathlib.Path(sys.argv[0]).name}: {{}}: {name} is left out"
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        print(missing.format("no apt-get here"), file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        download = ["apt-get", "download", "-qq", name]
        quiet = {"cwd": folder, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run(download, **quiet).returncode:
            if os.geteuid() == 0:
                subprocess.run(["apt-get", "update", "-qq"], **quiet)
            if subprocess.run(download, **quiet).returncode:
                print(missing.format("apt-get has it not"), file=sys.stderr)
                return
        [package] = pathlib.Path(folder).glob(f"{name}_*.deb")
        unpacked = pathlib.Path(folder, "unpacked")
        run(["dpkg-deb", "-x", package, unpacked], "is the package whole?")
        (unpacked / path).rename(target)


def run(command, hint):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            close_fds=False)  # install's lock goes along
    if result.returncode:
        sys.stderr.write(result.stdout.decode(errors="replace"))
        raise Failure(f"{pathlib.Path(command[0]).name} failed ({hint})")
