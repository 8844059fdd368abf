"""How an environment is made: ids, names, the user's own code, options, wrappers; and what is said when it is not."""

import subprocess
import sys
import textwrap
from typing import ClassVar

import gymnasium
import pytest
from gymnasium.envs.registration import EnvSpec, registry

from mosaic_nb.environments.resolve import UnknownEnvironment, UnknownOption, make
from mosaic_nb.environments.spec import declare
from mosaic_nb.protocol import Decoder, Encoder, Request, messages


def made(environment, **options):
    """Make it as a worker would: from the message as it arrives."""
    opened = messages.Open(id=1, environment=declare(environment, **options))
    (received,) = Decoder(Request).feed(Encoder().encode(opened))
    return make(received.environment)


def fresh(code, *, path=""):
    """Run code in a process of its own, which has imported nothing."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={"PYTHONPATH": ":".join([str(path), *sys.path]), "SDL_VIDEODRIVER": "dummy"},
        capture_output=True,
        text=True,
        check=False,
    )


class Plain(gymnasium.Env):
    metadata: ClassVar = {"render_modes": []}
    observation_space = action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, size=3, *, speed=1):
        self.size, self.speed = size, speed

    def reset(self, *, seed=None, options=None):
        return 0, {}

    def step(self, action):
        return 0, 0.0, False, False, {}


# --- ids ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("env_id", ["MiniGrid-DoorKey-5x5-v0", "BabyAI-GoToRedBall-v0", "Taxi-v4"])
def test_an_id_works_in_a_fresh_process_whose_parent_imported_no_plugin(env_id):
    done = fresh(f"""
        import sys
        from mosaic_nb.environments.spec import declare
        declared = declare({env_id!r}, max_steps=9)
        assert "minigrid" not in sys.modules and "gymnasium.envs.toy_text" not in sys.modules
        from mosaic_nb.environments.resolve import make
        env = make(declared)
        assert env.render_mode == "rgb_array", env.render_mode
        env.reset(seed=1)
        print(env.spec.id, env.spec.max_episode_steps)
    """)
    assert done.stdout.split()[-2:] == [env_id, "9"], done.stderr


def test_an_id_without_a_version_is_the_newest():
    assert made("Taxi").spec.id == "Taxi-v4"


@pytest.mark.parametrize(
    ("env_id", "said"),
    [
        ("Taxi-v3", "there is no 'Taxi-v3': this version of its package has Taxi-v4"),
        ("CartPole-v7", "CartPole-v0, CartPole-v1"),
        ("CartPol-v1", "no environment is called 'CartPol-v1'; the nearest .*CartPole-v1"),
        ("Minigrid-Doorkey-5x5-v0", "MiniGrid-DoorKey-5x5-v0"),
        ("MiniGrid-DoorKey-5x5-v3", "has MiniGrid-DoorKey-5x5-v0"),
        ("BabyAI-GotoLocal-v0", "BabyAI-GoToLocal-v0"),
        ("Nothing/Like-It-v0", "first if you write 'its_package:Nothing/Like-It-v0'"),
        ("??", "is no id"),
        ("gymnasium:Taxi-v3", "Taxi-v4"),
        ("no_such_module:make", "no module 'no_such_module'"),
        ("json:lods", "module 'json' has no 'lods'"),
    ],
)
def test_an_unknown_id_is_an_error_that_names_the_nearest(env_id, said):
    with pytest.raises(UnknownEnvironment, match=said):
        made(env_id)


def test_a_missing_package_is_named_with_how_to_install_it():
    done = fresh("""
        import sys
        sys.modules["minigrid"] = None  # as if it were not installed
        from mosaic_nb.environments.resolve import make
        from mosaic_nb.environments.spec import declare
        for env_id in ("MiniGrid-Empty-8x8-v0", "Empty-8x8-v0"):
            try:
                make(declare(env_id))
            except LookupError as error:
                print(type(error).__name__, error)
    """)
    known, unknown = done.stdout.splitlines()
    assert "belongs to MiniGrid, which is not installed: pip install 'minigrid>=3'" in known
    assert "not installed: BabyAI (pip install 'minigrid>=3')" in unknown


def test_a_module_in_front_is_imported_first(tmp_path):
    code = """
        import gymnasium
        gymnasium.register("Local-v0", entry_point="gymnasium.envs.classic_control:CartPoleEnv", max_episode_steps=3)
        def build(render_mode=None, *, length=1):
            env = gymnasium.make("CartPole-v1", render_mode=render_mode)
            env.length = length
            return env
        """
    (tmp_path / "local_games.py").write_text(textwrap.dedent(code))
    done = fresh(
        """
        from mosaic_nb.environments.resolve import make
        from mosaic_nb.environments.spec import declare
        print(make(declare("local_games:Local-v0")).spec.max_episode_steps)
        env = make(declare("local_games:build", {"length": 7}))
        print(env.length, env.render_mode)
        make(declare("local_games:biuld"))
        """,
        path=tmp_path,
    )
    assert done.stdout.split() == ["3", "7", "rgb_array"], done.stderr
    assert "module 'local_games' has no 'biuld'" in done.stderr


def test_a_module_that_fails_inside_says_so_itself(tmp_path):
    (tmp_path / "broken_games.py").write_text("import not_installed_here\n")
    done = fresh(
        """
        from mosaic_nb.environments.resolve import make
        from mosaic_nb.environments.spec import declare
        make(declare("broken_games:build"))
        """,
        path=tmp_path,
    )
    assert "ModuleNotFoundError: No module named 'not_installed_here'" in done.stderr
    assert "UnknownEnvironment" not in done.stderr


# --- options ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environment", "options", "said"),
    [
        ("FrozenLake-v1", {"is_sliperry": True}, "'is_sliperry'; the nearest is is_slippery; it takes desc"),
        ("MiniGrid-DoorKey-5x5-v0", {"sise": 5}, "'sise'; the nearest .*size"),
        ("MiniGrid-DoorKey-5x5-v0", {"see_through_wall": 1}, "nearest is see_through_walls"),
        (
            Plain,
            {"sped": 5},
            "Plain takes no keyword argument 'sped'; the nearest is speed; it takes size, speed",
        ),
        (lambda size=3: Plain(size), {"x": 1}, "takes no keyword argument 'x'; it takes size"),
    ],
)
def test_an_unknown_option_is_an_error_that_names_the_nearest(environment, options, said):
    with pytest.raises(UnknownOption, match=said):
        made(environment, env_kwargs=options)


def test_a_type_error_of_the_environments_own_comes_through():
    def build(size=1):
        raise TypeError("size must be odd")

    with pytest.raises(TypeError, match="size must be odd") as caught:
        made(build, env_kwargs={"size": 2})
    assert not isinstance(caught.value, UnknownOption)


def test_options_reach_the_constructor():
    assert made(Plain, env_kwargs={"size": 9, "speed": 2}).size == 9
    assert made("CliffWalking-v1", env_kwargs={"is_slippery": True}).unwrapped.is_slippery


def test_the_render_mode_is_the_best_that_can_be_watched_from_afar():
    class Textual(Plain):
        metadata: ClassVar = {"render_modes": ["human", "ansi"]}

        def __init__(self, **options):
            super().__init__()
            self.render_mode = options.get("render_mode")

    assert made(Textual).render_mode == "ansi"
    assert made(Plain).render_mode is None
    assert made("FrozenLake-v1", env_kwargs={"render_mode": "ansi"}).render_mode == "ansi"
    with pytest.raises(TypeError, match="would open a window"):
        made("CartPole-v1", env_kwargs={"render_mode": "human"})


# --- the user's own code, wrappers, limits ------------------------------------------------------------


def test_a_class_or_function_of_a_notebook_travels_by_value():
    done = fresh("""
        import gymnasium, msgspec, os, subprocess, sys
        from mosaic_nb.environments.spec import declare
        from mosaic_nb.protocol import Encoder
        SIZE = 6
        class Mine(gymnasium.Env):
            observation_space = action_space = gymnasium.spaces.Discrete(2)
            def __init__(self, bonus=0):
                self.size = SIZE + bonus
        class Shell(gymnasium.Wrapper):
            pass
        declared = declare(Mine, {"bonus": 1}, [Shell])
        assert declared.callable is not None and declared.id == "Mine"
        assert isinstance(declared.wrappers[0][0], bytes)
        other = '''
        import sys
        from mosaic_nb.environments.resolve import make
        from mosaic_nb.protocol import Decoder, messages
        (got,) = Decoder(messages.Environment).feed(sys.stdin.buffer.read())
        env = make(got)
        print(type(env).__name__, env.unwrapped.size)
        '''
        import textwrap
        print(subprocess.run([sys.executable, "-c", textwrap.dedent(other)], input=Encoder().encode(declared),
              capture_output=True, check=True).stdout.decode())
    """)
    assert done.stdout.split() == ["Shell", "7"], done.stderr


def test_a_module_that_the_other_process_cannot_import_travels_by_value(tmp_path):
    (tmp_path / "only_here.py").write_text(
        textwrap.dedent("""
        import gymnasium
        SIZE = 5
        class Mine(gymnasium.Env):
            observation_space = action_space = gymnasium.spaces.Discrete(SIZE)
        """)
    )
    declaring = fresh(
        f"""
        import sys
        import only_here
        sys.path.remove({str(tmp_path)!r})
        from mosaic_nb.environments.spec import declare
        from mosaic_nb.protocol import Encoder
        print(Encoder().encode(declare(only_here.Mine)).hex())
        """,
        path=tmp_path,
    )
    making = fresh(f"""
        from mosaic_nb.environments.resolve import make
        from mosaic_nb.protocol import Decoder, messages
        (got,) = Decoder(messages.Environment).feed(bytes.fromhex({declaring.stdout.strip()!r}))
        print(make(got).action_space)
    """)
    assert making.stdout.split() == ["Discrete(5)"], declaring.stderr + making.stderr


def test_what_is_importable_travels_by_name():
    from gymnasium.envs.classic_control import CartPoleEnv

    declared = declare(CartPoleEnv, wrappers=[gymnasium.wrappers.FlattenObservation])
    assert declared.callable is None
    assert declared.id == "gymnasium.envs.classic_control.cartpole:CartPoleEnv"
    assert declared.wrappers == [("gymnasium.wrappers.transform_observation:FlattenObservation", {})]
    assert made(CartPoleEnv).unwrapped.__class__ is CartPoleEnv


def test_wrappers_come_innermost_first_with_their_options():
    class Tagged(gymnasium.Wrapper):
        def __init__(self, env, tag):
            super().__init__(env)
            self.tag = tag

    env = made(Plain, wrappers=[(Tagged, {"tag": "in"}), (Tagged, {"tag": "out"})], max_steps=4)
    assert (env.tag, env.env.tag) == ("out", "in")
    assert isinstance(env.env.env, gymnasium.wrappers.TimeLimit)
    with pytest.raises(
        UnknownOption, match=r"wrapper .*Tagged takes no keyword argument 'tga'; the nearest is tag"
    ):
        made(Plain, wrappers=[(Tagged, {"tga": 1})])
    by_name = ("gymnasium.wrappers:RescaleAction", {"min_action": -1.0, "max_action": 1.0})
    assert made("Pendulum-v1", wrappers=[by_name]).action_space.high == 1
    with pytest.raises(
        UnknownEnvironment, match=r"gymnasium.wrappers has no 'RescaleActoin'; .*RescaleAction"
    ):
        made("Pendulum-v1", wrappers=["gymnasium.wrappers:RescaleActoin"])


def test_tuples_stay_tuples_and_lists_lists():
    class Keeping(Plain):
        def __init__(self, **options):
            self.options = options

    options = {"a": (1, [2, (3,)]), "b": [{"c": ()}], "d": {"e": (4,)}}
    assert made(Keeping, env_kwargs=options).options == options
    made("MiniGrid-Empty-5x5-v0", env_kwargs={"agent_start_pos": (2, 2)}).reset(seed=1)


def test_what_is_no_environment_is_refused():
    with pytest.raises(TypeError, match=r"made a builtins.dict, which is neither a gymnasium.Env nor"):
        made(dict)
    with pytest.raises(TypeError, match=r"neither a gymnasium\.Env"):
        made(Plain, wrappers=[lambda env: None])


def test_a_spec_brings_its_options_wrappers_and_limit():
    env = gymnasium.make("FrozenLake-v1", is_slippery=False, max_episode_steps=12, render_mode="rgb_array")
    spec = gymnasium.wrappers.TimeAwareObservation(env).spec
    again = made(spec)
    assert again.spec.max_episode_steps == 12
    assert isinstance(again, gymnasium.wrappers.TimeAwareObservation)
    assert len(again.unwrapped.P[0][0]) == 1
    assert (
        made(EnvSpec("Own-v0", entry_point=Plain, kwargs={"size": 5}, max_episode_steps=3)).unwrapped.size
        == 5
    )


def test_an_id_that_the_notebook_registered_itself_travels_too():
    gymnasium.register("OnlyHere-v0", entry_point=Plain, kwargs={"size": 8}, max_episode_steps=6)
    try:
        declared = declare("OnlyHere-v0", {"speed": 3})
    finally:
        del registry["OnlyHere-v0"]
    env = make(declared)
    assert (env.unwrapped.size, env.unwrapped.speed, env._max_episode_steps) == (8, 3, 6)


# --- declare: misuse ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ((None,), TypeError, "an environment is an id such as 'CartPole-v1'.* not a NoneType"),
        ((3,), TypeError, "not a int"),
        (("",), ValueError, "empty"),
        ((Plain(),), TypeError, "a Plain that has been made already; every lane makes its own"),
        ((Plain, {"size": object()}), TypeError, "'size' of env_kwargs cannot travel.*def make"),
        ((Plain, {3: 4}), TypeError, "3 is no name"),
        ((Plain, None, Plain), TypeError, "wrappers is a list"),
        ((Plain, None, "a:b"), TypeError, "wrappers is a list"),
        ((Plain, None, ["FlattenObservation"]), TypeError, "'module:Class'"),
        ((Plain, None, [3]), TypeError, "not a int"),
        ((Plain, None, [(Plain, 3)]), TypeError, "is a pair"),
        ((Plain, None, (), 0), ValueError, "1 or more"),
        ((Plain, None, (), 2.5), TypeError, "number of steps"),
    ],
)
def test_misuse_is_named(arguments, error, said):
    with pytest.raises(error, match=said):
        declare(*arguments)


def test_what_cannot_be_pickled_is_named():
    import threading

    lock = threading.Lock()

    def build():
        return lock

    with pytest.raises(TypeError, match=r"build' cannot travel to the environment's process: .*lock"):
        declare(build)


def test_neither_side_imports_what_it_must_not():
    done = fresh("""
        import sys
        from mosaic_nb.environments.hosted import HostedEnvironment
        from mosaic_nb.environments.spec import declare
        from mosaic_nb.protocol import messages
        heavy = {"pandas", "pyarrow", "ipywidgets", "matplotlib", "torch", "PIL", "simplejpeg", "cloudpickle"}
        assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
        assert "minigrid" not in sys.modules
        hosted = HostedEnvironment(declare("CartPole-v1"))
        hosted.observe("agent", ["text", "history"], [])
        hosted.reset(messages.Seed(1))
        hosted.step({"agent": 0})
        assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
        declare("MiniGrid-DoorKey-5x5-v0")
        assert "minigrid" not in sys.modules
        print("clean")
    """)
    assert done.stdout.split() == ["clean"], done.stderr
