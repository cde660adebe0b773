"""Whether anybody can see a widget: papermill, nbconvert and nbclient run notebooks with nobody there."""

from __future__ import annotations

import os
import sys


def is_headless() -> bool:
    """Whether the kernel runs a notebook for a program rather than for a person.

    Such programs tell the kernel that nobody can be asked for input; front-ends that show widgets can ask.
    Voilà runs notebooks as programs do and has a front-end all the same.

    Examples
    --------
    >>> is_headless()
    False
    """
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None or os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return False
    return not getattr(kernel, "_allow_stdin", True)
