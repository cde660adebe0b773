"""How fast the catalogue answers: ``python tests/benchmarks/bench_search.py [--rounds N] [--own IMAGES]``.

Prints the time to build the database from the shipped tables, the first answer of a new process, and the
50th and 95th percentile of a realistic list of questions, each asked through ``fairlab.search``. With ``--own``
the user's catalogue holds that many images beside the shipped ones, and words that very many of them have are
asked for, too.
"""

from __future__ import annotations

import argparse
import random
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
HEAVY = """
screen|plate|well|field|DAPI|GFP|institute|human screen|mouse plate|fluorescence well|screen plate well field
screen zebrafish heart|plate mitochndria|knockdown|gene CDK1|"plate 2 well"|screen 17|human mitosis|well C07
"""
HEAVY_FILTERED: tuple[dict[str, Any], ...] = (
    {"repository": "own"},
    {"text": "screen", "license": "cc-by"},
    {"text": "human", "openable": True, "max_bytes": 20_000_000},
    {"text": "plate", "year": "2021-2023", "limit": 200},
    {"text": "field", "group_by": "image"},
    {"channel": "DAPI"},
    {"attributes": {"Gene Symbol": "CDK1"}},
    {"text": "well", "pixel_size_below": "400 nm"},
    {"text": "screen", "kind": "study"},
    {"organism": "mouse", "imaging_method": "confocal"},
)
TOPICS = """
mitosis|apoptosis|nuclei|actin|heart|brain|kidney|embryo|virus|autophagy|knockdown|migration|spindle|secretion
endocytosis|retina|neuron|biofilm|wound healing|polarity|cilia|cytokinesis|DNA damage|lipid droplets|senescence
"""
_STUDIES = 400


def questions(*, heavy: bool = False) -> list[dict[str, Any]]:
    """The list of questions."""
    words = WORDS + HEAVY if heavy else WORDS
    texts = [text for line in words.strip().splitlines() for text in line.split("|") if text]
    return [*({"text": text} for text in texts), *FILTERED, *(HEAVY_FILTERED if heavy else ())]


def add_own(images: int) -> None:
    """Fill the user's catalogue with the images of an institute that screens all year."""
    from fairlab import terms
    from fairlab.record import Record
    from fairlab.repositories import catalogue_own as own
    from fairlab.terms import Term

    chance = random.Random(4)
    taxa = [terms.organisms().find(name)[0] for name in ("human", "mouse", "zebrafish", "fruit fly", "yeast")]
    methods = ("fluorescence microscopy", "confocal", "light sheet", "brightfield", "SIM")
    known = [terms.imaging_methods().find(name)[0] for name in methods]
    topics = [text for line in TOPICS.strip().splitlines() for text in line.split("|")]
    genes = [f"CDK{number}" for number in range(1, 20)] + [f"KIF{number}A" for number in range(1, 40)]
    people = [f"{first} Author{number}" for number in range(60) for first in ("Ada", "Bo", "Chi")]
    records = []
    for study in range(_STUDIES):
        topic = " ".join(chance.sample(topics, 3))
        shared: dict[str, Any] = {
            "repository": "Institute",
            "accession": f"SCREEN{study}",
            "organism": tuple(chance.choices(taxa, (50, 30, 10, 6, 4))),
            "imaging_method": tuple(chance.choices(known, (50, 20, 10, 10, 10))),
            "license": chance.choice(("CC-BY-4.0", "CC0-1.0", None)),
            "authors": tuple(chance.sample(people, 4)),
            "release_date": f"{chance.randint(2015, 2026)}",
            "keywords": tuple(chance.sample(topics, 4)),
            "other_terms": (Term(label=f"process {study % 50}", id=f"GO:{study % 50:07d}"),),
        }
        identity = f"own:institute/SCREEN{study}"
        title = f"Screen {study} of {topic} in living cells"
        records.append(Record(id=identity, kind="study", title=title, **shared))
        for image in range(images // _STUDIES):
            well = f"{chance.choice('ABCDEFGH')}{chance.randint(1, 12):02d}"
            records.append(
                Record(
                    id=f"{identity}/{image}.zarr",
                    kind="image",
                    title=f"screen {study} plate {image // 96} well {well} field {image % 9}",
                    url=f"https://images.example.org/SCREEN{study}/{image}.zarr",
                    ngff_version=chance.choice(("0.4", "0.5")),
                    layout="image",
                    channels=("DAPI", "GFP"),
                    pixel_size={"y": 0.325, "x": 0.325} if image % 2 else {},
                    bytes=chance.randint(1, 90) * 1_000_000,
                    attributes={"Gene Symbol": (chance.choice(genes),), "Well": (well,)},
                    **shared,
                )
            )
    own.write(own.Origin(name="institute", kind="csv", address="made by bench_search.py"), records)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each question is asked")
    parser.add_argument("--own", type=int, default=0, help="how many images the user's catalogue holds")
    rounds, images = (choices := parser.parse_args()).rounds, choices.own
    from fairlab.federation import search
    from fairlab.options import set_options
    from fairlab.repositories.catalogue import CatalogueRepository

    with (
        tempfile.TemporaryDirectory() as folder,
        set_options(cache_dir=folder, catalogue_dir=f"{folder}/own"),
    ):
        if images:
            add_own(images)
        started = time.perf_counter()
        info = CatalogueRepository().info()
        build_s = time.perf_counter() - started
        first_s = _first_answer(folder)
        timed = {str(q): [_timed(search, q) for _ in range(rounds)] for q in questions(heavy=bool(images))}
    each = sorted(statistics.median(times) for times in timed.values())
    everything = sorted(ms for times in timed.values() for ms in times)
    print(f"{'build of the database':<34}{build_s:8.2f} s   {info['database_bytes'] / 1e6:.1f} MB")
    print(f"{'first answer of a new process':<34}{first_s:8.2f} s")
    print(f"{len(timed)} questions, {rounds} rounds")
    for name, values in (("every answer", everything), ("median of each question", each)):
        p50, p95 = (values[min(len(values) - 1, int(len(values) * part))] for part in (0.50, 0.95))
        print(f"{name:<34}p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   slowest {values[-1]:6.1f} ms")
    slowest = sorted(timed, key=lambda question: -statistics.median(timed[question]))[: 15 if images else 5]
    for question in slowest:
        print(f"{statistics.median(timed[question]):8.1f} ms  {question}")


def _timed(search: Any, question: dict[str, Any]) -> float:
    started = time.perf_counter()
    search(**question)
    return (time.perf_counter() - started) * 1000


def _first_answer(folder: str) -> float:
    code = (
        f"from fairlab.options import set_options; set_options(cache_dir={folder!r}, catalogue_dir='{folder}/own');"
        "from fairlab.federation import search; search('mouse liver')"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
