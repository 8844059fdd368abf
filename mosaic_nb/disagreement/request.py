"""What is asked of a run, and of whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mosaic_nb.errors import CastError
from mosaic_nb.operators import Declared, declare
from mosaic_nb.rerun import Rerun
from mosaic_nb.scheduler.chapters import Key

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Request:
    """What `disagreements` asks.

    Attributes:
        rerun: the run, to be played again.
        operators: who is asked, by name.
        lanes, episodes, agents: where; None for all.
        deadline: seconds for an answer where an operator declares none.
    """

    rerun: Rerun
    operators: Mapping[str, Declared]
    lanes: Sequence[str] | None
    episodes: Sequence[int] | None
    agents: Sequence[str] | None
    deadline: float | None

    def wants(self, key: Key) -> bool:
        """Whether an episode is asked about."""
        lane, episode = key
        return (self.lanes is None or lane in self.lanes) and (
            self.episodes is None or episode in self.episodes
        )

    def acted(self, steps: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of decisions that others are asked about."""
        found = steps[steps["action"].notna()]
        for name, wanted in (("lane", self.lanes), ("episode", self.episodes), ("agent", self.agents)):
            found = found if wanted is None else found[found[name].isin(wanted)]
        return found


def named(operators: Any) -> dict[str, Declared]:
    """Return the operators to be asked, by name.

    Raises:
        TypeError: there are none.
        CastError: one is a person, or two have one name.
    """
    if isinstance(operators, Mapping):
        found = [(str(name), declare(given)) for name, given in operators.items()]
    else:
        given = operators if isinstance(operators, (list, tuple)) else [operators]
        found = [(declared.label, declared) for declared in map(declare, given)]
    if not found:
        raise TypeError('say who is to be asked, such as {"expert": "scripted"}')
    people = [name for name, declared in found if declared.kind == "human"]
    if people:
        raise CastError(
            f"{', '.join(map(repr, people))}: people cannot be asked what they would have done; seat one with "
            f"arena.swap(...), and compare what is played"
        )
    if len(dict(found)) < len(found):
        raise CastError(
            f"two operators are called alike, in {', '.join(name for name, _ in found)}: name them, as in "
            f'{{"first": ..., "second": ...}}'
        )
    return dict(found)
