"""One environment behind one shape: the life of an episode, needs, views, pictures, bad input."""

import io
import subprocess
import sys
from typing import ClassVar

import gymnasium
import numpy as np
import pytest
import simplejpeg
from gymnasium import spaces
from PIL import Image

from mosaic_nb.environments.actions import InvalidAction
from mosaic_nb.environments.hosted import HostedEnvironment, ResetNeeded
from mosaic_nb.environments.pictures import RenderFailure
from mosaic_nb.environments.spec import declare
from mosaic_nb.environments.views import UnsuitableView
from mosaic_nb.protocol import Decoder, Encoder, Reply, messages, spaces as as_data

SEED = messages.Seed(seed=7)


class Game(gymnasium.Env):
    """Counts; says everything it was given."""

    metadata: ClassVar = {"render_modes": []}

    def __init__(self, action_space=None, mask=None, fails=(), length=5):
        self.observation_space = spaces.Box(0, 100, (2,), np.float32)
        self.action_space = action_space or spaces.Discrete(3, start=1)
        self.mask, self.fails, self.length = mask, fails, length
        self.given = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if "reset" in self.fails:
            raise RuntimeError("reset is broken")
        self.given = [("reset", seed, options)]
        return self._observation(), self._info()

    def step(self, action):
        if "step" in self.fails:
            raise RuntimeError("step is broken")
        self.given.append((type(action), action))
        over = len(self.given) > self.length
        return self._observation(), np.float64(0.5), over, False, self._info()

    def _observation(self):
        return np.array([len(self.given), 0], np.float32)

    def _info(self):
        return {} if self.mask is None else {"action_mask": np.array(self.mask, np.int8)}


def host(environment, **options):
    return HostedEnvironment(declare(environment, **options))


def game(hosted):
    return hosted._adapter.unwrapped


# --- the life of an episode ---------------------------------------------------------------------------


def test_an_episode_is_gymnasiums_own():
    hosted, env = host("CartPole-v1"), gymnasium.make("CartPole-v1")
    transition = hosted.reset(SEED)
    value, _ = env.reset(seed=7)
    rewards = 0.0
    for step in range(200):
        seen = transition.observations["agent"]
        np.testing.assert_array_equal(seen.value, value)
        assert seen.step == step
        transition = hosted.step({"agent": step % 2})
        value, reward, terminated, truncated, _ = env.step(step % 2)
        rewards += reward
        assert transition.rewards == {"agent": reward}
        assert transition.terminated == (["agent"] if terminated else [])
        assert transition.over == (terminated or truncated)
        if transition.over:
            break
    assert transition.observations == {}
    assert terminated


def test_stepping_needs_an_episode_under_way():
    hosted = host(Game, env_kwargs={"length": 1})
    with pytest.raises(ResetNeeded, match="reset"):
        hosted.step({"agent": 1})
    hosted.reset(SEED)
    assert hosted.step({"agent": 1}).over
    with pytest.raises(ResetNeeded):
        hosted.step({"agent": 1})
    hosted.reset(SEED)
    hosted.step({"agent": 1})


def test_seed_and_instance_reach_the_environment_as_they_are():
    hosted = host(Game)
    hosted.reset(messages.Seed(12))
    assert game(hosted).given == [("reset", 12, None)]
    hosted.reset(messages.Seed(13, instance=4))
    assert game(hosted).given == [("reset", 13, {"instance": 4})]


def test_max_steps_truncates_and_replaces_the_registered_limit():
    hosted = host("MountainCar-v0", max_steps=201)
    assert hosted.describe().max_steps == 201
    hosted.reset(SEED)
    overs = [hosted.step({"agent": 1}).over for _ in range(201)]
    assert overs == [False] * 200 + [True]


def test_every_reply_travels():
    hosted = host("Blackjack-v1")
    encoder, decoder = Encoder(), Decoder(Reply)
    for reply in (hosted.describe(), hosted.observe("agent", ["text", "history"], []), hosted.reset(SEED)):
        (received,) = decoder.feed(encoder.encode(reply))
        assert type(received) is type(reply)


# --- actions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", [1, np.int64(1), np.array(1), np.uint8(1)])
def test_a_discrete_action_arrives_as_an_int(action):
    hosted = host(Game)
    hosted.reset(SEED)
    hosted.step({"agent": action})
    assert game(hosted).given[-1] == (int, 1)


