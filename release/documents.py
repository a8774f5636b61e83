"""What is inside a release, under which licences, how it was made, and its digests."""

import collections
import functools
import json
import pathlib
import re
import tomllib
import uuid

from common import ROOT, VERSION, Failure, digest, epoch, run

REPOSITORY = "https://github.com/configdrive/configdrive"
RUST = "rust-std"

# What is shipped: the package from which it is built, and its target.
CONTENTS = {
    "configdrive-cli": ("configdrive-cli", "x86_64-unknown-linux-musl", "the command"),
    "configdrive-wasm": ("configdrive", "wasm32-wasip2", "the component"),
}


def boms(out):
    """A software bill of materials (CycloneDX) for the command, and one for the component that all packages contain."""
    checksums = {
        (package["name"], package["version"]): package.get("checksum")
        for package in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]}
    for name, (package, target, _) in CONTENTS.items():
        crates, edges = tree(package, target)
        if name == "configdrive-cli":
            # The executable contains the component.
            inner, inner_edges = tree(*CONTENTS["configdrive-wasm"][:2])
            crates |= inner
            edges = {crate: edges.get(crate, set()) | inner_edges.get(crate, set()) for crate in crates}
            edges[key("configdrive-cli")] |= {key("configdrive")}
        root = key(package)
        components = [
            {
                "type": "library", "bom-ref": purl(crate), "name": crate[0], "version": crate[1], "purl": purl(crate),
                "licenses": [{"expression": licence}],
                **({"hashes": [{"alg": "SHA-256", "content": checksums[crate]}]} if checksums.get(crate) else {}),
            }
            for crate, licence in sorted(crates.items()) if crate != root]
        components.append({
            "type": "library", "bom-ref": RUST, "name": RUST, "version": toolchain()["release"], "licenses": [{"expression": "MIT OR Apache-2.0"}]})
        document = {
            "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'{REPOSITORY}/{name}/{commit()}')}",
            "metadata": {
                "timestamp": date(),
                "component": {
                    "type": "application", "bom-ref": purl(root), "name": package, "version": VERSION, "purl": purl(root),
                    "licenses": [{"expression": crates[root]}]},
            },
            "components": components,
            "dependencies": [
                {"ref": purl(crate), "dependsOn": sorted(map(purl, edges.get(crate, ()))) + ([RUST] if crate == root else [])}
                for crate in sorted(crates)],
        }
        (out / f"{name}-{VERSION}.cdx.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")


@functools.cache
def licences():
    """The licences of everything inside, in full, each text once."""
    crates = {}
    for package, target, _ in CONTENTS.values():
        crates |= tree(package, target)[0]
    texts = collections.defaultdict(list)
    found = json.loads(run("cargo", "metadata", "--locked", "--format-version", "1", cwd=ROOT))["packages"]
    for package in sorted(found, key=lambda package: (package["name"], package["version"])):
        crate = package["name"], package["version"]
        if crate not in crates or package["source"] is None:
            continue
        names = re.compile(r"(licen[cs]e|copying|copyright|notice|unlicense)", re.IGNORECASE)
        files = [path for path in sorted(pathlib.Path(package["manifest_path"]).parent.iterdir()) if path.is_file() and names.match(path.name)]
        for path in files:
            texts[path.read_text(errors="replace").strip()].append(f"{crate[0]} {crate[1]} ({crates[crate]})")
        if not files:
            texts["(The package contains no text; its licence is the one named here.)"].append(f"{crate[0]} {crate[1]} ({crates[crate]})")
    share = pathlib.Path(run("rustc", "--print", "sysroot", cwd=ROOT).decode().strip()) / "share/doc/rust/licenses"
    for name in ("MIT", "Apache-2.0"):
        texts[(share / f"{name}.txt").read_text().strip()].append(f"Rust's standard library {toolchain()['release']}, and musl (MIT)")
    lines = ["configdrive contains these libraries.", ""]
    for text, users in sorted(texts.items(), key=lambda item: item[1]):
        lines += ["=" * 80, *dict.fromkeys(users), "=" * 80, "", text, ""]
    return "\n".join(lines)


