"""The object interface of the BioImage Archive: studies, datasets, images and their copies, one by one.

It has no search, so it serves where an identifier is known and the search is away.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fairlab.repositories.answers import at, inherited, objects, text
from fairlab.repositories.base import Page
from fairlab.repositories.bia_records import INHERITED, image_record, study_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api, Document
    from fairlab.record import Record

_PAGE: Final = 20  # the copies of each image are a request of their own
_MOST_PAGES: Final = 500


class Objects:
    """Studies and images by accession and UUID."""

    @functools.cached_property
    def api(self) -> Api:
        """Its host is one of development, as the archive publishes no other."""
        from fairlab.net.api import Api

        return Api("bia-objects", "https://wwwdev.ebi.ac.uk/bioimage-archive/api/v2", pause_s=0.1)

    def lookup(self, key: str) -> Record | None:
        """A study by accession or UUID, or an image by UUID."""
        if key.upper().startswith("S-"):
            document = self.api.json("search/study/accession", {"accession_id": key}, missing_ok=True)
            return study_record(document, document.content, "")
        document = self.api.json(f"study/{quote(key, safe='')}", missing_ok=True)
        if document.content is not None:
            return study_record(document, document.content, "")
        document = self.api.json(f"image/{quote(key, safe='')}", missing_ok=True)
        return self._image(document, document.content, accession=None)

    def images(self, study: Record) -> Iterator[Page]:
        """The images of a study that have an OME-Zarr copy."""
        uid = study.uid or at(self._study(study), "uuid")
        for dataset in self._each(f"study/{uid}/dataset") if uid else ():
            for page in self._chunks(f"dataset/{text(dataset.get('uuid'))}/image"):
                found = [self._image(document, one, accession=study.accession) for document, one in page]
                told = [one for one in found if one is not None and one.url]
                yield Page(
                    records=tuple(
                        dataclasses.replace(one, **inherited(one, study, INHERITED)) for one in told
                    )
                )

    def _study(self, study: Record) -> Any:
        asked = {"accession_id": study.accession or ""}
        return self.api.json("search/study/accession", asked, missing_ok=True).content

    def _image(self, document: Document, image: Any, *, accession: str | None) -> Record | None:
        if not isinstance(image, dict):
            return None
        copies = self.api.json(
            f"image/{quote(text(image.get('uuid')) or '', safe='')}/image_representation",
            {"page_size": _PAGE},
        )
        whole = {**image, "representation": objects(copies.content)}
        # What a reader would check are the copies, which are the second answer; the image itself is the first.
        return image_record(dataclasses.replace(document, url=copies.url), whole, "", accession=accession)

    def _each(self, path: str) -> Iterator[dict[str, Any]]:
        for page in self._chunks(path):
            yield from (one for _, one in page)

    def _chunks(self, path: str) -> Iterator[list[tuple[Document, dict[str, Any]]]]:
        """Pages of a listing: the last UUID of one is where the next begins."""
        start: dict[str, Any] = {}
        for _ in range(_MOST_PAGES):
            document = self.api.json(path, {"page_size": _PAGE, **start})
            found = objects(document.content)
            if not found:
                return
            yield [(document, one) for one in found]
            last = text(found[-1].get("uuid"))
            if len(found) < _PAGE or last is None or start.get("start_from_uuid") == last:
                return
            start = {"start_from_uuid": last}
