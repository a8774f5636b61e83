#!/usr/bin/env python3
"""Compares the findings of `check` with what every reader makes of drives that were changed at random.

    differential.py --check TEST_BINARY [--seed N] [--drives N] [--known FILE [--bless]] [--output FILE]

The drives are samples (samples.py) and golden cases with one member changed (changes.py). TEST_BINARY, the test binary `readers`,
says what `check` finds on them; the readers run as in read.py. There are two kinds of disagreement:

- silent: a reader loses something that the drive says, and no finding names the reader;
- alarm: a finding names readers none of which loses anything, compared with the drive before the change.

User data is written for one reader, so it is lost only if no other reader uses it.

A disagreement that a line of the file of known ones matches is not counted: `KIND READER CODE-OR-LOSS CHANGE`, in which `*`
stands for anything, and ` # ` starts a comment. Exits with 1 if there are others. With --bless, they are added to the file instead,
and lines that match none and have no comment are removed. If it is interrupted, it reports what it has found so far.
"""

import argparse
import base64
import collections
import contextlib
import fnmatch
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import typing

import samples
from changes import Change
from facts import NETWORK_VIEWS, READERS, facts, listed, parsed, said, text
from findings import interfaces, kernels_mac

HERE = pathlib.Path(__file__).resolve().parent
HOME = HERE.parents[1] / "target" / "readers"

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--drives", type=int, default=300)
    parser.add_argument("--known", type=pathlib.Path)
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--output", type=pathlib.Path)
    options = parser.parse_args()
    compared = Comparison(options)
    with contextlib.suppress(KeyboardInterrupt):
        compared.run()
    text, count = compared.report()
    print(text)
    if options.output:
        options.output.write_text(text + "\n")
    if options.bless:
        compared.bless()
    elif count:
        sys.exit(1)


class Process:
    """A program that answers lines with lines."""

    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment})

    def ask(self, question):
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise EOFError(f"{self.process.args} has ended")
        return json.loads(line)


class Everyone:
    """All readers, and `check`."""

    def __init__(self, check):
        quiet = {"PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"}
        if os.access("/dev/shm", os.W_OK):
            quiet["TMPDIR"] = "/dev/shm"

        def reader(part, release="bookworm"):
            root = HOME / release
            environment = {"PYTHONPATH": str(root / "usr/lib/python3/dist-packages"), "NETPLAN_ROOT": str(root), **quiet}
            return Process([HOME / "venv/bin/python", HERE / "read.py", part, "-"], environment)

        self.check = Process([check, "--answer-differential"], {})
        self.readers = {"cloud-init 22.4": reader("cloud-init"), "cloud-init newest": reader("cloud-init", "unstable"),
                        "glean": reader("glean"), "cloudbase-init": reader("cloudbase-init")}
        self.answers = {}

    def of(self, files, macs):
        """What each reader makes of a drive, and the findings."""
        question = {"files": {path: base64.b64encode(content).decode() for path, content in files.items()}}
        self.check.ask(question)
        for process in self.readers.values():
            process.ask({**question, "macs": macs})
        return {name: process.answer() for name, process in self.readers.items()}, self.check.answer()

    def golden(self):
        self.check.ask(None)
        found = {}
        for name, document in self.check.answer().items():
            self.check.ask(document)
            files = self.check.answer()
            if files:
                found[f"golden-{name}"] = {path: base64.b64decode(content) for path, content in files.items()}
        return found


