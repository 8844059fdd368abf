"""A run as one page that can be sent to somebody: figures, tables, what was run, and how to repeat it."""

from mosaic_nb.analysis.pages.assembly import report

__all__ = ["report"]
