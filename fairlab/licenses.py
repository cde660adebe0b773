"""Licences: what a text or an address means, and what it asks of the reader."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

NO_DERIVATIVES = (
    "the licence permits changed versions for your own use (a crop, a segmentation) and forbids to share them: "
    "passing them on needs the permission of the owners"
)
"""What ND means."""


@dataclass(frozen=True, kw_only=True)
class License:
    """What a licence asks of the reader.

    A licence stated without a version stays without one: then ``version`` and ``spdx`` are None and
    :meth:`covers` holds for every version.
    """

    code: str
    """Family without version, as SPDX spells it: ``"CC-BY"``, ``"CC0"``, ``"MIT"``."""
    version: str | None
    """``"4.0"``; None when not stated (or when the licence has only one)."""
    name: str
    """What people read: ``"CC BY 4.0"``."""
    url: str
    """Canonical address, https, with a trailing slash for Creative Commons."""
    spdx: str | None
    """SPDX identifier, or None when the version is not stated."""
    attribution_required: bool
    """Whether the authors must be credited."""
    share_alike: bool = False
    """Whether derived work must carry the same licence."""
    non_commercial: bool = False
    """Whether commercial use is excluded."""
    no_derivatives: bool = False
    """Whether sharing changed versions is excluded."""

    @property
    def restriction(self) -> str | None:
        """What whoever makes a changed version (a crop, a segmentation) must know before it is passed on.

        Examples
        --------
        >>> license("CC BY 4.0").restriction is None, license("CC BY-ND 4.0").restriction[:36]
        (True, 'the licence permits changed versions')
        """
        return NO_DERIVATIVES if self.no_derivatives else None

    def covers(self, other: License) -> bool:
        """Whether ``other`` is this licence; a licence without version covers all its versions.

        Examples
        --------
        >>> license("cc-by").covers(license("CC BY 4.0")), license("cc-by").covers(license("CC BY-NC 4.0"))
        (True, False)
        """
        return self.code == other.code and self.version in (None, other.version)


_CC_VERSIONS = ("4.0", "3.0", "2.5", "2.0", "1.0")
_CC_ADDRESS = re.compile(
    r"creativecommons\.org/(?:licenses/(?P<code>[a-z-]+)|publicdomain/(?P<public>zero|mark))"
    r"(?:/(?P<version>\d\.\d)(?:/(?P<country>[a-z]{2,3})(?![a-z]))?)?",
    re.IGNORECASE,
)
_CC_CODES = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_CC_WORDS = {
    "attribution": "by",
    "noncommercial": "nc",
    "sharealike": "sa",
    "noderivatives": "nd",
    "noderivs": "nd",
}
_CC_NOISE = {"creative", "commons", "cc", "international", "unported", "generic", "license", "licence", "the"}
_CC0_NOISE = {"universal", "public", "domain", "dedication"}
_OTHERS = {
    # words that name it: code, name, address, attribution required, share alike
    "mit": ("MIT", "MIT License", "https://opensource.org/license/mit", True, False),
    "bsd 3 clause": (
        "BSD-3-Clause",
        "BSD 3-Clause",
        "https://opensource.org/license/bsd-3-clause",
        True,
        False,
    ),
    "bsd 2 clause": (
        "BSD-2-Clause",
        "BSD 2-Clause",
        "https://opensource.org/license/bsd-2-clause",
        True,
        False,
    ),
    "apache 2 0": ("Apache-2.0", "Apache 2.0", "https://www.apache.org/licenses/LICENSE-2.0", True, False),
    "odc by 1 0": ("ODC-By-1.0", "ODC-By 1.0", "https://opendatacommons.org/licenses/by/1-0/", True, False),
    "odbl 1 0": ("ODbL-1.0", "ODbL 1.0", "https://opendatacommons.org/licenses/odbl/1-0/", True, True),
    "pddl 1 0": ("PDDL-1.0", "PDDL 1.0", "https://opendatacommons.org/licenses/pddl/1-0/", False, False),
}


@functools.lru_cache(maxsize=1024)
def license(text: str | None) -> License | None:
    """The licence that a text or address names, or None when it names none that is known.

    Parameters
    ----------
    text : str or None
        ``"CC-BY-4.0"``, ``"CC BY 4.0"``, ``"cc0"``, an address, or text followed by an address.

    Examples
    --------
    >>> license("CC BY 4.0").url
    'https://creativecommons.org/licenses/by/4.0/'
    >>> license("http://creativecommons.org/publicdomain/zero/1.0").spdx
    'CC0-1.0'
    >>> license("cc-by-nc-nd").spdx is None, license("cc-by-nc-nd").non_commercial
    (True, True)
    >>> license("as seen on television") is None
    True
    """
    text = (text or "").strip()
    found = _CC_ADDRESS.search(text)
    if found:
        code = {"zero": "cc0", "mark": "pdm"}.get(
            (found["public"] or "").lower(), (found["code"] or "").lower()
        )
        return _creative_commons(code, found["version"], (found["country"] or "").upper() or None)
    words = _fold(re.sub(r"https?://\S+", " ", text)) or _fold(text)
    joined = " ".join(word for word in words if word not in ("the", "license", "licence"))
    for name, (spdx, label, url, credit, alike) in _OTHERS.items():
        if joined == name or text.rstrip("/").casefold() == url.rstrip("/").casefold():
            return License(
                code=spdx,
                version=None,
                name=label,
                url=url,
                spdx=spdx,
                attribution_required=credit,
                share_alike=alike,
            )
    return _creative_commons_in_words(words)


def _creative_commons_in_words(words: tuple[str, ...]) -> License | None:
    joined = " ".join(words)
    joined = joined.replace("non commercial", "noncommercial").replace("share alike", "sharealike")
    joined = joined.replace("no derivatives", "noderivatives").replace("no derivs", "noderivs")
    version = re.search(r"\b(\d) (\d)\b", joined)
    stated = f"{version[1]}.{version[2]}" if version else None
    rest = [w for w in re.sub(r"\b\d \d\b", " ", joined).split() if w not in _CC_NOISE]
    if rest and rest[0] in ("cc0", "zero") and set(rest[1:]) <= _CC0_NOISE:
        return _creative_commons("cc0", stated, None)
    if rest[:2] == ["public", "domain"] and set(rest) <= {"public", "domain", "mark"}:
        return _creative_commons("pdm", stated, None)
    if not {"cc", "creative", "attribution"} & set(words):  # "by" alone is a word, not a licence
        return None
    return _creative_commons("-".join(_CC_WORDS.get(word, word) for word in rest), stated, None)


def _creative_commons(code: str, version: str | None, country: str | None) -> License | None:
    if code in ("cc0", "pdm"):
        if version not in (None, "1.0"):
            return None
        family, folder = {"cc0": ("CC0", "zero"), "pdm": ("Public-Domain-Mark", "mark")}[code]
        # PDM has one version and no SPDX identifier; CC0 has one version, so leaving it out loses nothing.
        label = {"cc0": "CC0 1.0", "pdm": "Public Domain Mark 1.0"}[code]
        return License(
            code=family,
            version="1.0" if code == "cc0" else None,
            name=label,
            url=f"https://creativecommons.org/publicdomain/{folder}/1.0/",
            spdx="CC0-1.0" if code == "cc0" else None,
            attribution_required=False,
        )
    if code not in _CC_CODES or version not in (None, *_CC_VERSIONS):
        return None
    family = f"CC-{code.upper()}"
    tail = "".join(f"{part}/" for part in (version, country.lower() if country and version else None) if part)
    return License(
        code=family,
        version=version,
        name=f"CC {code.upper()} {version or '(version not stated)'}" + (f" {country}" if country else ""),
        url=f"https://creativecommons.org/licenses/{code}/{tail}",
        spdx="-".join(part for part in (family, version, country) if part) if version else None,
        attribution_required=True,
        share_alike="sa" in code,
        non_commercial="nc" in code,
        no_derivatives="nd" in code,
    )


def _fold(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"[a-z0-9]+", text.casefold()))
