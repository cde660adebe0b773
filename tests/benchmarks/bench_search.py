"""How fast the embedded catalogue answers: ``python tests/benchmarks/bench_search.py [--rounds N]``.

Prints the time to build the database from the shipped tables, the first answer of a new process, and the
50th and 95th percentile of a realistic list of questions, each asked through ``fairlab.search``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

WORDS = """
mouse|human|zebrafish|fruit fly|yeast|arabidopsis|rat|chicken|c. elegans|e. coli|NCBITaxon:10090|Danio rerio
mitosis|apoptosis|nuclei|nucleus|mitochondria|cell division|actin|tubulin|HeLa|U2OS|neuron|synapse|kidney|liver
heart|brain|lung|embryo|retina|organoid|tumour|cancer|virus|malaria|bacteria|biofilm|root|leaf|moss|liverwort
confocal|light sheet|SIM|EM|FIB-SEM|STORM|cryo-EM|two-photon|brightfield|phase contrast|fluorescence microscopy
super-resolution|electron microscopy|time lapse|spinning disk confocal microscopy|structured illumination|MRI
zebrafish heart|zebrafish heart light sheet|mouse embryo light sheet|mouse brain|human cell painting|drosophila embryo
mitosis HeLa|nuclei segmentation|kidney FIB-SEM|yeast fluorescence microscopy|stem cell|DNA damage|siRNA screen
gene expression in the mouse brain|high content screening of compounds|"cell cycle"|deep learning annotation
tracking of cells|vascular network|expression of GFP in neurons|quantitative phenotyping of leaves
idr0062|S-BIAD634|EMPIAR-10310|idr0157|6001240|KOMP lacZ|JAX|openorganelle|hela mitochondria FIB-SEM|glomerulus
mitochndria|zebrfish|xyzzy|plugh nuclei|müller glia|🔬 nuclei|"|AND OR NOT|a|the cell|images of cells
"""
FILTERED: tuple[dict[str, Any], ...] = (
    {"organism": "mouse"},
    {"organism": "human", "license": "cc-by"},
    {"imaging_method": "fluorescence microscopy", "openable": True},
    {"text": "nuclei", "license": "CC0-1.0"},
    {"text": "mouse", "ngff_version": "0.5", "layout": "image"},
    {"text": "cells", "max_bytes": 100_000_000},
    {"text": "mitosis", "kind": "study"},
    {"organism": "zebrafish", "kind": "study"},
    {"repository": "IDR", "limit": 200},
    {"text": "neurons", "match": "all"},
)


def questions() -> list[dict[str, Any]]:
    """The list of questions."""
    texts = [text for line in WORDS.strip().splitlines() for text in line.split("|")]
    return [*({"text": text} for text in texts), *FILTERED]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each question is asked")
    rounds = parser.parse_args().rounds
    from fairlab.federation import search
    from fairlab.options import set_options
    from fairlab.repositories.catalogue import CatalogueRepository

    with tempfile.TemporaryDirectory() as folder, set_options(cache_dir=folder):
        started = time.perf_counter()
        info = CatalogueRepository().info()
        build_s = time.perf_counter() - started
        first_s = _first_answer(folder)
        timed = {str(q): [_timed(search, q) for _ in range(rounds)] for q in questions()}
    each = sorted(statistics.median(times) for times in timed.values())
    everything = sorted(ms for times in timed.values() for ms in times)
    print(f"{'build of the database':<34}{build_s:8.2f} s   {info['database_bytes'] / 1e6:.1f} MB")
    print(f"{'first answer of a new process':<34}{first_s:8.2f} s")
    print(f"{len(timed)} questions, {rounds} rounds")
    for name, values in (("every answer", everything), ("median of each question", each)):
        p50, p95 = (values[min(len(values) - 1, int(len(values) * part))] for part in (0.50, 0.95))
        print(f"{name:<34}p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   slowest {values[-1]:6.1f} ms")
    slowest = sorted(timed, key=lambda question: -statistics.median(timed[question]))[:5]
    for question in slowest:
        print(f"{statistics.median(timed[question]):8.1f} ms  {question}")


def _timed(search: Any, question: dict[str, Any]) -> float:
    started = time.perf_counter()
    search(**question)
    return (time.perf_counter() - started) * 1000


def _first_answer(folder: str) -> float:
    code = f"from fairlab.options import set_options; set_options(cache_dir={folder!r});" + (
        "from fairlab.federation import search; search('mouse liver')"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
