"""The catalogue that lies here: what it holds, your own records in it, and keeping it alive.

``fairlab.search`` asks it without a network. These verbs add to it, look after it and count it.

Examples
--------
>>> from fairlab import catalogue
>>> catalogue.facets()["organism"]["Homo sapiens"] > 1000
True
"""

from __future__ import annotations

from fairlab.catalogue.harvest import refresh
from fairlab.catalogue.keeping import add, info, remove
from fairlab.catalogue.overview import Facets, facets
from fairlab.catalogue.pixels import PixelReport, pixels
from fairlab.catalogue.probes import check

__all__ = ["Facets", "PixelReport", "add", "check", "facets", "info", "pixels", "refresh", "remove"]
