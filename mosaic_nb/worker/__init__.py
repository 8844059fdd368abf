"""What an operator program imports: the contract and `serve`.

Importable with NumPy, msgspec and Gymnasium alone::

    from mosaic_nb.worker import Decision, Operator, Seat, serve
"""

from mosaic_nb.protocol import spaces
from mosaic_nb.worker.contract import Call, Decision, Episode, Observation, Operator, Outcome, Seat, View
from mosaic_nb.worker.serve import serve

__all__ = [
    "Call",
    "Decision",
    "Episode",
    "Observation",
    "Operator",
    "Outcome",
    "Seat",
    "View",
    "serve",
    "spaces",
]
