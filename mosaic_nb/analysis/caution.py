"""Warnings that point at the line of the user who asked, however many of our functions lie between."""

from __future__ import annotations

import sys
import warnings

from mosaic_nb.errors import SmallSampleWarning

_OURS = __name__.partition(".")[0]


def warn_of_small_sample(text: str) -> None:
    """Warn that a sample is smaller than those whose intervals were measured."""
    level, frame = 1, sys._getframe()  # noqa: SLF001 (Python 3.11 has no skip_file_prefixes)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _OURS:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, SmallSampleWarning, stacklevel=level)
