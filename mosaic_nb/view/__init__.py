"""The widget and what stands in for it. Only an arena's display imports this room, and only when it is shown."""

from mosaic_nb.view.bundle import bundle, publish
from mosaic_nb.view.grid import Grid
from mosaic_nb.view.still import line, picture, table

__all__ = ["Grid", "bundle", "line", "picture", "publish", "table"]
