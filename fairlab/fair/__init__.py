"""FAIR, measured: what is known of an image, from which documents, and what that is worth.

Every name below is loaded when it is first used.

Examples
--------
>>> import fairlab
>>> description = fairlab.open_image("sample:nuclei").fair.description
>>> [field.name for field in fairlab.fair.rembi(description).of("Biosample").missing(optional=False)]
['Biosample.biological_entity', 'Biosample.organism']
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fairlab.fair import privacy
    from fairlab.fair.assessing import assess
    from fairlab.fair.bundle import Answer, Probe
    from fairlab.fair.checking import check_terms, miti, rembi
    from fairlab.fair.cohort import Cohort
    from fairlab.fair.coverage import Coverage, FieldCoverage, Finding
    from fairlab.fair.crate_writer import image_crate
    from fairlab.fair.describing import describe
    from fairlab.fair.description import Description
    from fairlab.fair.miti_fields import miti_words
    from fairlab.fair.patches import Patch, patch
    from fairlab.fair.report import Report
    from fairlab.fair.statement import PATHS, Statement
    from fairlab.fair.study_crate import study_crate
    from fairlab.fair.survey import Survey
    from fairlab.fair.templates import template
    from fairlab.fair.term_report import TermFinding, TermReport

# Name -> module that defines it; a module's own name stands for the module.
_HOMES = {
    "Answer": "fairlab.fair.bundle",
    "Cohort": "fairlab.fair.cohort",
    "Coverage": "fairlab.fair.coverage",
    "Description": "fairlab.fair.description",
    "FieldCoverage": "fairlab.fair.coverage",
    "Finding": "fairlab.fair.coverage",
    "PATHS": "fairlab.fair.statement",
    "Patch": "fairlab.fair.patches",
    "Probe": "fairlab.fair.bundle",
    "Report": "fairlab.fair.report",
    "Statement": "fairlab.fair.statement",
    "Survey": "fairlab.fair.survey",
    "TermFinding": "fairlab.fair.term_report",
    "TermReport": "fairlab.fair.term_report",
    "assess": "fairlab.fair.assessing",
    "check_terms": "fairlab.fair.checking",
    "describe": "fairlab.fair.describing",
    "image_crate": "fairlab.fair.crate_writer",
    "miti": "fairlab.fair.checking",
    "miti_words": "fairlab.fair.miti_fields",
    "patch": "fairlab.fair.patches",
    "privacy": "fairlab.fair.privacy",
    "rembi": "fairlab.fair.checking",
    "study_crate": "fairlab.fair.study_crate",
    "template": "fairlab.fair.templates",
}

__all__ = [
    "PATHS",
    "Answer",
    "Cohort",
    "Coverage",
    "Description",
    "FieldCoverage",
    "Finding",
    "Patch",
    "Probe",
    "Report",
    "Statement",
    "Survey",
    "TermFinding",
    "TermReport",
    "assess",
    "check_terms",
    "describe",
    "image_crate",
    "miti",
    "miti_words",
    "patch",
    "privacy",
    "rembi",
    "study_crate",
    "template",
]


def __getattr__(name: str) -> object:
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'fairlab.fair' has no attribute {name!r}")
    module = importlib.import_module(_HOMES[name])
    value: object = module if module.__name__ == f"fairlab.fair.{name}" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
