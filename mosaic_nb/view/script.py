"""The front end's modules as the one script that a widget or a saved page takes; no build tool, no second copy."""

from __future__ import annotations

import re
from pathlib import Path

_FRONT = Path(__file__).parent / "front"
_IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const) (\w+)", re.MULTILINE)


def script(entry: str) -> str:
    """Return a module of ``front/`` and all that it imports as one script, each module in a scope of its own.

    Imports are written ``import { a, b } from "./module.js";`` on one line, exports before what they name.

    Args:
        entry: the module's name without ``.js``; what it exports itself stays an export.

    Raises:
        FileNotFoundError: a module is not there.
        ValueError: modules import each other in a circle.
    """
    scopes: dict[str, str] = {}
    body = _IMPORT.sub(lambda found: _bind(found, scopes, (entry,)), _read(entry))
    return "\n".join((*scopes.values(), body))


def style() -> str:
    """Return the style sheets of ``front/`` as one, in the order of their names."""
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sorted(_FRONT.glob("*.css")))


def _bind(found: re.Match[str], scopes: dict[str, str], above: tuple[str, ...]) -> str:
    """Return what takes an import's place, once the module that it names has its scope."""
    names, module = found.groups()
    if module in above:
        raise ValueError(f"{' -> '.join((*above, module))}: the front end's modules import each other")
    if module not in scopes:
        source = _IMPORT.sub(lambda inner: _bind(inner, scopes, (*above, module)), _read(module))
        exported = ", ".join(name for _, name in _EXPORT.findall(source))
        inside = _EXPORT.sub(r"\1 \2", source)
        scopes[module] = f"const ${module} = (() => {{\n{inside}\nreturn {{ {exported} }};\n}})();"
    return f"const {names} = ${module};\n"


def _read(module: str) -> str:
    return (_FRONT / f"{module}.js").read_text(encoding="utf-8")
