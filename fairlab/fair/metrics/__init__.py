"""The 54 metrics: pure functions of a probe and a description. A new metric is one function and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from fairlab.fair.metric_set import metric_set
from fairlab.fair.metrics import (
    accessible,
    checklist,
    content,
    findable,
    image_format,
    linked,
    origin,
    relations,
    seen,
    terms_of_use,
    vocabulary,
)
from fairlab.fair.outcome import not_applicable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description
    from fairlab.fair.outcome import Outcome


class Test(Protocol):
    """What a metric is."""

    def __call__(self, probe: Probe | None, description: Description) -> Outcome:
        """What the documents at hand tell; ``probe`` is None where nothing beside the record was asked for."""


TESTS: Final[Mapping[str, Test]] = {
    "F1-01": findable.unique_identifier,
    "F1-02": findable.persistent_identifier,
    "F1-03": findable.identifier_resolves,
    "F1-04": findable.image_identifier,
    "F2-01": findable.citation_core,
    "F2-02": findable.description_and_keywords,
    "F2-03": findable.organism,
    "F2-04": findable.imaging_method,
    "F2-05": checklist.core,
    "F2-06": findable.overview,
    "F3-01": findable.metadata_name_data,
    "F3-02": findable.data_name_metadata,
    "F4-01": findable.indexed,
    "F4-02": linked.schema_org,
    "A1-01": accessible.metadata_readable,
    "A1-02": accessible.pixels_readable,
    "A1-03": accessible.hierarchy_complete,
    "A1-04": accessible.overview_cost,
    "A1-05": accessible.browser_access,
    "A1-06": accessible.access_level,
    "A1.2-01": accessible.protocol,
    "A2-01": accessible.metadata_outlive_data,
    "I1-01": image_format.valid,
    "I1-02": image_format.released_version,
    "I1-03": linked.machine_readable,
    "I1-04": linked.keeps_content,
    "I1-05": image_format.axes_with_units,
    "I1-06": image_format.usable_scale,
    "I1-07": image_format.common_codecs,
    "I2-01": vocabulary.registered,
    "I2-02": vocabulary.current,
    "I2-03": vocabulary.labelled,
    "I2-04": vocabulary.specific,
    "I2-05": vocabulary.true_to_text,
    "I3-01": relations.publication,
    "I3-02": relations.people,
    "I3-03": relations.labels,
    "I3-04": relations.funders,
    "R1-01": checklist.whole,
    "R1-02": content.channels,
    "R1-03": content.acquisition,
    "R1-04": content.descriptors,
    "R1-05": content.pixels,
    "R1-06": content.integrity,
    "R1.1-01": terms_of_use.stated,
    "R1.1-02": terms_of_use.standard,
    "R1.1-03": terms_of_use.by_address,
    "R1.1-04": terms_of_use.fit_for_reuse,
    "R1.1-05": terms_of_use.consistent,
    "R1.2-01": origin.provenance,
    "R1.2-02": origin.conversion,
    "R1.2-03": origin.per_value,
    "R1.3-01": origin.profile,
    "R1.3-02": image_format.community_format,
}
"""Every metric by its id, in the order of :func:`fairlab.fair.metric_set.metric_set`."""
OF_IMAGES: Final = frozenset(
    {
        "F1-04", "F3-01", "F3-02", "A1-01", "A1-02", "A1-03", "A1-04", "A1-05", "I1-01", "I1-02", "I1-05", "I1-06",
        "I1-07", "I3-03", "R1-02", "R1-04", "R1-05", "R1-06", "R1.2-02", "R1.3-02",
    }
)  # fmt: skip
"""Metrics of pixels and their files: a study has none of its own."""
_STUDY: Final = not_applicable("a study has no pixels of its own; assess its images")


def evaluate(probe: Probe | None, description: Description) -> dict[str, Outcome]:
    """Every metric's outcome, by its id; nothing is asked of the network.

    Parameters
    ----------
    probe : Probe or None
        The documents beside the image; None when only a record is at hand.
    description : Description
        What all documents together say.

    Examples
    --------
    >>> import fairlab
    >>> from fairlab.fair import Description
    >>> outcomes = evaluate(None, Description.of(fairlab.lookup("idr:idr0062")))
    >>> outcomes["R1.1-01"].status, outcomes["A1-02"].status
    ('pass', 'na')
    """
    study = seen.is_study(description)
    return {
        id_: _STUDY if study and id_ in OF_IMAGES else TESTS[id_](probe, description) for id_ in metric_set()
    }