@pytest.mark.parametrize(
    "action", [0, 4, -1, 1.0, True, None, "forward", [1], np.array([1]), float("nan"), 2**70]
)
def test_what_is_no_action_never_reaches_the_environment(action):
    hosted = host(Game)
    hosted.reset(SEED)
    with pytest.raises(InvalidAction, match="agent") as caught:
        hosted.step({"agent": action})
    assert caught.value.agent == "agent"
    assert caught.value.reason
    assert len(game(hosted).given) == 1
    assert not hosted.step({"agent": 1}).over  # it did not happen: the episode goes on


@pytest.mark.parametrize(
    "action",
    [
        np.array([np.nan, 0], np.float32),
        np.array([2, 0], np.float32),
        np.array([0, 0], np.float64),
        np.zeros(3, np.float32),
        0,
    ],
)
def test_a_box_action_is_checked_too(action):
    hosted = host(lambda: Game(spaces.Box(-1, 1, (2,), np.float32)))
    hosted.reset(SEED)
    with pytest.raises(InvalidAction):
        hosted.step({"agent": action})
    hosted.step({"agent": np.zeros(2, np.float16)})
    assert game(hosted).given[-1][1].dtype == np.float32


def test_an_action_of_a_compound_space_comes_as_the_wire_brings_it():
    space = spaces.Dict(
        {"a": spaces.Discrete(2), "b": spaces.Tuple([spaces.Discrete(2), spaces.Discrete(2)])}
    )
    hosted = host(lambda: Game(space))
    hosted.reset(SEED)
    hosted.step({"agent": {"a": 1, "b": [0, 1]}})
    assert game(hosted).given[-1][1] == {"a": 1, "b": (0, 1)}


def test_a_masked_action_is_refused_and_the_mask_is_shown():
    hosted = host(Game, env_kwargs={"mask": [1, 0, 1]})
    seen = hosted.reset(SEED).observations["agent"]
    assert seen.action_mask.tolist() == [1, 0, 1]
    assert seen.action_mask.dtype == np.int8
    with pytest.raises(InvalidAction, match="action 2 is masked"):
        hosted.step({"agent": 2})
    hosted.step({"agent": 3})


def test_a_mask_inside_the_observation_counts():
    class Inside(Game):
        def __init__(self):
            super().__init__()
            mask = spaces.MultiBinary(3)
            self.observation_space = spaces.Dict({"seen": spaces.Discrete(9), "action_mask": mask})

        def _observation(self):
            return {"seen": len(self.given), "action_mask": np.array([0, 0, 1], np.int8)}

    hosted = host(Inside)
    assert hosted.reset(SEED).observations["agent"].action_mask.tolist() == [0, 0, 1]
    with pytest.raises(InvalidAction, match="masked"):
        hosted.step({"agent": 1})


@pytest.mark.parametrize("mask", [[1, 1], [[1, 1, 1]]])
def test_a_mask_of_the_wrong_shape_is_an_error(mask):
    with pytest.raises(ValueError, match=r"action_mask .* shape"):
        host(Game, env_kwargs={"mask": mask}).reset(SEED)


def test_actions_of_the_wrong_agents_are_refused():
    hosted = host(Game)
    hosted.reset(SEED)
    with pytest.raises(InvalidAction, match="no action was given"):
        hosted.step({})
    with pytest.raises(InvalidAction, match="'other': it is not to move"):
        hosted.step({"agent": 1, "other": 1})
    assert len(game(hosted).given) == 1


# --- environments that fail ---------------------------------------------------------------------------


def test_an_error_in_reset_comes_through_and_the_next_reset_goes_on():
    hosted = host(Game, env_kwargs={"fails": ["reset"]})
    with pytest.raises(RuntimeError, match="reset is broken"):
        hosted.reset(SEED)
    game(hosted).fails = ()
    hosted.reset(SEED)


def test_after_an_error_in_step_only_reset_goes_on():
    hosted = host(Game)
    hosted.reset(SEED)
    game(hosted).fails = ("step",)
    with pytest.raises(RuntimeError, match="step is broken"):
        hosted.step({"agent": 1})
    game(hosted).fails = ()
    with pytest.raises(ResetNeeded):
        hosted.step({"agent": 1})
    hosted.reset(SEED)
    hosted.step({"agent": 1})


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        ((1, 2, 3), "a tuple of int, int, int"),
        (None, "a NoneType"),
        ((np.zeros(2), "much", False, False, {}), "a tuple of ndarray, str"),
        ((np.zeros(2), 1.0, False, False, None), "NoneType"),
    ],
)
def test_a_step_of_the_wrong_form_says_what_came(returned, what):
    class Wrong(Game):
        def step(self, action):
            return returned

    hosted = host(Wrong)
    hosted.reset(SEED)
    with pytest.raises(TypeError, match=what):
        hosted.step({"agent": 1})


