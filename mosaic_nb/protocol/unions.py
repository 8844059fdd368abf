"""Every message there is: what the scheduler sends, and what a worker answers."""

from __future__ import annotations

from mosaic_nb.protocol.blocks import BlockOpened, BlockPlayed, OpenBlock, PlayBlock
from mosaic_nb.protocol.messages import (
    Act,
    CloseSeat,
    Connect,
    Connected,
    Decision,
    Done,
    Failure,
    Hello,
    Invoke,
    Invoked,
    Learn,
    Load,
    Loaded,
    Observe,
    Observed,
    Open,
    Opened,
    Picture,
    Ping,
    Render,
    ResetEnvironment,
    ResetSeat,
    Shutdown,
    StepEnvironment,
    Transition,
    Welcome,
)

Request = (
    Hello
    | Load
    | ResetSeat
    | Act
    | Learn
    | CloseSeat
    | Open
    | Observe
    | ResetEnvironment
    | StepEnvironment
    | Render
    | Connect
    | Invoke
    | OpenBlock
    | PlayBlock
    | Ping
    | Shutdown
)
"""What the scheduler sends."""

Reply = (
    Welcome
    | Loaded
    | Decision
    | Done
    | Opened
    | Observed
    | Transition
    | Picture
    | Connected
    | Invoked
    | BlockOpened
    | BlockPlayed
    | Failure
)
"""What a worker answers."""
