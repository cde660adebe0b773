"""Vocabularies as data: units, licences, taxa, imaging methods."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Term:
    """One word of a vocabulary."""

    label: str
    """What people read: ``"Mus musculus"``."""
    id: str | None = None
    """Compact identifier: ``"NCBITaxon:10090"``, ``"FBbi:00000246"``; None when only words are known."""
