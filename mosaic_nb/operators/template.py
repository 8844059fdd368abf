"""Write the folder of a new operator: three files that pass `check_operator` as they are."""

from __future__ import annotations

import keyword
import re
from pathlib import Path
from string import Template
from typing import get_args

from mosaic_nb.operators.search import HUMAN
from mosaic_nb.operators.spec import FILE, NAME, Kind

KINDS = tuple(kind for kind in get_args(Kind) if kind != HUMAN.kind)
"""What a new operator may be; a human is built in."""

_TAKEN = {*keyword.kwlist, "Decision", "Episode", "Observation", "Operator", "Outcome", "Seat"}

_SPEC = Template("""\
{
  "argv": ["{python}", "{folder}/worker.py"],
  "display_name": "$title",
  "kind": "$kind",
  "description": "Say in one line how it decides.",
  "options": {},
  "environment": {"python": ">=3.11", "requirements": []}
}
""")

_WORKER = Template('''\
"""$title: say in one line how it decides."""

# /// script
# requires-python = ">=3.11"
# dependencies = ["mosaic_nb"]
# ///

from __future__ import annotations

from mosaic_nb.worker import Decision, Episode, Observation, Operator, Outcome, Seat, serve


class ${identifier}Seat(Seat):
    """One agent's place in one lane. What it remembers, it learns in `reset` and `learn`, never in `act`."""

    def reset(self, episode: Episode) -> None:
        """Begin an episode. Clear what spans several episodes only where ``episode.position`` is 0."""
        self._space = episode.action_space
        self._rewarded = 0

    def act(self, observation: Observation) -> Decision:
        """Decide. What is drawn comes from ``observation.seed``: the same step asked twice decides the same."""
        self._space.seed(observation.seed)
        return Decision(self._space.sample(observation.action_mask))

    def learn(self, outcome: Outcome) -> None:
        """Take in a past step, whoever decided it."""
        self._rewarded += outcome.reward > 0


class ${identifier}(Operator):
    """Loaded once; gives a seat per lane and agent. Its options are this constructor's keyword arguments."""

    needs = ()  # of "text", "frame", "history"
    learns = True  # False where the seats have no use for `learn`

    def seat(self) -> Seat:
        """Give a seat."""
        return ${identifier}Seat()


if __name__ == "__main__":
    serve($identifier)
''')

_README = Template("""\
# $name

Say what it is, and when it is a good choice.

```python
mnb.operator("$name")
```

| | |
|---|---|
| options | none |
| perceives | the observation and its action mask |
| decides | in any action space |
| learns | how often it was rewarded |
| repeatable | yes: it draws from the seed that comes with each act |
""")


def write(name: str, place: Path, kind: str) -> Path:
    """Write a new operator's folder and return it.

    Args:
        name: the operator's, and its folder's.
        place: the folder to write it in; made where it is missing.
        kind: one of `KINDS`.

    Raises:
        FileExistsError: the folder is there already; nothing is written.
        ValueError: the name or the kind is not one that an operator may have; nothing is written.
    """
    if not NAME.fullmatch(name) or name == HUMAN.name:
        raise ValueError(
            f"no operator can be called {name!r}: it takes {NAME.pattern}, and {HUMAN.name!r} is built in"
        )
    if kind not in KINDS:
        raise ValueError(f"no operator is of kind {kind!r}: choose one of {', '.join(KINDS)}")
    folder = place / name
    folder.mkdir(parents=True)
    title = re.sub(r"[._-]+", " ", name).strip().title()
    values = {"name": name, "title": title, "kind": kind, "identifier": _identifier(title)}
    for file, template in ((FILE, _SPEC), ("worker.py", _WORKER), ("README.md", _README)):
        (folder / file).write_text(template.substitute(values), encoding="utf-8")
    return folder


def _identifier(title: str) -> str:
    """Return a name for the classes; ``2048 player`` gives ``My2048Player``, and contract's own names stay free."""
    identifier = title.replace(" ", "")
    return identifier if identifier.isidentifier() and identifier not in _TAKEN else f"My{identifier}"