def test_a_reset_of_the_old_form_says_what_came():
    class Old(Game):
        def reset(self, *, seed=None, options=None):
            return np.zeros(2, np.float32)

    with pytest.raises(TypeError, match=r"a ndarray instead of \(observation, info\)"):
        host(Old).reset(SEED)


# --- digests ------------------------------------------------------------------------------------------

_PLAY = """
import sys
from mosaic_nb.environments.hosted import HostedEnvironment
from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import messages
hosted = HostedEnvironment(declare(sys.argv[1]))
transition = hosted.reset(messages.Seed(5))
digests = [transition.digest]
for step in range(30):
    if transition.over:
        break
    mask = transition.observations["agent"].action_mask
    legal = [a for a in range(2) if mask is None or mask[a]]
    transition = hosted.step({"agent": legal[step % len(legal)]})
    digests.append(transition.digest)
print("DIGESTS", *digests)
"""


@pytest.mark.parametrize(
    "env_id", ["CartPole-v1", "MiniGrid-DoorKey-5x5-v0", "BabyAI-GoToLocal-v0", "Taxi-v4"]
)
def test_digests_are_equal_in_two_processes(env_id):
    lines = []
    for hash_seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _PLAY, env_id],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path), "SDL_VIDEODRIVER": "dummy"},
            capture_output=True,
            text=True,
            check=True,
        )
        lines.append(next(line for line in done.stdout.splitlines() if line.startswith("DIGESTS")))
    assert lines[0] == lines[1]
    assert len(set(lines[0].split())) > 2
    assert all(len(digest) == 16 for digest in lines[0].split()[1:])


def test_a_digest_covers_observation_mask_reward_and_flags():
    class Changing(Game):
        change = ""

        def step(self, action):
            observation, reward, _, _, info = super().step(action)
            if self.change == "observation":
                observation = np.nextafter(observation, np.float32(9))
            if self.change == "mask":
                info = {"action_mask": np.array([1, 0, 1], np.int8)}
            if self.change == "reward":
                reward = np.nextafter(reward, 1)
            return observation, reward, self.change == "terminated", self.change == "truncated", info

    digests = set()
    for change in ("", "observation", "mask", "reward", "terminated", "truncated"):
        hosted = host(Changing, env_kwargs={"mask": [1, 1, 1]})
        hosted.reset(SEED)
        game(hosted).change = change
        digests.add(hosted.step({"agent": 1}).digest)
    assert len(digests) == 6


# --- needs and history --------------------------------------------------------------------------------


def test_nothing_undeclared_is_built():
    hosted = host("MiniGrid-DoorKey-5x5-v0")
    hosted._words["agent"].text = hosted._frame_of = None  # calling them would raise
    hosted.observe("agent", [], [])
    hosted.reset(SEED)
    seen = hosted.step({"agent": 0}).observations["agent"]
    assert (seen.text, seen.frame, seen.history) == (None, None, None)


def test_an_unknown_need_or_agent_is_an_error():
    with pytest.raises(ValueError, match=r"'sound' is no need .* text, frame, history"):
        host(Game).observe("agent", ["sound"], [])
    with pytest.raises(KeyError, match="there are agent"):
        host(Game).observe("player_0", [], [])


def test_a_history_tells_what_was_seen_done_and_paid():
    hosted = host("MiniGrid-Empty-5x5-v0")
    hosted.observe("agent", ["text", "history"], [])
    first = hosted.reset(SEED).observations["agent"]
    assert first.history == []
    second = hosted.step({"agent": 1}).observations["agent"]
    third = hosted.step({"agent": 2}).observations["agent"]
    assert [(p.step, p.text, p.action, p.reward) for p in third.history] == [
        (0, first.text, "right", 0.0),
        (1, second.text, "forward", 0.0),
    ]
    assert hosted.reset(SEED).observations["agent"].history == []


def test_a_history_holds_the_last_64_steps():
    hosted = host(Game, env_kwargs={"length": 80})
    hosted.observe("agent", ["history"], [])
    hosted.reset(SEED)
    for _ in range(70):
        seen = hosted.step({"agent": 1}).observations["agent"]
    assert [past.step for past in seen.history] == list(range(6, 70))


def test_a_seat_that_comes_later_has_the_same_history():
    early, late = host("MiniGrid-Empty-5x5-v0"), host("MiniGrid-Empty-5x5-v0")
    early.observe("agent", ["history"], [])
    for hosted in (early, late):
        hosted.reset(SEED)
        hosted.step({"agent": 1})
        last = hosted.step({"agent": 2})
    assert last.observations["agent"].history is None
    observed = late.observe("agent", ["history"], []).observation
    assert observed.history == early.observe("agent", ["history"], []).observation.history
    assert observed.step == 2


