"""YAML for the comparison of documents with PyYAML.

`samples` writes random values in PyYAML's many styles, and `written` those of JSON texts. `values` loads texts with PyYAML, and says
which of them YAML 1.1, YAML 1.2 and Go's sigs.k8s.io/yaml read differently, by the regular expressions of each.
"""

import json
import math
import random
import re
import struct

import yaml

CORE = "tag:yaml.org,2002:"
MAC = re.compile(r"^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$")


class Loader(yaml.SafeLoader):
    """PyYAML, for which a MAC address is a string even if it is a number in base 60."""

    def resolve(self, kind, value, implicit):
        if kind is yaml.ScalarNode and implicit[0] and MAC.match(value):
            return CORE + "str"
        return super().resolve(kind, value, implicit)


    def compose_node(self, parent, index):
        tagged = self.peek_event() if not self.check_event(yaml.AliasEvent) else None
        node = super().compose_node(parent, index)
        if tagged is not None:
            node.tagged = tagged.tag
        return node


class Stricter(Exception):
    """PyYAML loads the text, and a document must not have it."""


def values(texts):
    """Returns for each text what it is: ["value", V], ["stricter", WHY] or ["refused"]. Objects are lists of pairs."""
    return [value_of(text) for text in texts]


def value_of(text):
    try:
        loader = Loader(text)
        node = loader.get_single_node()
        loaded = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return ["refused"]
    except RecursionError:
        return ["stricter", "recursion"]
    try:
        if node is not None:
            # PyYAML merges mappings in place.
            judge(Loader(text).get_single_node(), [])
        return ["value", plain(loaded)]
    except Stricter as why:
        return ["stricter", str(why)]


def judge(node, above):
    if any(node is other for other in above):
        raise Stricter("recursion")
    above = [*above, node]
    kind = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}[type(node)]
    if node.tagged not in (None, CORE + kind):
        raise Stricter("tag")
    if isinstance(node, yaml.ScalarNode):
        if any("\ud800" <= character <= "\udfff" for character in node.value):
            raise Stricter("surrogate")
        if node.style is None and node.tagged is None:
            judge_plain(node)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            judge(item, above)
    else:
        names = []
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise Stricter("key")
            if key.tag not in (CORE + "str", CORE + "merge", CORE + "value"):
                raise Stricter("key")
            if key.tag == CORE + "str":
                judge(key, above)
            names.append((key.tag == CORE + "merge", key.value))
            judge(value, above)
        if len(set(names)) < len(names):
            raise Stricter("duplicate")


def resolved(text):
    return Loader("").resolve(yaml.ScalarNode, text, (True, False))


def judge_plain(node):
    if re.match(r"\d{4}-\d\d?-\d\d?([Tt]|[ \t]+)\d\d?:", node.value):
        raise Stricter("starts like a date and a time")
    # A number for all, but octal for some.
    if re.fullmatch(r"[-+]?0[0-9_]+", node.value):
        raise Stricter("leading zero")
    old, new, go = resolved(node.value), core_schema(node.value), gos(node.value)
    if not old == new == go:
        raise Stricter("ambiguous")


def core_schema(text):
    """The tag in YAML 1.2's core schema (10.3.2)."""
    for tag, pattern in [
        ("null", r"null|Null|NULL|~|"), ("bool", r"true|True|TRUE|false|False|FALSE"),
        ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
        ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.nan|\.NaN|\.NAN"),
    ]:
        if re.fullmatch(pattern, text):
            return CORE + tag
    return CORE + "str"


def gos(text):
    """The tag in goyaml.v2 (`resolve.go`), to which sigs.k8s.io/yaml leads."""
    if re.fullmatch(r"y|Y|n|N|([Yy]es|YES|[Oo]n|ON|[Nn]o|NO|[Oo]ff|OFF)", text):
        return CORE + "bool"
    number = text.replace("_", "") if re.match(r"[-+.0-9]", text) else text
    if re.fullmatch(r"[-+]?(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)", number):
        return CORE + "int"
    return core_schema(number)


