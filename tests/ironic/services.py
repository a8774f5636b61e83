"""What the services for the tests have in common: how they are installed, started, stopped and called.

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

# Debian's own package debian-archive-keyring puts it there.
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

START_TIMEOUT = 180  # seconds, for all that start together; 10 are usual


class Failure(Exception):
    """An error with a message for the person at the terminal."""


class Processes:
    """Services and the directory of their state; both are gone after the block."""

    def __enter__(self):
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="run-", dir=HOME))  # 0700: config drives contain secrets
        self.commands = {}
        self.logs = {}
        self.running = {}
        self.sockets = []
        return self

    def __exit__(self, *_):
        # No orderly shutdown: everything that it would save is deleted below.
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.running.values():
            process.wait()
        for reserved in self.sockets:
            reserved.close()
        shutil.rmtree(self.state, ignore_errors=True)

    def port(self):
        """Reserves a port of 127.0.0.1. The bound socket never listens, so a service that sets SO_REUSEADDR can use the port, and
        no other process gets it."""
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
        """Runs a command of the virtual environment in the directory of the state; returns the path of its log."""
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
        raise Failure(f"{name} does not answer; its log ends with:\n" + self.tail(name))

    def check(self):
        """Fails if one of the services has exited."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise Failure(f"{name} exited unexpectedly; its log ends with:\n" + self.tail(name))

    def tail(self, name, lines=20):
        return "\n".join(self.logs[name].read_text(errors="replace").splitlines()[-lines:])


def die_with_parent():
    """On Linux, kills the services if this script is killed. On other systems they would stay."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def call(method, url, body=None, headers=None):
    """Sends a request with a JSON body; returns the answer's headers and body, decoded if it is JSON."""
    request = urllib.request.Request(url, method=method, headers={"Content-Type": "application/json", **(headers or {})})
    data = None if body is None else json.dumps(body).encode()
    # This is loopback, so ignore proxies from the environment.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, data, timeout=30) as answer:
            text = answer.read()
            is_json = answer.headers.get_content_type() == "application/json"
            return answer.headers, json.loads(text) if is_json and text else text
    except urllib.error.HTTPError as error:
        raise Failure(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}")


def make_venv(home, requirements, finish, *finishers):
    """Makes home/venv with the requirements, and calls `finish`, unless both were done before with the same requirements and the
    same finishers (the files that define `finish`)."""
    if sys.version_info < (3, 11):
        raise Failure(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}")
    venv = home / "venv"
    # The path is part of the digest, because a virtual environment cannot be moved.
    digest = hashlib.sha256(
        f"{sys.version}\n{sys.prefix}\n{venv}\n".encode()
        + b"".join(pathlib.Path(file).read_bytes() for file in [requirements, *finishers])).hexdigest()
    stamp = home / "complete"
    home.mkdir(parents=True, exist_ok=True)
    with open(home / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second run waits for the first
        os.set_inheritable(lock.fileno(), True)  # and for a pip that outlives it
        if stamp.exists() and stamp.read_text() == digest:
            return
        stamp.unlink(missing_ok=True)  # from here on, an interrupted run counts as incomplete
        print(f"{pathlib.Path(sys.argv[0]).name}: installing target/{home.name} (once)", file=sys.stderr)
        run([sys.executable, "-m", "venv", "--clear", venv], "is python3-venv installed?")
        run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
             "--requirement", requirements], "is PyPI reachable?")
        finish()
        stamp.write_text(digest)


def unpack_package(name, path, target):
    """Puts `path` of a Debian package to `target`, unless it is there. The package is only unpacked, so nothing starts."""
    if target.exists():
        return
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        unpacked = pathlib.Path(directory, "unpacked")
        if unpack([name], unpacked, [], name):
            (unpacked / path).rename(target)


def unpack_release(release, packages, target):
    """Unpacks packages of a release of Debian to `target`, unless that was done with the same packages. The machine has a Debian
    itself, whose mirror is asked, but its release does not matter."""
    stamp = target / "packages"
    if stamp.exists() and stamp.read_text() == "\n".join(packages):
        return
    what = f"Debian's {packages[0]} ({release})"
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        lists = pathlib.Path(directory, "lists")
        lists.mkdir()
        sources = pathlib.Path(directory, "sources.list")
        options = ["-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=-", "-o", f"Dir::State::Lists={lists}",
                   "-o", f"Dir::Cache={directory}", "-o", "Dir::State::Status=/dev/null", "-o", "Acquire::Languages=none"]
        try:
            targets = subprocess.run(["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"],
                                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout.splitlines()
        except FileNotFoundError:
            targets = []
        mirror = next((words[2] for words in map(str.split, targets) if words[:2] == ["Debian", "Debian"]), None)
        if not mirror:
            print(f"{pathlib.Path(sys.argv[0]).name}: no mirror of Debian: {what} is left out", file=sys.stderr)
            return
        sources.write_text(f"deb [signed-by={KEYRING}] {mirror} {release} main\n")
        unpacked = pathlib.Path(directory, "unpacked")
        if unpack(packages, unpacked, options, what):
            (unpacked / "packages").write_text("\n".join(packages))
            shutil.rmtree(target, ignore_errors=True)
            unpacked.rename(target)


def unpack(packages, target, options, what):
    """Unpacks packages to a directory; returns whether that worked, and says so if not."""
    missing = f"{pathlib.Path(sys.argv[0]).name}: {{}}: {what} is left out"
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        print(missing.format("apt-get is not installed"), file=sys.stderr)
        return False
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        download = ["apt-get", *options, "download", "-qq", *packages]
        quiet = {"cwd": directory, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if options or subprocess.run(download, **quiet).returncode:
            if options or os.geteuid() == 0:
                subprocess.run(["apt-get", *options, "update", "-qq"], **quiet)
            if subprocess.run(download, **quiet).returncode:
                print(missing.format("apt-get cannot download it"), file=sys.stderr)
                return False
        for package in pathlib.Path(directory).glob("*.deb"):
            run(["dpkg-deb", "-x", package, target], "is the package whole?")
    return True


def run(command, hint):
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            close_fds=False)  # so that pip inherits the lock of make_venv
    if result.returncode:
        sys.stderr.write(result.stdout.decode(errors="replace"))
        raise Failure(f"{pathlib.Path(command[0]).name} failed ({hint})")
