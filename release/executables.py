"""The command for Linux: static executables, with manual pages and completions, as archives and as Debian packages."""

import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess

import documents
from common import HERE, ROOT, VERSION, WORK, Failure, epoch, pack, run, staged

# The names of an architecture in Rust and in Debian, and the C compiler for it on x86-64 (for the cryptography, which is partly C).
ARCHITECTURES = {
    "x86_64": ("amd64", "musl-gcc"),
    "aarch64": ("arm64", "aarch64-linux-gnu-gcc"),
}


def build():
    """Build the command for all architectures, and return the executables."""
    triples = {architecture: f"{architecture}-unknown-linux-musl" for architecture in ARCHITECTURES}
    for _, compiler in ARCHITECTURES.values():
        if not shutil.which(compiler):
            raise Failure(f"cannot find {compiler}: apt-get install musl-tools gcc-aarch64-linux-gnu")
    run("rustup", "--quiet", "target", "add", *triples.values(), cwd=ROOT)
    # The date is in no executable, but crates with C code would be built again whenever it changes.
    foreign = ("CARGO_", "RUSTFLAGS", "SOURCE_DATE_EPOCH")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign) or name == "CARGO_HOME"}
    cargo = os.environ.get("CARGO_HOME") or pathlib.Path.home() / ".cargo"
    rustc = dict(line.split(": ", 1) for line in run("rustc", "-vV", cwd=ROOT).decode().splitlines() if ": " in line)
    sysroot = run("rustc", "--print", "sysroot", cwd=ROOT).decode().strip()
    environment |= {
        "CARGO_TARGET_DIR": str(WORK),
        "CARGO_INCREMENTAL": "0",
        "CARGO_PROFILE_RELEASE_STRIP": "symbols",
        # Panics contain paths. Replace those of this machine, so that the bytes are the same everywhere.
        "RUSTFLAGS": f"--remap-path-prefix={ROOT}=/configdrive --remap-path-prefix={cargo}=/cargo "
                     f"--remap-path-prefix={sysroot}/lib/rustlib/src/rust=/rustc/{rustc['commit-hash']}",
    }
    triple = triples["aarch64"].replace("-", "_")
    environment[f"CC_{triple}"] = environment[f"CARGO_TARGET_{triple.upper()}_LINKER"] = ARCHITECTURES["aarch64"][1]
    run("cargo", "build", "--release", "--locked", "--package", "configdrive-cli", "--features", "cross",
        *(word for triple in triples.values() for word in ("--target", triple)), cwd=ROOT, env=environment)
    executables = {}
    for architecture, triple in triples.items():
        executables[architecture] = WORK / f"configdrive-{architecture}"
        run(f"{architecture}-linux-gnu-strip", "--remove-section=.comment", "-o", executables[architecture], WORK / triple / "release/configdrive")
    return executables


def archive(out, architecture, executable, native):
    """`configdrive-VERSION-TRIPLE.tar.gz`."""
    name = f"configdrive-{VERSION}-{architecture}-unknown-linux-musl"
    package = staged(name)
    shutil.copy(executable, package / "configdrive")
    for file in (ROOT / "LICENSE", ROOT / "CHANGELOG.md", ROOT / "host/command/README.md"):
        shutil.copy(file, package)
    (package / "LICENSES-THIRD-PARTY.txt").write_text(documents.licences())
    write_pages(package / "man", native)
    (package / "completions").mkdir()
    for shell in ("bash", "elvish", "fish", "powershell", "zsh"):
        (package / f"completions/configdrive.{shell}").write_bytes(run(native, "completions", shell))
    pack(out, name, package)


def debian(out, architecture, executable, native, page):
    """`configdrive_VERSION_ARCHITECTURE.deb`."""
    debian_architecture, _ = ARCHITECTURES[architecture]
    package = staged(f"debian-{debian_architecture}")
    documentation = package / "usr/share/doc/configdrive"
    completions = {
        "bash": "usr/share/bash-completion/completions/configdrive",
        "fish": "usr/share/fish/vendor_completions.d/configdrive.fish",
        "zsh": "usr/share/zsh/vendor-completions/_configdrive",
    }
    overrides = package / "usr/share/lintian/overrides"
    for directory in (package / "DEBIAN", package / "usr/bin", documentation, overrides, *((package / path).parent for path in completions.values())):
        directory.mkdir(parents=True)
    shutil.copy(executable, package / "usr/bin/configdrive")
    shutil.copytree(page, package / "usr/share/configdrive/page")
    write_pages(package / "usr/share/man/man1", native, compressed=True)
    for shell, path in completions.items():
        (package / path).write_bytes(run(native, "completions", shell))
    shutil.copy(HERE / "debian/copyright", documentation)
    date = run("date", "--rfc-email", "--utc", f"--date=@{epoch()}").decode().strip()
    for name, text in {
        "changelog": substituted("changelog", DATE=date),
        "CHANGELOG.md": (ROOT / "CHANGELOG.md").read_text(),
        "third-party.txt": documents.licences(),
    }.items():
        (documentation / f"{name}.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    shutil.copy(HERE / "debian/lintian-overrides", overrides / "configdrive")
    files = sorted(file for file in package.rglob("*") if file.is_file())
    size = sum(file.stat().st_size for file in files) // 1024
    md5sums = (f"{hashlib.md5(file.read_bytes()).hexdigest()}  {file.relative_to(package)}\n" for file in files)
    (package / "DEBIAN/md5sums").write_text("".join(md5sums))
    (package / "DEBIAN/control").write_text(substituted("control", ARCHITECTURE=debian_architecture, SIZE=str(size)))
    for path in package.rglob("*"):
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        os.utime(path, (epoch(), epoch()))
    run("dpkg-deb", "--root-owner-group", "--build", package, out / f"configdrive_{VERSION}_{debian_architecture}.deb")


def substituted(name, **values):
    """Return a file of debian/ with the version and other values."""
    text = (HERE / "debian" / name).read_text()
    for key, value in {"VERSION": VERSION, **values}.items():
        text = text.replace(f"@{key}@", value)
    return text


def write_pages(directory, native, compressed=False):
    """Write the manual pages of the command and its verbs."""
    directory.mkdir(parents=True)
    listed = run(native, "--help").decode().split("Commands:\n")[1].split("\n\n")[0]
    verbs = [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and line[2] != " "]
    for verb in ("", *(verb for verb in verbs if verb != "help")):
        page = run(native, "man", *([verb] if verb else []))
        path = directory / ("-".join(filter(None, ["configdrive", verb])) + ".1")
        if compressed:
            path.with_suffix(".1.gz").write_bytes(gzip.compress(page, 9, mtime=0))
        else:
            path.write_bytes(page)


def is_static(executable):
    return "INTERP" not in subprocess.run(["readelf", "--program-headers", executable], check=True, capture_output=True, text=True).stdout
