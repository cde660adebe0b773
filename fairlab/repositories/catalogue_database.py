"""The catalogue as a SQLite full-text database, built from the shipped tables at first use.

The file lies in the cache folder under a name that holds a fingerprint of the tables, so an outdated one
is never opened. Its last step of building writes a checksum of the whole file into the file's header: a
truncated or damaged one is noticed when it is opened, and built again. Building writes beside and renames,
so any number of processes may do it at once. Where the cache folder cannot be written, the database lives
in memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
import threading
import zlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab import options, terms
from fairlab.errors import FormatError
from fairlab.query import folded_traits
from fairlab.repositories.catalogue_records import addresses, image_record, study_record
from fairlab.repositories.catalogue_tables import tables_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.traits import Traits

Row = dict[str, str]