def oci(out, component_digest):
    """The config with which the component is an artifact in an OCI registry, as the CNCF's wasm working group specifies it:
    tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/"""
    wit = (ROOT / "wit/configdrive.wit").read_text()
    [(package, version)] = re.findall(r"^package (.*)@(.*);$", wit, re.MULTILINE)
    (out / f"configdrive-{VERSION}.oci.json").write_text(json.dumps({
        "created": date(),
        "architecture": "wasm",
        "os": "wasip2",
        "layerDigests": [f"sha256:{component_digest}"],
        "component": {"exports": [f"{package}/drive@{version}"], "imports": []},
    }, indent=2) + "\n")


def provenance(out, component_digest):
    """Which sources and tools a release was made with, in the form of SLSA. It is not signed."""
    versions = {"rustc": toolchain()["release"], "rustc commit": toolchain()["commit-hash"]}
    for name, command in {"python": ("python3", "--version"), "node": ("node", "--version"), "npm": ("npm", "--version"),
                          "musl-gcc": ("musl-gcc", "--version"), "aarch64-linux-gnu-gcc": ("aarch64-linux-gnu-gcc", "--version")}.items():
        versions[name] = run(*command).decode().splitlines()[0]
    path = out / f"configdrive-{VERSION}.provenance.json"
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file.name, "digest": {"sha256": digest(file)}} for file in files(out) if file != path],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": f"{REPOSITORY}/blob/main/CONTRIBUTING.md#releases",
                "externalParameters": {"command": "release/make"},
                "internalParameters": {"versions": versions, "component": {"sha256": component_digest}},
                "resolvedDependencies": [{"uri": f"git+{REPOSITORY}", "digest": {"gitCommit": commit()}}],
            },
            "runDetails": {"builder": {"id": f"{REPOSITORY}/blob/main/release/make"}},
        },
    }
    path.write_text(json.dumps(statement, indent=2) + "\n")


def sums(out):
    """`SHA256SUMS`, for `sha256sum --check`."""
    (out / "SHA256SUMS").write_text("".join(f"{digest(file)}  {file.name}\n" for file in files(out)))


def files(out):
    return sorted(path for path in out.iterdir() if path.is_file() and path.name != "SHA256SUMS")


@functools.cache
def tree(package, target):
    """Return the crates that are linked into a package, with their licences, and who depends on whom."""
    lines = run("cargo", "tree", "--locked", "--package", package, "--edges", "normal,no-proc-macro", "--target", target, "--prefix", "depth",
                "--format", "|{p}|{l}", cwd=ROOT).decode().splitlines()
    crates, edges, path = {}, collections.defaultdict(set), []
    for line in lines:
        depth, described, licence = line.split("|")
        name, version = described.split()[:2]
        crate = name, version.removeprefix("v")
        crates[crate] = re.sub(r" \(\*\)$", "", licence).replace("/", " OR ")
        del path[int(depth):]
        if path:
            edges[path[-1]].add(crate)
        path.append(crate)
    if not crates:
        raise Failure(f"cargo tree lists nothing for {package}")
    return crates, edges


def key(package):
    return package, VERSION


def purl(crate):
    return f"pkg:cargo/{crate[0]}@{crate[1]}"


@functools.cache
def toolchain():
    return dict(line.split(": ", 1) for line in run("rustc", "-vV", cwd=ROOT).decode().splitlines() if ": " in line)


def commit():
    """The commit, marked if the checkout differs from it."""
    changed = run("git", "-C", ROOT, "status", "--porcelain")
    return run("git", "-C", ROOT, "rev-parse", "HEAD").decode().strip() + ("-dirty" if changed else "")


def date():
    return run("date", "--utc", f"--date=@{epoch()}", "+%Y-%m-%dT%H:%M:%SZ").decode().strip()