def test_a_frame_is_the_agents_own_point_of_view_where_there_is_one():
    hosted = host("MiniGrid-DoorKey-5x5-v0")
    hosted.observe("agent", ["frame"], [])
    seen = hosted.reset(SEED).observations["agent"]
    np.testing.assert_array_equal(seen.frame, game(hosted).get_pov_render(32))
    assert hosted.render("raw").pixels.shape == (160, 160, 3)
    cart = host("CartPole-v1")
    cart.observe("agent", ["frame"], [])
    np.testing.assert_array_equal(cart.reset(SEED).observations["agent"].frame, cart.render("raw").pixels)


def test_an_environment_without_pictures_is_drawn_from_its_words():
    hosted = host(Game)
    hosted.observe("agent", ["frame", "text"], [])
    seen = hosted.reset(SEED).observations["agent"]
    assert seen.text == "[1, 0]"
    assert seen.frame.dtype == np.uint8
    assert seen.frame.min() < 50
    assert seen.frame.max() > 200
    more = hosted.step({"agent": 1}).observations["agent"].frame
    assert not np.array_equal(seen.frame, more)


# --- views --------------------------------------------------------------------------------------------


def view(wrapper, **options):
    return messages.View(wrapper, options)


def test_a_view_shapes_the_seats_observation_and_nothing_else():
    plain, viewed = host("MiniGrid-DoorKey-5x5-v0"), host("MiniGrid-DoorKey-5x5-v0")
    layers = [
        view("minigrid.wrappers:ImgObsWrapper"),
        view("gymnasium.wrappers:FlattenObservation"),
        view("gymnasium.wrappers:ReshapeObservation", shape=[49, 3]),
    ]
    observed = viewed.observe("agent", ["text"], layers)
    plain.observe("agent", ["text"], [])
    space = as_data.from_data(observed.observation_space)
    for one, other in zip(run(plain), run(viewed), strict=True):
        assert one.digest == other.digest
        raw, seen = one.observations["agent"], other.observations["agent"]
        assert space.contains(seen.value)
        np.testing.assert_array_equal(seen.value, raw.value["image"].reshape(49, 3))
        assert seen.text == raw.text


def run(hosted):
    yield hosted.reset(SEED)
    for action in (0, 2, 1, 2):
        yield hosted.step({"agent": action})


def test_what_an_agent_saw_last_can_be_asked_for_when_its_episode_is_over():
    hosted, plain = host("CartPole-v1"), gymnasium.make("CartPole-v1")
    hosted.reset(SEED)
    plain.reset(seed=SEED.seed)
    over = False
    while not over:
        assert hosted.observe("agent", [], []).final is None
        over = hosted.step({"agent": 0}).over
        last = plain.step(0)[0]
    observed = hosted.observe("agent", [], [])
    assert observed.observation is None
    np.testing.assert_array_equal(observed.final.value, last)
    viewed = hosted.observe("agent", [], [view("gymnasium.wrappers:ReshapeObservation", shape=[2, 2])])
    np.testing.assert_array_equal(viewed.final.value, last.reshape(2, 2))
    hosted.reset(SEED)
    assert hosted.observe("agent", [], []).final is None


def test_a_view_that_writes_into_the_observation_leaves_ours_alone():
    viewed, plain = host("MiniGrid-DoorKey-5x5-v0"), host("MiniGrid-DoorKey-5x5-v0")
    viewed.observe("agent", ["text", "history"], [view("minigrid.wrappers:DictObservationSpaceWrapper")])
    plain.observe("agent", ["text", "history"], [])
    for one, other in zip(run(plain), run(viewed), strict=True):
        assert one.digest == other.digest
        assert one.observations["agent"].text == other.observations["agent"].text
    assert one.observations["agent"].history == other.observations["agent"].history


@pytest.mark.parametrize(
    ("wrapper", "why"),
    [
        ("gymnasium.wrappers:FrameStackObservation", "a gymnasium.Wrapper"),
        ("gymnasium.wrappers:TimeAwareObservation", r"it defines step\(\)"),
        ("gymnasium.wrappers:NormalizeObservation", "running statistics"),
        ("gymnasium.wrappers:DelayObservation", "earlier observations"),
        ("gymnasium.wrappers:ClipAction", "a gymnasium.ActionWrapper"),
        ("gymnasium.wrappers:TimeLimit", "a gymnasium.Wrapper"),
        ("minigrid.wrappers:DirectionObsWrapper", r"it defines reset\(\)"),
        ("builtins:dict", "no wrapper class"),
    ],
)
def test_what_cannot_be_split_so_is_refused_by_name(wrapper, why):
    with pytest.raises(UnsuitableView, match=f"{wrapper} cannot be the view of one seat: .*{why}"):
        host("MiniGrid-Empty-5x5-v0").observe("agent", [], [view(wrapper)])


