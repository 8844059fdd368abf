"""Other versions of ipykernel than the installed one, each in a folder that its kernel looks into first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.browser.jupyterlab import REPOSITORY, Server


def add_kernel(server: Server, version: str) -> str:
    """Give the server a kernel of that version of ipykernel; return the name of its kernelspec.

    It is installed into this interpreter's prefix, once; all that it needs beside it is there already.
    """
    name = f"ipykernel-{version}"
    packages = Path(sys.prefix, "kernels", version)
    if not (packages / f"ipykernel-{version}.dist-info").exists():
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", sys.executable]
        subprocess.run(
            [*install, "--no-deps", "--target", str(packages), f"ipykernel=={version}"], check=True
        )
    spec = Path(server.environment["JUPYTER_DATA_DIR"], "kernels", name, "kernel.json")
    spec.parent.mkdir(parents=True, exist_ok=True)
    spec.write_text(
        json.dumps(
            {
                "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                "display_name": name,
                "language": "python",
                "metadata": {"debugger": False},
                "env": {"PYTHONPATH": os.pathsep.join([str(packages), str(REPOSITORY)])},
            }
        )
    )
    return name
