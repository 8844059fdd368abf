"""The widget and what stands in for it. Only an arena's display imports this room, and only when it is shown."""

from mosaic_nb.view.bundle import publish, renew
from mosaic_nb.view.exporter import Exporter
from mosaic_nb.view.grid import Grid
from mosaic_nb.view.keepsake import Keepsake

__all__ = ["Exporter", "Grid", "Keepsake", "publish", "renew"]
