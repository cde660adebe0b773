"""From a question to a cited result, without downloading more than you look at.

Every name below is loaded when it is first used: ``import fairlab`` itself is fast.
"""

from __future__ import annotations

# Type checkers read this name as true; importing it from typing would triple the time this import takes.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from fairlab import catalogue, errors, fair, runs, samples, teach
    from fairlab.analysis.measure import measure
    from fairlab.analysis.segment import segment
    from fairlab.catalogue.overview import facets
    from fairlab.citation import cite, cite_session
    from fairlab.derivation import derive
    from fairlab.fair.assessing import assess
    from fairlab.fair.report import Report
    from fairlab.federation import search
    from fairlab.image import open_image, open_labels
    from fairlab.lookups import lookup
    from fairlab.options import set_options
    from fairlab.plate import open_plate
    from fairlab.record import Record
    from fairlab.results import Results
    from fairlab.runs import run
    from fairlab.verdict import validate
    from fairlab.widgets.looking import view
    from fairlab.widgets.search_panel import browse

__version__ = "0.1.0"

# Name at the front door -> module that defines it; a module's own name stands for the module.
_HOMES = {
    "Record": "fairlab.record",
    "Report": "fairlab.fair.report",
    "Results": "fairlab.results",
    "assess": "fairlab.fair.assessing",
    "browse": "fairlab.widgets.search_panel",
    "catalogue": "fairlab.catalogue",
    "cite": "fairlab.citation",
    "cite_session": "fairlab.citation",
    "derive": "fairlab.derivation",
    "errors": "fairlab.errors",
    "facets": "fairlab.catalogue.overview",
    "fair": "fairlab.fair",
    "images_of": "fairlab.lookups",  # not listed: it is a record's method, as the thumbnail is
    "lookup": "fairlab.lookups",
    "measure": "fairlab.analysis.measure",
    "open_image": "fairlab.image",
    "open_labels": "fairlab.image",
    "open_plate": "fairlab.plate",
    "run": "fairlab.runs",
    "run_form": "fairlab.widgets.run_form",  # not listed: it is fairlab.runs.form
    "runs": "fairlab.runs",
    "samples": "fairlab.samples",
    "search": "fairlab.federation",
    "segment": "fairlab.analysis.segment",
    "set_options": "fairlab.options",
    "teach": "fairlab.teach",
    "thumbnail": "fairlab.thumbnails",
    "validate": "fairlab.verdict",
    "view": "fairlab.widgets.looking",
}

__all__ = [
    "Record",
    "Report",
    "Results",
    "__version__",
    "assess",
    "browse",
    "catalogue",
    "cite",
    "cite_session",
    "derive",
    "errors",
    "facets",
    "fair",
    "lookup",
    "measure",
    "open_image",
    "open_labels",
    "open_plate",
    "run",
    "runs",
    "samples",
    "search",
    "segment",
    "set_options",
    "teach",
    "validate",
    "view",
]


def __getattr__(name: str) -> object:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'fairlab' has no attribute {name!r}")
    module = importlib.import_module(_HOMES[name])
    value: object = module if module.__name__ == f"fairlab.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
