"""Families: what we say of environments beyond what Gymnasium knows, as data in ``families/*.json``.

The schema is `Family` and `Game`. A file's ``default`` holds what its games share; a game overrides it field by
field. Adding a family is adding a file. Where words or pictures must be drawn, the file names a Python module that
may hold any of these functions, each given the unwrapped environment and mostly the agent's name:

- ``text(value, environment, agent) -> str | None``: an agent's observation in words; None where it is none of ours
- ``frame(environment, agent) -> ndarray | None``: the agent's own point of view, uint8 (height, width, 3)
- ``picture(environment) -> ndarray | None``: the whole, where the environment draws nothing that can be watched
- ``details(environment) -> str``: what the constructor's arguments decide, said after the file's ``rules``
- ``goal(environment) -> str | None``: instead of the file's
- ``prepare(environment, seed)``: before each episode, what the environment's own reset leaves over from the last
- ``start(environment, text) -> Any``: sets up the position that a text describes, after a reset; of a Gymnasium
  environment it returns the observation, of several that move at once those by agent. ValueError says why it cannot
- ``moves(environment, text) -> list | None``: the actions that a text stands for, instead of ``start``
- ``labels(environment, agent) -> list[str]``: a label per action where the file names none
- ``board(environment, agent, done) -> Board | None``: the position to click, with the agent's moves, of which
  the mask says what is legal; ``done`` is what each agent did in the last step
- ``side(environment, agent) -> tuple[str, str]``: the agent's team and role, instead of the file's
"""

from __future__ import annotations

import importlib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any, Literal

import msgspec


class Success(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An episode is a success if its return is above ``return_above``."""

    return_above: float


class Game(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a family says of one environment class.

    Attributes:
        classes: names of the environment classes, unwrapped; of PettingZoo's, which are all called ``raw_env``, the
            names of their modules. Empty for the family's default.
        actions: a label per action of a Discrete space, in order.
        keys: ``KeyboardEvent.key`` by label; a list of such maps where several people can share a keyboard.
        noop: the label of the action that does nothing, or None where there is none.
        values: a name (with its unit) per number of a one-dimensional observation.
        rules: how the game goes, in words; ``goal``: what the agent should achieve.
        success: when an episode counts as one, or None where a return cannot say.
        numbers: keys of ``info`` that an episode's row keeps.
        teams, roles: by agent, or by a pattern such as ``"adversary_*"``; the first that fits counts.
        illegal: what becomes of an illegal move: the agent is asked again, loses, or a random legal move is made.
        views: whether the family draws each agent's own view.
        clocked: whether people play it in real time: a step comes whether or not a key is down.
        speed: at how many steps a second people can play it then, or None for the usual speed.
    """

    classes: list[str] = []
    actions: list[str] = []
    keys: dict[str, str] | list[dict[str, str]] = {}
    noop: str | None = None
    values: list[str] = []
    rules: str = ""
    goal: str = ""
    success: Success | None = None
    numbers: list[str] = []
    teams: dict[str, str] = {}
    roles: dict[str, str] = {}
    illegal: Literal["retry", "forfeit", "random"] = "retry"
    views: bool = False
    clocked: bool = False
    speed: float | None = None

    @property
    def keymaps(self) -> list[dict[str, str]]:
        """A map for each person who can share the keyboard."""
        return self.keys if isinstance(self.keys, list) else [self.keys]

    def side(self, agent: str) -> tuple[str, str]:
        """Return an agent's team and role, empty where there are none."""
        return _first(self.teams, agent), _first(self.roles, agent)


class Family(msgspec.Struct, frozen=True, forbid_unknown_fields=True, eq=False):
    """Environments of one package that share their words.

    Attributes:
        name: in snake case, as the file; ``title``: for people.
        ids: how the ids begin that belong to it, namespace included.
        modules: where the classes of the unwrapped environments live; a prefix.
        registers: the module whose import registers the ids.
        registry: where it registers them, one of `registries`; None for Gymnasium's.
        install: a requirement for pip.
        libraries: distributions whose versions an episode depends on, beside Python's, numpy's and Gymnasium's.
        preload: modules worth importing once in a warm parent.
        python: the module that draws words and pictures, or None.
        default: what holds for all classes that ``games`` does not name.
        games: what differs from it.
    """

    name: str
    title: str
    ids: list[str]
    modules: list[str]
    registers: str
    install: str
    registry: str | None = None
    libraries: list[str] = []
    preload: list[str] = []
    python: str | None = None
    default: Game = Game()
    games: list[Game] = []

    def game(self, class_name: str) -> Game:
        """Return what the family says of an environment class."""
        return next((game for game in self.games if class_name in game.classes), self.default)

    def mentions(self, word: str) -> bool:
        """Tell whether a word, in small letters, stands in its names or those of its games."""
        classes = [name for game in self.games for name in game.classes]
        return any(word in said.lower() for said in (self.name, self.title, *self.ids, *classes))

    def draws(self, what: str) -> Any:
        """Return the family's function of this name (``text``, ``frame``, ...), or None."""
        return None if self.python is None else getattr(importlib.import_module(self.python), what, None)


@cache
def families() -> tuple[Family, ...]:
    """Return every family, by name."""
    folder = resources.files("mosaic_nb.environments") / "families"
    files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))
    return tuple(parse((folder / file).read_bytes()) for file in files)


def parse(data: bytes) -> Family:
    """Return the family that a file describes.

    Raises:
        msgspec.ValidationError: the file does not follow the schema; the text names the field.
    """
    raw = msgspec.json.decode(data)
    raw["games"] = [{**raw.get("default", {}), **game} for game in raw.get("games", [])]
    return msgspec.convert(raw, Family)


def of_id(environment_id: str) -> Family | None:
    """Return the family that an id belongs to by its beginning, or None."""
    return next((f for f in families() if environment_id.startswith(tuple(f.ids))), None)


def of_class(kind: type[Any]) -> Family | None:
    """Return the family of an environment's class, or None. A subclass of the user's own counts too."""
    for base in kind.__mro__:
        matches = [(len(m), f) for f in families() for m in f.modules if _within(base.__module__, m)]
        if matches:
            return max(matches, key=lambda match: match[0])[1]  # BabyAI's module lies inside MiniGrid's
    return None


def game_of(family: Family, kind: type[Any]) -> Game:
    """Return what a family says of a class, or of the nearest base class that it names."""
    named = (family.game(name) for base in kind.__mro__ for name in _names(base))
    return next((game for game in named if game is not family.default), family.default)


def _names(kind: type[Any]) -> tuple[str, ...]:
    return kind.__name__, kind.__module__.rpartition(".")[2]


def _first(by_pattern: dict[str, str], agent: str) -> str:
    return next((said for pattern, said in by_pattern.items() if fnmatchcase(agent, pattern)), "")


def _within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")
