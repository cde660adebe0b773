"""Privacy: what in metadata names people or leads to them, as places and rules; values are never kept or shown.

>>> found = scan({"patientName": "Jane Roe"})
>>> [(finding.rule, finding.path, finding.severity) for finding in found]
[('patient', '/patientName', 'block')]
"""

from __future__ import annotations

from fairlab.fair.privacy.findings import Finding, Findings, Unread
from fairlab.fair.privacy.rules import RULES, Rule
from fairlab.fair.privacy.scanning import scan

__all__ = ["RULES", "Finding", "Findings", "Rule", "Unread", "scan"]
