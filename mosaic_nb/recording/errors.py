"""What can go wrong with a run's folder."""

from __future__ import annotations

from mosaic_nb.errors import MosaicError


class RecordingFailed(MosaicError, OSError):
    """The disk refused what a recorder wrote; what was acknowledged before is still there."""


class RunNotFound(MosaicError, FileNotFoundError):
    """There is no folder at the path of a run."""


class NotARun(MosaicError, ValueError):
    """A folder that holds no run."""


class CorruptRun(MosaicError):
    """A file of a run is missing or damaged, and what it held cannot be read from anywhere else."""


class CorruptPart(CorruptRun):
    """A part of a run is damaged or cut short; the other parts can be read."""
