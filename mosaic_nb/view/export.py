"""An arena's moments as one page that needs no kernel and no network."""

from __future__ import annotations

import base64
from hashlib import sha256
from html import escape

from mosaic_nb.scheduler.snapshot import History
from mosaic_nb.view import still
from mosaic_nb.view.film import Film
from mosaic_nb.view.script import script, style

_PAGE = """<!doctype html>
<html lang="en" class="mnb-page">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="mnb-player" aria-label="{title}"></main>
<noscript>
<p>This is where the episodes ended. With JavaScript the page plays them.</p>
<img alt="{line}" src="data:image/png;base64,{picture}">
{table}
</noscript>
<script type="application/json" id="mnb-film">{film}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def page(film: Film, history: History) -> str:
    """Return a page that plays moments: one HTML file that loads nothing and lets nothing be loaded.

    Args:
        film: the moments.
        history: what happened, for the timeline.

    Raises:
        ValueError: there are no moments.
    """
    if film.last is None:
        raise ValueError("there is no moment to show")
    snapshot, pictures = film.last.snapshot, film.last.pictures
    sheet, program = style(), script("player")
    return _PAGE.format(
        policy=_policy(sheet, program),
        title=escape(still.heading(snapshot)),
        style=sheet,
        line=escape(still.line(snapshot)),
        picture=base64.b64encode(still.picture(snapshot, pictures)).decode(),
        table=still.table(snapshot),
        film=film.data(history),
        script=program,
    )


def _policy(sheet: str, program: str) -> str:
    """What the browser lets the page do: run this script, use this style, show pictures it holds; no more."""
    return (
        f"default-src 'none'; script-src {_hash(program)}; style-src {_hash(sheet)}; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(sha256(text.encode()).digest()).decode()}'"
