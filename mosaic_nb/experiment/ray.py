"""The Ray executor: a crew on every node of a cluster. Blocks of episodes move, steps never do.

The driver hands each node an order, a list of trials, and takes its parts as they are written. A node that sees the
run's folder (a shared file system) writes them there itself; else their bytes travel. What a lost node had not
delivered is handed out again.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from mosaic_nb.errors import MosaicError
from mosaic_nb.experiment.crew import Crew, Tell
from mosaic_nb.experiment.executors import check_workers
from mosaic_nb.experiment.job import Folders, Job, Played, Unit
from mosaic_nb.experiment.queue import PIECE
from mosaic_nb.recording import folder as files
from mosaic_nb.scheduler.thread import scheduler_thread

_LOSSES = 5
"""How often a node may be lost without having delivered anything in between."""
_DELIVERIES = 250.0
"""Parts a second that a driver takes in at ease, see docs/scale.md: on many cores pieces are longer."""
_KNOCK = 10.0
_MARK = ".cluster"


@dataclass(frozen=True)
class Ray:
    """A Ray cluster, or this machine through Ray.

    Attributes:
        address: of an existing cluster, such as ``"auto"``; None for the one that this process is connected to or
            ``RAY_ADDRESS`` names, else for one of this machine's own.
        workers: how many episodes each node plays at a time; None for as many as keep its cores busy.
    """

    address: str | None = None
    workers: int | None = None

    def __post_init__(self) -> None:
        check_workers(self.workers)

    def begin(self, job: Job, folders: Folders, tell: Tell) -> Cluster:
        """Return what plays a job there.

        Raises:
            MosaicError: Ray is not installed, or there is no cluster at the address.
        """
        try:
            import ray
        except ImportError:
            raise MosaicError('Ray is not installed: python -m pip install "mosaic_nb[ray]"') from None
        if not ray.is_initialized():
            try:
                _knock(self.address)
                ray.init(address=self.address, log_to_driver=False, configure_logging=False)
            except (OSError, RuntimeError) as error:
                raise MosaicError(f"there is no Ray cluster at {self.address!r}: {error}") from error
        return Cluster(job, folders, tell, self.workers)


@dataclass(frozen=True)
class Delivery:
    """A part as it comes from a node.

    Attributes:
        played: its episodes.
        name: of the file.
        data: the file's bytes, or None where the node has put it in its place itself.
        blobs: texts and pictures of model calls that came with it.
    """

    played: Sequence[Played]
    name: str
    data: bytes | None
    blobs: Sequence[bytes] = ()


class Node:
    """What plays on one node; an actor.

    Args:
        job: what is played.
        folders: the run's, on the driver's machine.
        mark: a file in the run's folder that is seen by who shares it.
        workers: how many pieces at a time, or None.
        piece: seconds that a piece should take.
    """

    def __init__(
        self, job: Job, folders: Folders, mark: str, workers: int | None, piece: float = PIECE
    ) -> None:
        self._piece = piece
        self._job = job
        self._shared = (folders.run / mark).exists()
        self._scratch = tempfile.TemporaryDirectory(prefix="mosaic-nb-node-")
        own = Path(self._scratch.name)
        self._folders = folders if self._shared else Folders(own, own / "parts", own / "logs")
        self._folders.parts.mkdir(exist_ok=True)
        self._workers = workers
        self._crew: Crew | None = None
        self._stopped = False

    def play(self, order: Sequence[Unit]) -> Iterator[Delivery]:
        """Play trials, and give their parts as they are written."""
        done: SimpleQueue[tuple[Sequence[Played], Path] | None] = SimpleQueue()
        crew = Crew(
            self._job,
            self._folders,
            lambda played, path: done.put((played, path)),
            self._workers,
            self._piece,
        )
        self._crew = crew
        if self._stopped:  # before it had begun
            crew.stop()

        async def play() -> None:
            try:
                await crew.play(order)
            finally:
                await crew.close()
                done.put(None)

        future = scheduler_thread().start(play())
        while (told := done.get()) is not None:
            yield self._deliver(*told)
        future.result()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped = True
        if self._crew is not None:
            scheduler_thread().post(self._crew.stop)

    def _deliver(self, played: Sequence[Played], path: Path) -> Delivery:
        if self._shared:
            return Delivery(played, path.name, None)
        data = path.read_bytes()
        path.unlink()
        found = [blob for blob in (self._folders.run / files.BLOBS).rglob("*") if blob.is_file()]
        blobs = [blob.read_bytes() for blob in found if not files.is_unfinished(blob)]
        return Delivery(played, path.name, data, blobs)


class Cluster:
    """Plays on the nodes of the cluster that this process is connected to.

    Args:
        job: what is played.
        folders: where everything goes.
        tell: told of every part.
        workers: how many pieces at a time on each node, or None.
    """

    def __init__(self, job: Job, folders: Folders, tell: Tell, workers: int | None = None) -> None:
        self._job = job
        self._folders = folders
        self._tell = tell
        self._workers = workers
        self._mark = f"{_MARK}-{secrets.token_hex(4)}"
        self._actors: list[Any] = []
        self._todo: deque[Unit] = deque()
        self._piece = PIECE
        self._stopped = False

    async def play(self, todo: Iterable[Unit]) -> None:
        """Play trials; returns when all that were begun are on disk.

        Raises:
            MosaicError: nodes are lost one after another, or the disk refused.
        """
        self._todo.extend(interleaved(todo))
        nodes = _nodes()
        self._piece = max(PIECE, sum(nodes.values()) / _DELIVERIES)
        (self._folders.run / self._mark).touch()
        try:
            await asyncio.gather(*(self._keep_busy(node, len(nodes)) for node in nodes))
        finally:
            (self._folders.run / self._mark).unlink(missing_ok=True)

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopped = True
        for actor in self._actors:
            actor.stop.remote()

    async def close(self) -> None:
        """End the actors, and with them their workers."""
        import ray

        for actor in self._actors:
            ray.kill(actor)
        self._actors.clear()

    async def _keep_busy(self, node: str, nodes: int) -> None:
        """Give a node orders until there is nothing left."""
        losses = 0
        actor = self._hire(node)
        while self._todo and not self._stopped:
            order = self._order(nodes)
            left = dict.fromkeys(order)
            try:
                async for delivery in _stream(actor, order):
                    self._take(delivery, left)
                    losses = 0
            except _lost_errors() as error:
                losses += 1
                if losses > _LOSSES:
                    raise MosaicError(
                        f"node {node} was lost {losses} times without delivering: {error}"
                    ) from error
                self._todo.extendleft(reversed(left))
                actor = self._hire(node)

    def _order(self, nodes: int) -> list[Unit]:
        """Return the next trials for a node: half of its share of what is left, so that all end at the same time."""
        count = len(self._todo) if nodes == 1 else max(1, len(self._todo) // (2 * nodes))
        return [self._todo.popleft() for _ in range(count)]

    def _hire(self, node: str) -> Any:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        actor = (
            ray.remote(Node)
            .options(
                num_cpus=0,
                max_concurrency=2,  # it is told to stop while it plays
                scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False),
            )
            .remote(self._job, self._folders, self._mark, self._workers, self._piece)
        )
        self._actors.append(actor)
        return actor

    def _take(self, delivery: Delivery, left: dict[Unit, None]) -> None:
        path = self._folders.parts / delivery.name
        with files.naming_disk_errors(self._folders.run, "writing a part"):
            for blob in delivery.blobs:
                files.store_blob(self._folders.run, blob)
            if delivery.data is not None:
                with files.beside(path, durable=True) as unfinished:
                    unfinished.write_bytes(delivery.data)
                files.sync(path.parent)
        for each in delivery.played:
            left.pop((each.lane, each.number // self._job.trial), None)
        self._tell(delivery.played, path)


def interleaved(units: Iterable[Unit]) -> list[Unit]:
    """Return trials by number, so that all lanes come to the same place, but in runs that make a block."""
    return sorted(units, key=lambda unit: unit[1])


def _knock(address: str | None) -> None:
    """Raise OSError at once where nobody listens at ``host:port``: Ray itself would try for minutes."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host, int(port)), _KNOCK).close()


async def _stream(actor: Any, order: Sequence[Unit]) -> Any:
    """Give what a node delivers, as it comes."""
    stream = actor.play.options(num_returns="streaming").remote(order)
    async for reference in stream:
        yield await reference


def _nodes() -> dict[str, float]:
    """Return the nodes that have cores, by id, and how many."""
    import ray

    alive = [
        node
        for node in ray.nodes()  # type: ignore[no-untyped-call]
        if node["Alive"] and node["Resources"].get("CPU", 0) >= 1
    ]
    if not alive:
        raise MosaicError("the Ray cluster has no node with a core")
    return {node["NodeID"]: node["Resources"]["CPU"] for node in alive}


def _lost_errors() -> tuple[type[Exception], ...]:
    from ray.exceptions import ObjectLostError, RayActorError, WorkerCrashedError

    return (RayActorError, WorkerCrashedError, ObjectLostError)