def plain(value):
    if isinstance(value, dict):
        return {"pairs": [[name, plain(member)] for name, member in value.items()]}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Stricter("not finite")
        return {"float": str(int.from_bytes(struct.pack(">d", value), "big"))}
    if isinstance(value, int) and not isinstance(value, bool):
        return {"int": str(value)}
    if value is None or isinstance(value, (bool, str)):
        return value
    raise Stricter("tag")


def samples(seed, count):
    """Returns texts that PyYAML writes for random values."""
    chance = random.Random(seed)
    return [dump(chance, [value(chance, 4), {text(chance): value(chance, 3)}]) for _ in range(count)]


def dump(chance, value):
    text = yaml.dump(
        value, Dumper=yaml.SafeDumper, sort_keys=False, allow_unicode=chance.random() < 0.7,
        default_style=chance.choice([None, None, None, None, None, None, "'", '"', "|", ">"]), default_flow_style=chance.choice([False, False, True, None]),
        width=chance.choice([10, 20, 80, 1000]), indent=chance.choice([2, 3, 7]),
        explicit_start=chance.choice([True, False]), line_break=chance.choice(["\n", "\n", "\r\n", "\r"]),
    )
    # A text that starts with a brace or a bracket is JSON.
    return f"--- {text}" if text.startswith(("{", "[")) else text


def value(chance, depth):
    kind = chance.randrange(9 if depth > 0 else 6)
    if kind == 8:
        shared = value(chance, depth - 1)  # written with an anchor
        return [shared, {text(chance): shared}]
    if kind == 6:
        return [value(chance, depth - 1) for _ in range(chance.randrange(5))]
    if kind == 7:
        return {text(chance): value(chance, depth - 1) for _ in range(chance.randrange(5))}
    return [None, True, chance.randrange(-10**chance.randrange(1, 30), 10**30), chance.uniform(-1e9, 1e9), text(chance), text(chance)][kind]


PIECES = ["a", "word", " ", "  ", "\n", "\n\n", "\t", ":", ": ", "#", " #", "-", "- ", "'", '"', "\\", "{", "}", "[", "]", ",", "&", "*", "!", "|",
          ">", "%", "@", "`", "?", "~", "null", "true", "yes", "no", "on", "0", "1", "0x1f", "017", "1_000", "1.5", "12:30:45",
          "52:54:00:12:34:56", "2026-01-01", "=", "<<", "é", "日本", "\u2028", "\x85", "\ufeff", "\U0001f600", "\x07", "\x00", "---", "...",
          "192.0.2.1", "::1", ".inf", ".5", "+1", "1."]

# What PyYAML writes without quotes, although others read it differently.
AMBIGUOUS = ["y", "N", "1e3", "0o7", "-.5", "2026-1-1 1:2:3x", "08", "1:2:3:4.5x"]


def text(chance):
    if chance.random() < 0.005:
        return chance.choice(AMBIGUOUS)
    return "".join(chance.choice(PIECES) for _ in range(chance.choice([0, 1, 1, 1, 2, 3, 5, 12])))


def written(texts):
    """Returns JSON texts in YAML, or null for those that Python cannot read."""
    return [written_one(text) for text in texts]


class Quoting(yaml.SafeDumper):
    """PyYAML, which leaves strings such as `n` and `08` without quotes, because for PyYAML they are strings."""

    def represent_str(self, text):
        alike = core_schema(text) == gos(text) == CORE + "str"
        return self.represent_scalar(CORE + "str", text, None if alike else "'")


Quoting.add_representer(str, Quoting.represent_str)


def written_one(text):
    try:
        return yaml.dump(json.loads(text), Dumper=Quoting, sort_keys=False)
    except (ValueError, RecursionError, yaml.YAMLError):
        return None
