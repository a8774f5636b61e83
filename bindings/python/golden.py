"""Print the results of the golden cases, for tests/bindings/embed.rs. bindings/c/pack.c describes the input and the output."""

import pathlib
import sys

import configdrive


def main():
    component = configdrive.Component()
    fields = iter(sys.stdin.buffer.read().decode().split("\0")[:-1])
    for path, force, *given in zip(*[fields] * 5):
        document = pathlib.Path(path).read_bytes().decode()
        names = ("dhcp_domain", "skip_versions", "vendordata_providers")
        options = {name: field[1:] for name, field in zip(names, given) if field.startswith("=")}
        if "vendordata_providers" in options:
            options["vendordata_providers"] = [name for name in options["vendordata_providers"].split(",") if name]
        required = answer(component.required_by, document, force_config_drive=force == "1")
        text = answer(component.pack, document, default_random_seed="AAAA", **options)
        print(required, text, sep="\t")


def answer(call, *arguments, **options):
    try:
        value = call(*arguments, **options)
    except configdrive.Refused as refused:
        return f"err {refused.code} {'-' if refused.pointer is None else refused.pointer} {refused.message}"
    return f"ok {str(value).lower() if isinstance(value, bool) else value}"


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    main()