class Comparison:
    def __init__(self, options):
        self.options = options
        self.everyone = Everyone(options.check)
        self.found = collections.defaultdict(list)
        self.count = 0
        self.known = options.known.read_text().splitlines() if options.known and options.known.exists() else []
        self.patterns = {line: re.split(r"(?:^| )# ", line)[0].split() for line in self.known}
        self.used = set()

    def run(self):
        chance = random.Random(self.options.seed)
        drives = samples.drives()
        bases = {name: Drive(files, self.everyone) for name, files in drives.items()}
        # What a reader never finds, such as routes on SUSE, is not judged.
        able = {(process, view, kind) for base in bases.values() for process, views in base.facts.items()
                for view, found in views.items() for kind, *_ in found & base.said}
        Drive.able = able
        golden = self.everyone.golden()
        for name in sorted(chance.sample(sorted(golden), min(len(golden), 12))):
            drives[name] = golden[name]
        names = sorted(drives)
        weights = [3 if name.startswith("network-") else 1 for name in names]
        seen = set()
        tries = 0
        while self.count < self.options.drives and tries < 40 * self.options.drives:
            tries += 1
            [name] = chance.choices(names, weights)
            change = Change.choose(chance, drives[name])
            if change is None or (name, change.key) in seen:
                continue
            seen.add((name, change.key))
            if name not in bases:
                bases[name] = Drive(drives[name], self.everyone)
            try:
                self.compare(name, bases[name], change)
            except Exception as error:
                raise RuntimeError(f"{name}: {change.key}") from error
            self.count += 1
            if self.count % 200 == 0:
                print(f"{self.count} drives, {sum(map(len, self.found.values()))} disagreements", file=sys.stderr, flush=True)

    def compare(self, name, base, change):
        drive = Drive(change.files, self.everyone, base)
        new = [finding for finding in drive.findings if finding_key(finding) not in base.finding_keys]
        for process, reader in READERS.items():
            lost = drive.lost(process, base, change)
            if lost and not any(reader in finding["readers"] for finding in new):
                self.add("silent", process, kind_of_losses(lost), change, name, lost, new)
        places = {(finding["code"], finding["place"]) for finding in base.findings}
        faults = {(finding["code"], finding["message"]) for finding in base.findings}
        for finding in new:
            if (finding["code"], finding["place"]) in places:
                continue  # the same fault, now of another kind
            if (change.operation == "duplicate" or change.operation == "swap" and change.path.endswith("*")) \
                    and (finding["code"], finding["message"]) in faults:
                continue  # the fault of what was repeated or moved
            of = [process for process, reader in READERS.items() if reader in finding["readers"]]
            is_other_user_data = change.file == "user_data" and not change.intent
            is_unused = change.file == "vendor_data.json" and not base.uses_vendor_data()
            if of and not is_other_user_data and not is_unused and not any(
                    drive.harmed(process, base, change) or base.fails(process, change) for process in of):
                self.add("alarm", "+".join(sorted({READERS[process] for process in of})), finding["code"], change, name,
                         [finding["place"] + ": " + finding["message"]], [])

    def add(self, kind, reader, what, change, name, details, findings):
        reader = reader.replace(" ", "-")
        what = what.replace(" ", "-")
        for line, patterns in self.patterns.items():
            if patterns and all(map(fnmatch.fnmatchcase, (kind, reader, what, change.path), patterns)):
                self.used.add(line)
                return
        self.found[kind, reader, what, change.path].append((name, change, details, findings))

    def bless(self):
        lines = [line for line in self.known if line in self.used or not self.patterns[line] or " # " in line]
        lines += sorted(" ".join(group) for group in self.found)
        self.options.known.write_text("\n".join(lines) + "\n")

    def report(self):
        """All disagreements in groups, largest first, with an example of each."""
        groups = collections.defaultdict(list)
        for (kind, reader, what, path), examples in self.found.items():
            groups[kind, what, path].append((reader, examples))
        total = len({(name, change.key) for examples in self.found.values() for name, change, *_ in examples})
        lines = [f"{self.count} drives with seed {self.options.seed}: "
                 f"{total} of them with a disagreement, in {len(groups)} groups"]
        for (kind, what, path), of in sorted(groups.items(), key=lambda item: -max(len(examples) for _, examples in item[1])):
            examples = max((examples for _, examples in of), key=len)
            name, _, details, findings = min(examples, key=lambda example: len(str(example[1].after)))
            lines.append(f"\n{kind} {what} {path} ({len(examples)}): {', '.join(sorted(reader for reader, _ in of))}")
            values = dict.fromkeys(f"{change.operation}: {short(change.before)} -> {short(change.after)}"
                                   for _, change, *_ in examples)
            lines += [f"    {value}" for value in list(values)[:6]]
            views = sorted({detail[0] for detail in details if isinstance(detail, tuple)})
            errors = sorted({detail[2] for detail in details if isinstance(detail, tuple) and detail[1] == "error"})
            rest = sorted(" ".join(map(str, detail[1:])) if isinstance(detail, tuple) else detail for detail in details
                          if detail[1] != "error")
            lines.append(f"    in {name}: {' '.join(views)}: {'; '.join(map(short_text, (errors + rest)[:4]))}")
            if findings:
                codes = {f"{finding['code']} {'+'.join(finding['readers'])}" for finding in findings}
                lines.append(f"    findings: {', '.join(sorted(codes))}")
        return "\n".join(lines), total


def finding_key(finding):
    return finding["code"], finding["place"], finding["message"]


def short(value):
    return short_text(value if isinstance(value, str) and "\n" not in value else ascii(value))


def short_text(text):
    return text if len(text) <= 160 else text[:157] + "…"


def kind_of_losses(lost):
    """The group of losses: the exceptions if there are any, else garbage, else the kinds of facts that are lost."""
    exceptions = {re.sub(r"[^A-Za-z].*", "", rest[0], flags=re.DOTALL) for _, kind, *rest in lost if kind == "error"}
    broken = {f"broken-{rest[1]}" for _, kind, *rest in lost if kind == "garbage"}
    broken |= {f"invented-{rest[0]}" for _, kind, *rest in lost if kind == "invented"}
    return "+".join(sorted(exceptions or broken or {kind for _, kind, *_ in lost}))


