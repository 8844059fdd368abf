"""Moments of a fake arena, for whatever exports them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

from mosaic_nb.scheduler.snapshot import History, Recollection
from mosaic_nb.testing.controls import FakeControls, FakeLane, four_lanes
from mosaic_nb.view.film import Film


def played(count: int, lanes: Sequence[FakeLane] = ()) -> tuple[list[Recollection], History]:
    """Play a fake arena; return its first moments and its history."""
    lanes = lanes or four_lanes()
    people = [lane.name for lane in lanes if lane.kind == "human"]
    controls = FakeControls(lanes)
    for tick in range(count - 1):
        for name in people:
            lane = next(lane for lane in controls.snapshot.lanes if lane.name == name)
            controls.choose(name, "agent", tick % 6, lane.seats[0].turn)
            controls.settle()
        if not people:
            controls.step()
            controls.settle()
    found: list[Future[Recollection]] = []
    for moment in range(count):
        found.append(Future())
        controls.recall(moment, found[-1].set_result)
        controls.settle()
    history: Future[History] = Future()
    controls.history(history.set_result)
    controls.settle()
    controls.close()
    return [each.result() for each in found], history.result()


def filmed(moments: Sequence[Recollection], max_bytes: float = float("inf")) -> Film:
    """The moments as a page keeps them."""
    film = Film(max_bytes)
    for each in moments:
        film.add(each)
    return film
