"""The clauses that `check_operator` holds an operator to, in the order it tries them."""

from __future__ import annotations

from typing import Any

SPEC_IS_READABLE = "operator.json is there, and every field is one that the spec knows, of the right type."
SPEC_IS_COMPLETE = (
    "The spec says how to start the program, what it is called and does, and what each option means."
)
README_IS_THERE = "README.md stands beside operator.json and names every option."
STARTS = "The program starts and answers hello."
CHOOSES_A_VERSION = (
    "Where version 1 is offered it is chosen, also among versions that the worker does not know."
)
REFUSES_OTHER_VERSIONS = (
    "Where no version is offered that the worker speaks, hello is answered with the failure VersionMismatch, and its "
    "message names the versions."
)
REFUSES_UNKNOWN_OPTIONS = "load with an option that the spec does not name is answered with a failure."
LOADS = "load with the options given is answered with loaded."
DECLARES_WELL = (
    "What loaded declares is well formed: each need is known and stands there once, a learner has the capability "
    "learn, a view is a wrapper that the environment host can put on."
)
NEEDS_ARE_IN_THE_SPEC = "Every need declared at load is among the spec's needs."
WRITES_WHOLE_FRAMES = "What a worker writes on its socket is whole frames, each a reply of the protocol."
REPLIES_ONCE_IN_ORDER = "Each request is answered with exactly one reply, in the order of the requests."
ECHOES = "A reply carries the id, lane, agent and step of its request."
LIVES = "The process lives until it is told to leave or the socket ends."
IN_TIME = "Every reply comes within the deadline."
ANSWERS = "A request that the contract allows is answered with what it asks for, not with a failure."
ACTION_IN_SPACE = "An action is a member of the action space, and legal under the action mask."
PROBABILITIES_ARE_SOUND = (
    "Probabilities come with a Discrete action space alone: finite, none negative, one for each action, summing to 1 "
    "within 1e-6."
)
VALUE_IS_FINITE = "A value is a finite number."
CALLS_ARE_WELL_FORMED = (
    "A model call names its model, its images are PNG or JPEG, it took at least one attempt, and tokens, cost and "
    "latency are not negative."
)
ASKED_TWICE = (
    "The same act asked twice decides the same (action, probabilities, value): what is drawn comes from the act's own "
    "seed, and act keeps nothing."
)
SEED_DECIDES = (
    "The requests alone decide: fresh workers agree over whole episodes, whatever PYTHONHASHSEED, the global random "
    "state and the process are."
)
PRINTING_IS_HARMLESS = "What is printed on standard output goes to the log and never reaches the socket."
SEATS_ARE_APART = "Seats of one worker share no state: two that are interleaved decide as each does alone."
RESET_FORGETS = (
    "A seat that begins a new trial decides as a fresh one: what it knew of the trial before is gone."
)
CATCH_UP = (
    "Reset, then learn for every past step, brings a fresh seat to any step, whoever decided those steps: it decides "
    "as one that has acted all along."
)
KEEPS_ORDER = "Requests sent together are answered in order, and ping is answered among them."
REFUSES_OTHER_REQUESTS = (
    "A request that is not an operator's is answered with a failure; an unknown key is ignored."
)
CLOSE_GIVES_BACK = (
    "close_seat gives the seat back: act without a seat is a failure, and reset makes a new seat."
)
LEAVES_WHEN_TOLD = "shutdown is answered, and the process leaves with exit code 0 within 5 s."
LEAVES_AT_EOF = "When the socket ends the process leaves with exit code 0 within 2 s."
LEAVES_WHILE_BUSY = "When the socket ends the process leaves within 2 s, also in the middle of its work."
NO_ORPHANS = "When the worker has left, so has everything that it started."

CLAUSES: dict[str, str] = {name: text for name, text in vars().copy().items() if name.isupper()}
"""Every clause by its name."""


class Broken(Exception):
    """A clause is broken.

    Args:
        clause: its text.
        detail: where and how.
        log: the tail of the worker's log.
    """

    def __init__(self, clause: str, detail: Any, log: str = "") -> None:
        super().__init__(clause, detail)
        self.clause = name_of(clause)
        self.detail = str(detail)
        self.log = log


def name_of(text: str) -> str:
    """Return the name of a clause by its text."""
    return next(name for name, known in CLAUSES.items() if known == text)
