"""A mood learnt from one's own tickets: a linear model over hashed character n-grams, one signed byte a weight.

Scoring is plain Python, fast enough to read everything; the model is one file of some 66 KB. It is made by
`monitor.mentions.training`, which needs numpy; this module doesn't.
"""

from __future__ import annotations

import math
from array import array
from hashlib import blake2b

import msgspec
from msgspec import Struct

from monitor.mentions.mood import Mood
from monitor.mentions.normalize import normalize

BUCKETS = 1 << 16
_MASK = BUCKETS - 1
_MAGIC = b"crisis-monitor mood 1\n"
LONGEST = 2000
"""Characters that are looked at."""


class ModelFault(ValueError):
    """The bytes are no model of ours."""


class Header(Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands before the weights: a weight is its byte × `scale`; `rows`, `accuracy`, `macro_f1`: of its making."""

    scale: float
    bias: float
    rows: int
    accuracy: float
    macro_f1: float
    normal_form: str


class Model:
    """A trained mood."""

    def __init__(self, header: Header, weights: array[int]) -> None:
        self.header = header
        self.weights = weights
        self.revision = blake2b(self.dump(), digest_size=8).hexdigest()

    def read(self, title: str, text: str) -> Mood:
        """The mood of a mention."""
        return self.read_normal(normalize(f"{title}\n{text}"[:LONGEST] if title else text[:LONGEST]))

    def read_normal(self, normal: str) -> Mood:
        """The same for a text in normal form; the reason of a linear model is no list of words, so `why` is empty."""
        at = features(normal[:LONGEST])
        margin = self.header.bias
        if at:
            margin += sum(map(self.weights.__getitem__, at)) * self.header.scale / math.sqrt(len(at))
        return Mood(margin > 0, 1 / (1 + math.exp(-max(-60.0, margin))), ())

    def dump(self) -> bytes:
        """The model as a file."""
        return _MAGIC + msgspec.json.encode(self.header) + b"\n" + self.weights.tobytes()


def load(content: bytes) -> Model:
    """The model of a file. Raises ModelFault for anything else."""
    if not content.startswith(_MAGIC):
        raise ModelFault("this is no mood model; make one with `crisis-monitor mood train`")
    head, _, body = content[len(_MAGIC) :].partition(b"\n")
    if len(body) != BUCKETS:
        raise ModelFault(f"the model is cut short: {len(body)} of {BUCKETS} weights; train it anew")
    try:
        return Model(msgspec.json.decode(head, type=Header), array("b", body))
    except msgspec.DecodeError as error:
        raise ModelFault(f"the head of the model can't be read ({error}); train it anew") from None


def features(normal: str) -> list[int]:
    """The buckets of all single characters, pairs and triples; in Latin text fives as well."""
    padded = f" {normal} ".encode("utf-32-le", "replace")
    a = memoryview(padded).cast("I").tolist()
    b, c = a[1:], a[2:]
    out = [(x * 0x9E3779B1 >> 13) & _MASK for x in a[1:-1]]
    out += [(x * 0x85EBCA6B + y * 0xC2B2AE35 >> 11) & _MASK for x, y in zip(a, b, strict=False)]
    out += [(x * 0x27D4EB2F + y * 0x165667B1 + z * 0x9E3779B1 >> 11) & _MASK for x, y, z in zip(a, b, c, strict=False)]
    if len(normal.encode()) <= 1.3 * len(normal):
        d, e = a[3:], a[4:]
        out += [
            (x * 0x5931 + y * 0x3D4F + z * 0x6A09 + u * 0x4F1B + v * 0x78B7 >> 3) & _MASK
            for x, y, z, u, v in zip(a, b, c, d, e, strict=False)
        ]
    return out
