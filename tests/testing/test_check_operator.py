"""`check_operator` refuses every operator that breaks a clause, by that clause's name, and passes those that ship."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import psutil
import pytest

from mosaic_nb.operators import OperatorUnavailable, UnknownOperator, operator
from mosaic_nb.operators.template import write
from mosaic_nb.testing import OperatorViolation, check_operator, operator_clauses as clauses
from tests.operators.policies import leaning
from tests.processes import started

TESTS = Path(__file__).resolve().parent.parent

TEMPLATE = """
import os, subprocess, sys, time
import numpy as np
from mosaic_nb.protocol import Encoder, VersionMismatch, handshake, messages
from mosaic_nb.worker import Call, Decision, Operator, Seat, View, operator_host, serve
from mosaic_nb.worker import channel as channels

loop = sys.modules["mosaic_nb.worker.serve"]
channel = []
find = channels.Channel.from_environment
channels.Channel.from_environment = staticmethod(lambda: channel.append(find()) or channel[0])
send = channels.Channel.send

{top}

class MineSeat(Seat):
    def __init__(self, operator):
        self.operator, self.total = operator, 0

    def reset(self, episode):
        self.n, self.seen = int(episode.action_space.n), []
        {reset}

    def act(self, o):
        {act}
        return Decision(int(o.seed % self.n) if o.action_mask is None else int(np.flatnonzero(o.action_mask)[0]))

    def learn(self, outcome):
        {learn}

class Mine(Operator):
    needs, learns, view = {needs}, {learns}, {view}

    def __init__(self{options}):
        self.paid = 0
        {load}

    def seat(self):
        return MineSeat(self)

if __name__ == "__main__":
    serve(Mine)
    {end}
