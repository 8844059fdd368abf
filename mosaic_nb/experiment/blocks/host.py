"""The block worker: ``python -m mosaic_nb.experiment.blocks.host`` plays whole episodes of one lane."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from mosaic_nb.experiment.blocks.block import Block
from mosaic_nb.protocol.blocks import BlockOpened, BlockPlayed, OpenBlock, PlayBlock
from mosaic_nb.worker.channel import Channel
from mosaic_nb.worker.environment import versions
from mosaic_nb.worker.serve import run


class BlockHost:
    """Answers for one block."""

    capabilities = ("block",)

    def __init__(self) -> None:
        self._block: Block | None = None

    def handlers(self) -> dict[type[Any], Callable[[Any], Any]]:
        """Return what answers each type of request."""
        return {OpenBlock: self._open, PlayBlock: self._play}

    def libraries(self) -> dict[str, str]:
        """Return the versions that an episode's repetition may depend on."""
        return versions()

    def close(self) -> None:
        """Close the environment and the operators."""
        if self._block is not None:
            self._block.close()

    def _open(self, request: OpenBlock) -> BlockOpened:
        self._block = Block(request)
        gc.collect()
        gc.freeze()  # so that no collection looks at all that was imported, again and again
        return self._block.opened()

    def _play(self, request: PlayBlock) -> BlockPlayed:
        if self._block is None:
            raise RuntimeError("a block was to be played before it was opened")
        return self._block.play(request)


def main() -> None:
    """Serve until the scheduler has gone."""
    run(Channel.from_environment(), [BlockHost()])


if __name__ == "__main__":
    main()
