"""How nouns become text and come back, whatever thread asks first."""

from __future__ import annotations

import subprocess
import sys

from monitor.store.codec import dump, dump_labels, load
from monitor.times import Duration

RACE = """
import threading
import msgspec
from monitor.store.codec import load
for i in range(700):
    inner = msgspec.defstruct(f"Inner{i}", [(f"f{j}", "dict[str, int]") for j in range(40)])
    kind = msgspec.defstruct(f"Outer{i}", [(f"g{j}", list[inner]) for j in range(20)])
    one = {f"f{j}": {"a": 1} for j in range(40)}
    text = msgspec.json.encode({f"g{j}": [one] for j in range(20)}).decode()
    gate = threading.Barrier(6)
    def read():
        gate.wait()
        load(text, kind)
    threads = [threading.Thread(target=read) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
"""


def test_many_threads_may_ask_for_a_new_kind_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", RACE], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]


def test_spans_are_numbers_and_labels_have_one_writing() -> None:
    assert load(dump({"a": Duration(90)}), dict[str, float]) == {"a": 90.0}
    assert dump_labels({"b": "2", "a": "1"}) == dump_labels({"a": "1", "b": "2"})