"""
PARTS = {"top": "", "needs": "()", "learns": "False", "view": "()", "options": ""}
STATEMENTS = ("reset", "act", "learn", "load", "end")

SPEC = {
    "argv": ["{python}", "{folder}/worker.py"],
    "display_name": "Mine",
    "kind": "script",
    "description": "A small operator of a test.",
}


def folder(place: Path, spec: dict | None = None, readme: str = "# mine\n", **parts: str) -> Path:
    """Write an operator that is sound but for these parts of its program, its spec or its README."""
    made = place / "mine"
    made.mkdir()
    (made / "operator.json").write_text(json.dumps({**SPEC, **(spec or {})}))
    program = TEMPLATE.format(**{**PARTS, **dict.fromkeys(STATEMENTS, "pass"), **parts})
    (made / "worker.py").write_text(program)
    (made / "README.md").write_text(readme)
    return made


def sending(statements: str) -> str:
    """Replace how a reply is sent; ``self`` is the channel."""
    lines = "\n".join(f"    {line}" for line in statements.splitlines())
    return f"def mine(self, reply):\n{lines}\nchannels.Channel.send = mine"


def in_play(what: str) -> str:
    """Do it at an act in mid-episode."""
    return f"if o.step == 3: {what}"


IGNORES_THE_END = "channels.Channel.leave_with_the_scheduler = lambda self: None\n"
WIDER = "class Host(operator_host.OperatorHost):\n    def handlers(self): return {**super().handlers(), %s}\n"
SERVED = "loop.OperatorHost = Host"

# What is broken, the clause it breaks, and what the message must say of it.
BROKEN = {
    "invalid action": (
        {"act": in_play("return Decision(7)")},
        clauses.ACTION_IN_SPACE,
        r"step 3: it decided 7",
    ),
    "action of another type": (
        {"act": "return Decision('left')"},
        clauses.ACTION_IN_SPACE,
        r"step 0: .*left",
    ),
    "probabilities that do not sum to 1": (
        {"act": "return Decision(0, [0.5, 0.4])"},
        clauses.PROBABILITIES_ARE_SOUND,
        r"step 0: the probabilities sum to 0\.9",
    ),
    "too few probabilities": (
        {"act": "return Decision(0, [1.0])"},
        clauses.PROBABILITIES_ARE_SOUND,
        "1 probabilities for 2 actions",
    ),
    "negative probabilities": (
        {"act": "return Decision(0, [1.5, -0.5])"},
        clauses.PROBABILITIES_ARE_SOUND,
        r"-0\.5",
    ),
    "a value that is no number": (
        {"act": "return Decision(0, value=float('nan'))"},
        clauses.VALUE_IS_FINITE,
        "step 0: the value is nan",
    ),
    "a call without a model": (
        {"reset": "self.record(Call(model='', prompt='x'))"},
        clauses.CALLS_ARE_WELL_FORMED,
        "ResetSeat brought home a call that names no model",
    ),
    "a call with an image that is none": (
        {"act": "self.record(Call(model='m', prompt='x', images=[b'GIF89a']))"},
        clauses.CALLS_ARE_WELL_FORMED,
        "neither PNG nor JPEG",
    ),
    "a call that earns money": (
        {"act": "self.record(Call(model='m', prompt='x', cost=-1.0))"},
        clauses.CALLS_ARE_WELL_FORMED,
        r"with cost -1\.0",
    ),
    "numpy's global random state": (
        {
            "act": "np.random.rand(); return Decision(np.random.get_state()[2] // 2 % self.n)"
        },  # never twice the same
        clauses.ASKED_TWICE,
        r"asked twice: it decided \d, and before \d",
    ),
    "counts its acts": (
        {"act": "self.total += 1; return Decision(self.total % self.n)"},
        clauses.ASKED_TWICE,
        "episode 0, step 0, asked twice",
    ),
    "hash()": (
        {"act": "return Decision(hash(str(o.step)) % self.n)"},
        clauses.SEED_DECIDES,
        "episode 0, step .*, in another process",
    ),
    "a random number for each process": (
        {"load": "self.own = time.time_ns()", "act": "return Decision(0, value=float(self.operator.own))"},
        clauses.SEED_DECIDES,
        "step 0, in another process",
    ),
    "seats share state": (
        {
            "learns": "True",
            "learn": "self.operator.paid += 1",
            "act": "return Decision(self.operator.paid % self.n)",
        },
        clauses.SEATS_ARE_APART,
        "alternating with those of 1 other seats",
    ),
    "does not forget at reset": (
        {"learns": "True", "learn": "self.total += 1", "act": "return Decision(0, value=self.total)"},
        clauses.RESET_FORGETS,
        "episode 0, step 0, in a seat that had played another trial: it decided 0, value .*, and before 0, value 0.0",
    ),
    "keeps what it saw in act": (
        {
            "act": "self.seen = [*filter(o.step.__ne__, self.seen), o.step]; return Decision(len(self.seen) % self.n)"
        },
        clauses.CATCH_UP,
        r"episode 0, step .*, after reset and \d+ times learn",
    ),
    "takes what was done for its own decision": (
        {
            "learns": "True",
            "reset": "self.total = self.last = 0",
            "act": "self.last = int(o.seed % self.n); return Decision(self.last, value=self.total)",
            "learn": "self.total += self.last",
        },
        clauses.CATCH_UP,
        "times learn: it decided",
    ),
    "echoes the wrong agent": (
        {"top": sending("reply.agent = reply.agent and 'somebody'\nsend(self, reply)")},
        clauses.ECHOES,
        r"ResetSeat concerned .*'agent'.* the reply says .*'somebody'",
    ),
    "echoes an id of its own": (
        {"top": sending("reply.id += 1000 * bool(reply.agent)\nsend(self, reply)")},
        clauses.ECHOES,
        "an id that no request has had",
    ),
    "answers twice": (
        {"top": sending("send(self, reply)\nif reply.step == 3: send(self, reply)")},
        clauses.REPLIES_ONCE_IN_ORDER,
        "while Act of step 4 .* a Decision with id .*, which had been answered before",
    ),
    "answers shutdown twice": (
        {"end": "send(channel[0], messages.Done(id=1))"},
        clauses.REPLIES_ONCE_IN_ORDER,
        "after shutdown had been answered there came 1 more",
    ),
    "a reply of another type": (
        {
            "top": sending(
                "send(self, messages.Done(id=reply.id, lane=reply.lane, agent=reply.agent, step=reply.step))"
            )
        },
        clauses.ANSWERS,
        "Done is no reply to Hello",
    ),
    "half a frame, then gone": (
        {
            "act": in_play(
                "channel[0]._socket.sendall(Encoder().encode(messages.Decision(id=1))[:-3]); os._exit(0)"
            )
        },
        clauses.WRITES_WHOLE_FRAMES,
        "at Act of step 3 its process ended with exit code 0: .* inside a frame",
    ),
    "half a frame, then nothing": (
        {"act": in_play("channel[0]._socket.sendall(b'half a'); time.sleep(3600)")},
        clauses.WRITES_WHOLE_FRAMES,
        "Act of step 3 was not answered within 2 s, and .* inside a frame",
    ),
    "text on the socket": (
        {"act": in_play("channel[0]._socket.sendall(b'I choose action 1.')")},
        clauses.WRITES_WHOLE_FRAMES,
        "FrameTooLarge",
    ),
    "its standard output is its socket": (
        {"load": "os.dup2(channel[0]._socket.fileno(), 1)"},
        clauses.PRINTING_IS_HARMLESS,
        "FrameTooLarge",
    ),
    "slow": (
        {"act": in_play("time.sleep(3600)")},
        clauses.IN_TIME,
        "Act of step 3 was not answered within 2 s",
    ),
    "dies": (
        {"act": in_play("print('last words', flush=True); os._exit(7)")},
        clauses.LIVES,
        "(?s)at Act of step 3 its process ended with exit code 7.*last words",
    ),
    "raises": (
        {"act": in_play("1 / 0")},
        clauses.ANSWERS,
        r"Act of step 3 was answered with ZeroDivisionError: division by zero \(File .*worker\.py",
    ),
    "raises what a lost socket of ours would": (
        {"act": in_play("raise ConnectionResetError('the model hung up')")},
        clauses.ANSWERS,
        "ConnectionResetError: the model hung up",
    ),
    "does not start": (
        {"top": "raise RuntimeError('no licence')"},
        clauses.STARTS,
        "(?s)at Hello its process ended with exit code 1.*no licence",
    ),
    "does not load": (
        {"load": "raise FileNotFoundError('weights.bin')"},
        clauses.LOADS,
        r"it answered FileNotFoundError: weights\.bin",
    ),
    "takes any version": (
        {"top": "handshake.choose = lambda offered, spoken: max(offered)"},
        clauses.REFUSES_OTHER_VERSIONS,
        "version 99 alone was offered, and it answered version 99",
    ),
    "wants its own version alone": (
        {
            "top": "def choose(offered, spoken):\n    if offered != [1]: raise VersionMismatch(f'{offered}')\n"
            "    return 1\nhandshake.choose = choose"
        },
        clauses.CHOOSES_A_VERSION,
        "versions 1, 99 were offered, and it answered VersionMismatch",
    ),
    "accepts an unknown option": (
        {"options": ", **options"},
        clauses.REFUSES_UNKNOWN_OPTIONS,
        "it was loaded with the option",
    ),
    "needs what the spec does not say": (
        {"needs": "('text',)"},
        clauses.NEEDS_ARE_IN_THE_SPEC,
        r"it needs 'text', and operator\.json says \[\]",
    ),
    "needs what there is not": ({"needs": "('smell',)"}, clauses.DECLARES_WELL, r"its needs are \['smell'\]"),
    "a view that is nowhere": (
        {"view": "(View('nowhere:Wrapper'),)"},
        clauses.DECLARES_WELL,
        "its view cannot be put on: .*nowhere",
    ),
    "tires of being asked": (
        {
            "reset": "self.total = 0",
            "act": "self.total += 1; return Decision(0 if self.total < 3 or o.step else 1)",
        },
        clauses.KEEPS_ORDER,
        "sent three times at once",
    ),
    "answers what is not an operator's": (
        {"top": WIDER % "messages.Observe: lambda r: messages.Done(id=0)" + SERVED},
        clauses.REFUSES_OTHER_REQUESTS,
        "Observe was answered with Done",
    ),
    "keeps closed seats": (
        {"top": WIDER % "messages.CloseSeat: lambda r: messages.Done(id=0)" + SERVED},
        clauses.CLOSE_GIVES_BACK,
        "act after close_seat was answered with Decision",
    ),
    "exits with an error": (
        {"end": "sys.exit(3)"},
        clauses.LEAVES_WHEN_TOLD,
        "after shutdown its process ended with exit code 3",
    ),
    "stays after the end of the socket": (
        {"top": IGNORES_THE_END + "loop._vanish = lambda: time.sleep(3600)"},
        clauses.LEAVES_AT_EOF,
        "2 s after the end of the socket it was still running",
    ),
    "too busy to hear the end of the socket": (
        {
            "top": IGNORES_THE_END,
            "learns": "True",
            "reset": "self.total = 0",
            "learn": "self.total += 1",
            "act": "if o.step and not self.total: time.sleep(3600)",
        },
        clauses.LEAVES_WHILE_BUSY,
        "2 s after the end of the socket, amid requests, it was still running",
    ),
    "leaves a child behind": (
        {"load": "subprocess.Popen(['sleep', '600'])"},
        clauses.NO_ORPHANS,
        "a process that it had started was still running",
    ),
}
BROKEN_FILES = {
    "a field that no spec has": ({"spec": {"colour": "red"}}, clauses.SPEC_IS_READABLE, "colour"),
    "a program that is not there": (
        {"spec": {"argv": ["{python}", "{folder}/main.py"]}},
        clauses.SPEC_IS_READABLE,
        r"main\.py does not exist",
    ),
    "no description": ({"spec": {"description": " "}}, clauses.SPEC_IS_COMPLETE, "description is empty"),
    "an option without help": (
        {"spec": {"options": {"depth": {"type": "integer"}}}},
        clauses.SPEC_IS_COMPLETE,
        "options.depth: help is empty",
    ),
    "an empty README": ({"readme": "\n"}, clauses.README_IS_THERE, "missing or empty"),
    "an option that README does not name": (
        {"spec": {"options": {"depth": {"type": "integer", "help": "how deep"}}}},
        clauses.README_IS_THERE,
        "says nothing of the option 'depth'",
    ),
}


@pytest.mark.parametrize("name", [*BROKEN, *BROKEN_FILES])
def test_a_broken_operator_is_refused_by_the_clause_it_breaks(name, tmp_path):
    parts, clause, detail = {**BROKEN, **BROKEN_FILES}[name]
    with pytest.raises(OperatorViolation, match=detail) as caught:
        check_operator(folder(tmp_path, **parts), deadline=2.0, max_steps=8)
    assert caught.value.clause == clauses.name_of(clause)
    assert f"mine breaks {caught.value.clause}: " in str(caught.value).replace(f"{tmp_path}/", "")
    assert clause in str(caught.value)


def test_every_clause_is_broken_by_one_of_these():
    broken = {clauses.name_of(clause) for _, clause, _ in (*BROKEN.values(), *BROKEN_FILES.values())}
    assert broken == set(clauses.CLAUSES)


def test_a_missing_readme_is_named(tmp_path):
    mine = folder(tmp_path)
    (mine / "README.md").unlink()
    with pytest.raises(OperatorViolation, match=r"README\.md is missing") as caught:
        check_operator(mine)
    assert caught.value.clause == "README_IS_THERE"


def test_an_action_that_the_mask_forbids_is_refused(tmp_path):
    forbidden = "return Decision(int(np.argmin(o.action_mask)))"
    with pytest.raises(OperatorViolation, match="masked: it is illegal now") as caught:
        check_operator(folder(tmp_path, act=forbidden), environment="Taxi-v4")
    assert caught.value.clause == "ACTION_IN_SPACE"


def test_probabilities_belong_to_discrete_spaces(tmp_path):
    act = "return Decision(np.zeros(1, np.float32), [1.0])"
    mine = folder(tmp_path, reset="", act=act)
    (mine / "worker.py").write_text(
        (mine / "worker.py").read_text().replace("int(episode.action_space.n)", "1")
    )
    with pytest.raises(OperatorViolation, match="the action space is Box") as caught:
        check_operator(mine, environment="Pendulum-v1")
    assert caught.value.clause == "PROBABILITIES_ARE_SOUND"


# --- what passes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "environment", "options"),
    [
        ("random", "CartPole-v1", {}),
        ("random", "Taxi-v4", {}),
        ("random", "Pendulum-v1", {}),
        ("passive", "MiniGrid-Empty-5x5-v0", {}),
        ("passive", "CartPole-v1", {"action": "right"}),
        ("scripted", "CartPole-v1", {}),
        ("scripted", "MiniGrid-DoorKey-6x6-v0", {}),
        ("scripted", "FrozenLake-v1", {}),
        ("callable", "CartPole-v1", {"function": "tests.operators.policies:leaning"}),
    ],
)
def test_what_ships_passes(name, environment, options):
    report = check_operator(name, environment=environment, options=options)
    assert report.clauses == tuple(clauses.CLAUSES)
    assert (report.environment, report.learns) == (environment, name == "scripted")
    assert report.steps > 1


@pytest.mark.slow
@pytest.mark.timeout(300)  # two of its workers start cold, and import PyTorch
def test_a_policy_that_ships_passes_with_its_view():
    declared = operator("sb3", policy="minigrid-doorkey-5x5", deterministic=False)
    report = check_operator(declared, environment="MiniGrid-DoorKey-5x5-v0", deadline=60)
    assert report.clauses == tuple(clauses.CLAUSES)


def test_another_language_passes():
    if shutil.which("node") is None:
        pytest.fail("Node.js is needed for the worker in JavaScript: install node 20 or newer")
    report = check_operator(TESTS / "operators" / "javascript", environment="Taxi-v4")
    assert report.clauses == tuple(clauses.CLAUSES)


def test_a_new_operator_passes_as_it_is(tmp_path):
    report = check_operator(write("fresh", tmp_path, "script"))
    assert report.learns
    assert not report.context_matters


def test_a_function_passes():
    assert check_operator(leaning).operator == "leaning"


def test_the_arguments_of_a_program_reach_it_however_it_is_started(tmp_path):
    """Forked from a warm parent, started cold, and amid noise."""
    argv = [*SPEC["argv"], "--flavour", "sour"]
    mine = folder(
        tmp_path, spec={"argv": argv}, load="assert sys.argv == [__file__, '--flavour', 'sour'], sys.argv"
    )
    assert check_operator(mine).operator == "mine"


def test_printing_and_options_and_model_calls_do_no_harm(tmp_path):
    mine = folder(
        tmp_path,
        spec={"options": {"depth": {"type": "integer", "help": "how deep"}}},
        readme="# mine\n\n`depth`: how deep\n",
        options=", depth=1",
        load="assert depth == 4; print('loaded')",
        act="print('thinking ' * 1000); self.record(Call(model='m', prompt='x'))",
    )
    assert check_operator(mine, options={"depth": 4}).calls > 10


# --- the rest ----------------------------------------------------------------------------------------


def test_nothing_is_left_behind(tmp_path):
    def processes():
        return {process.pid for process in started()}

    check_operator("random")  # the warm parents stay
    before, descriptors = processes(), psutil.Process().num_fds()
    check_operator("random")
    with pytest.raises(OperatorViolation):
        check_operator(folder(tmp_path, load="subprocess.Popen(['sleep', '600'])"))
    assert processes() == before
    assert psutil.Process().num_fds() == descriptors


@pytest.mark.parametrize(
    ("given", "arguments", "error", "message"),
    [
        ("randon", {}, UnknownOperator, "did you mean 'random'"),
        ("alt", {}, UnknownOperator, "a folder is named with a separator: './alt'"),
        ("random", {"options": {"depth": 3}}, TypeError, "no option 'depth'"),
        ("sb3", {}, TypeError, "needs the option 'policy'"),
        (operator("random"), {"options": {"depth": 3}}, TypeError, "has its own"),
        (3, {}, TypeError, "not int 3"),
        ("random", {"episodes": 1}, ValueError, "2 or more"),
    ],
)
def test_misuse_is_no_violation(given, arguments, error, message):
    with pytest.raises(error, match=message):
        check_operator(given, **arguments)


def test_what_cannot_run_here_says_what_is_missing(tmp_path):
    mine = folder(tmp_path, spec={"environment": {"requirements": ["no-such-thing-xyz"]}})
    with pytest.raises(OperatorUnavailable, match="needs no-such-thing-xyz"):
        check_operator(mine)


def test_no_folder_is_named():
    with pytest.raises(OperatorViolation, match=r"nowhere: no operator\.json") as caught:
        check_operator("./nowhere")
    assert caught.value.clause == "SPEC_IS_READABLE"
