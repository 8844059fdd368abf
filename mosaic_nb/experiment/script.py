"""Experiments that a plain script declares, for ``mosaic-nb run``."""

from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType

from mosaic_nb.experiment.experiment import Experiment


def experiments(script: Path, name: str | None = None) -> dict[str, Experiment]:
    """Return the experiments that a script leaves in its variables, by name.

    Raises:
        FileNotFoundError, ValueError: there is no such script, or no such experiment in it.
    """
    if not script.is_file():
        raise FileNotFoundError(f"there is no script {script}")
    sys.path.insert(0, str(script.resolve().parent))
    try:
        names = runpy.run_path(str(script), run_name="mosaic_nb_script")
    except Exception as error:
        where = traceback.format_exception(type(error), error, _from_the_script(error, script))
        raise ValueError(f"{script} failed:\n{''.join(where)}".rstrip()) from error
    found = {key: value for key, value in names.items() if isinstance(value, Experiment)}
    if not found:
        raise ValueError(f"{script} leaves no mnb.Experiment in a variable: experiment = mnb.Experiment(...)")
    if name is not None and name not in found:
        raise ValueError(f"{script} has no experiment {name!r}; it has {', '.join(found)}")
    return found if name is None else {name: found[name]}


def _from_the_script(error: Exception, script: Path) -> TracebackType | None:
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != str(script):
        frames = frames.tb_next
    return frames or error.__traceback__