class Drive:
    """A drive, with what everyone makes of it."""

    able: typing.ClassVar = set()  # (process, view, kind)

    def __init__(self, files, everyone, base=None):
        self.files = files
        data = parsed(files, "network_data.json")
        # A machine has the interfaces of the drive before the change, and those that the change may name.
        macs = dict.fromkeys([*(base.macs if base else []), *interfaces(data)])
        self.macs = list(macs)
        self.answers, self.findings = everyone.of(files, self.macs)
        self.finding_keys = set(map(finding_key, self.findings))
        names = {mac: f"net{index}" for index, mac in enumerate(self.macs)}
        self.said, self.possible = said(files, names)
        # Where a family's addresses come from the network, so may its name servers. Without an address, they are out of reach.
        kinds = {kind for kind, *_ in self.said | self.possible}
        self.static_families = {version for version in "46" if f"address{version}" in kinds and f"automatic{version}" not in kinds}
        self.facts = {process: facts(process, answer, names, self.said, link_names(data, names))
                      for process, answer in self.answers.items()}

    def missing(self, process):
        """What the drive says and the reader does not find, by view."""
        return {(view, *fact) for view, found in self.facts[process].items() for fact in self.said - found
                if judged(READERS[process], view, fact) and (process, view, fact[0]) in self.able
                and (fact[0] != "dns" or family(fact[1]) in self.static_families)}

    def fails(self, process, change):
        """Whether the reader fails already, so that a change can hardly harm it."""
        views = NETWORK_VIEWS[READERS[process]]
        return change.file == "network_data.json" and (
            any(view in self.answers[process]["errors"] for view in views)
            or any(finding["severity"] == "Error" and READERS[process] in finding["readers"]
                   and "network_data.json" in finding["place"] for finding in self.findings))

    def lost(self, process, base, change):
        """What the reader loses, and did not lose before the change. A kind of fact that it did not find before is not judged."""
        unable = {(view, kind) for view, kind, *_ in base.missing(process)}
        lost = {loss for loss in self.missing(process) if loss[:2] not in unable}
        lost |= {(part, "error", error) for part, error in self.answers[process]["errors"].items()
                 if part not in base.answers[process]["errors"]}
        lost |= {(view, "garbage", *fact) for view, found in self.facts[process].items() for fact in garbage(found)
                 if fact not in garbage(base.facts[process].get(view, set()))}
        lost |= {(view, "invented", *fact) for view, found in self.facts[process].items() for fact in found - self.said - self.possible
                 if fact[0] in INVENTED and fact not in base.facts[process].get(view, set()) - base.said
                 and not (fact[0] == "host name" and (view, "host name") in unable)}
        if change.file == "user_data":
            lost |= {("executed", *fact) for fact in base.facts[process]["executed"] - self.facts[process]["executed"]
                     if change.keeps(fact)}
            executed = {loss for loss in lost if loss[0] == "executed"}
            if self.is_used_by_another(process, {loss[1] for loss in executed} - {"error", "garbage"}):
                lost -= executed
        return lost

    def is_used_by_another(self, process, kinds):
        """Whether another reader finds these kinds of things in the user data, or anything."""
        for other, found in self.facts.items():
            used = {kind for kind, *_ in found["executed"] if kind != "broken" and not kind.startswith("vendor")}
            if READERS[other] != READERS[process] and used and kinds <= used:
                return True
        return False

    def uses_vendor_data(self):
        return any(kind.startswith("vendor") for found in self.facts.values() for kind, *_ in found["executed"])

    def harmed(self, process, base, change):
        """Whether the reader finds less than before the change, or fails."""
        return bool(self.lost(process, base, change)) or any(
            found - self.facts[process].get(view, set()) for view, found in base.facts[process].items())


def link_names(data, names):
    """The interfaces that cloud-init renames, by their new names."""
    links = listed(data.get("links")) if isinstance(data, dict) else []
    links = [link for link in links if kernels_mac(link.get("ethernet_mac_address"))]
    return {link["name"]: names.get(kernels_mac(link["ethernet_mac_address"])) for link in links
            if text(link.get("name")) and link["name"] not in names.values() and link.get("type") not in ("bond", "vlan")}


# Facts that a reader must not find unless the drive says so.
INVENTED = ("host name", "dns", "address4", "address6", "default4", "default6", "route4", "route6")


def judged(reader, view, fact):
    if fact[0] in ("host name", "key", "instance id", "file", "drive"):
        return view == "metadata"
    return view in NETWORK_VIEWS[reader]


def family(address):
    return "6" if ":" in address else "4"


def garbage(found):
    """What nothing can be made of."""
    return {fact for fact in found if fact[0] == "broken"}


if __name__ == "__main__":
    main()