# --- pictures -----------------------------------------------------------------------------------------


def test_pictures_in_every_format_show_the_same():
    hosted = host("MiniGrid-DoorKey-5x5-v0")
    hosted.reset(SEED)
    raw, png, jpeg = (hosted.render(format) for format in ("raw", "png", "jpeg"))
    assert raw.pixels.shape == (png.height, png.width, 3)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png.data))), raw.pixels)
    lossy = simplejpeg.decode_jpeg(jpeg.data).astype(int)
    assert np.abs(lossy - raw.pixels).mean() < 10
    assert len(hosted.render("jpeg", 20).data) < len(jpeg.data)
    with pytest.raises(ValueError, match="'jpeg', 'png' or 'raw', not 'gif'"):
        hosted.render("gif")


def test_observations_are_put_into_words_only_where_that_is_asked_for():
    hosted = host("MiniGrid-DoorKey-5x5-v0")
    hosted.observe("agent", ["text"], [])
    text = hosted.reset(SEED).observations["agent"].text
    told = hosted.render("text", words=True)
    assert (told.format, told.text, told.data, told.words) == ("text", "", b"", {"agent": text})
    assert hosted.render("png").words == {}
    assert hosted.render("png", words=True).data == hosted.render("png").data


@pytest.mark.parametrize("end", [False, True])
def test_words_stand_in_for_a_picture(end):
    hosted = host(Game, env_kwargs={"length": 1})
    hosted.reset(SEED)
    if end:
        hosted.step({"agent": 1})
    picture = hosted.render("jpeg")
    assert (picture.format, picture.text) == ("text", "[2, 0]" if end else "[1, 0]")


def test_an_environment_that_renders_text_shows_it_without_colour_codes():
    class Textual(Game):
        metadata: ClassVar = {"render_modes": ["ansi"]}

        def __init__(self, render_mode=None):
            super().__init__()
            self.render_mode = render_mode

        def render(self):
            return "\x1b[41mhole\x1b[0m"

    hosted = host(Textual)
    hosted.reset(SEED)
    assert hosted.render("png").text == "hole"
    assert not hosted.describe().renders


@pytest.mark.parametrize(
    ("shown", "what"),
    [(None, "NoneType"), (np.zeros((4, 4)), "float64"), (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\)")],
)
def test_a_render_that_gives_no_picture_is_an_error(shown, what):
    class Blind(Game):
        metadata: ClassVar = {"render_modes": ["rgb_array"]}

        def __init__(self, render_mode=None):
            super().__init__()
            self.render_mode = render_mode

        def render(self):
            return shown

    hosted = host(Blind)
    hosted.observe("agent", ["frame"], [])
    with pytest.raises(RenderFailure, match=what):
        hosted.reset(SEED)
    hosted.observe("agent", [], [])
    hosted.reset(SEED)
    with pytest.raises(RenderFailure, match=what):
        hosted.render("png")
    assert not hosted.step({"agent": 1}).over  # the game goes on


# --- description --------------------------------------------------------------------------------------


def test_an_environment_of_no_family_is_described_by_its_spaces_and_its_own_labels():
    class Named(Game):
        def get_action_meanings(self):
            return ["NOOP", "UP", "DOWN"]

    opened = host(Named).describe()
    agent = opened.agents["agent"]
    assert (opened.family, opened.renders, opened.success_above) == ("", False, None)
    assert agent.action_labels == ["NOOP", "UP", "DOWN"]
    assert agent.noop == 1  # the action, not its place: this space starts at 1
    assert as_data.from_data(agent.action_space) == spaces.Discrete(3, start=1)


def test_a_wrapper_that_changes_the_actions_takes_their_labels():
    class Fewer(gymnasium.ActionWrapper):
        def __init__(self, env):
            super().__init__(env)
            self.action_space = spaces.Discrete(7, start=7)

        def action(self, action):
            return action - 7

    agent = host("MiniGrid-Empty-5x5-v0", wrappers=[Fewer]).describe().agents["agent"]
    assert (agent.action_labels, agent.keys, agent.noop) == ([], {}, None)


def test_versions_that_an_episode_depends_on_are_named():
    libraries = host("LunarLander-v3").describe().libraries
    assert {"gymnasium", "box2d"} <= libraries.keys()
    assert "minigrid" in host("BabyAI-GoToLocal-v0").describe().libraries
