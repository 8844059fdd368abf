"""A real JupyterLab in a real Chromium, as a user has it: for tests, and for what measures the widget."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

REPOSITORY = Path(__file__).parents[2]
SCREENSHOTS = REPOSITORY / "artifacts" / "screenshots"
CHROMIUMS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)
NO_CHROMIUM = (
    "No Chromium was found. Install one (Debian: apt-get install chromium) "
    "or name its program in MOSAIC_NB_CHROMIUM."
)
SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "notebook-extension/tracker": {"windowingMode": "none"},
    "docmanager-extension/plugin": {"autosave": False},
}
START = 60.0
"""Seconds a server may take to answer, on a loaded machine."""

WAIT = 30_000
"""Milliseconds that the page is given for whatever a test waits for."""

expect.set_options(timeout=WAIT)


class Server:
    """A JupyterLab server with folders of its own, on a free port.

    Attributes:
        url, token: where it is, and what it lets in.
        root: the folder of its notebooks.
        environment: the variables that it, its kernels and other Jupyter programs run under.
    """

    def __init__(self, folder: Path) -> None:
        self.root = folder / "notebooks"
        self.root.mkdir()
        self.token = secrets.token_hex(16)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        self.environment = os.environ | self._places(folder)
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            self._command(),
            env=self.environment,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._wait_until_it_answers()

    def close(self) -> None:
        """Let it shut its kernels down and leave."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._log.close()

    def ask(self, method: str, path: str) -> Any:
        """Call the server's REST interface."""
        request = urllib.request.Request(f"{self.url}{path}", method=method)
        request.add_header("Authorization", f"token {self.token}")
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"null")

    def notebook(self, name: str, *sources: str, kernel: str = "python3") -> Path:
        """Write a notebook of code cells into the root; return its path."""
        document = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in sources],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        path = self.root / f"{name}.ipynb"
        nbformat.write(document, path)
        return path

    def end_kernels(self) -> None:
        """Shut every kernel and session down."""
        for session in self.ask("GET", "/api/sessions"):
            self.ask("DELETE", f"/api/sessions/{session['id']}")

    def _command(self) -> list[str]:
        options = {
            "ServerApp.root_dir": self.root,
            "ServerApp.port": self.url.rpartition(":")[2],
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            "LabApp.news_url": "None",
            "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        }
        return [
            sys.executable,
            "-m",
            "jupyter",
            "lab",
            *(f"--{name}={value}" for name, value in options.items()),
        ]

    def _places(self, folder: Path) -> dict[str, str]:
        for name, values in SETTINGS.items():
            file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(values))
        places = {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
            "IPYTHONDIR": "ipython",
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        code = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
        return {name: str(folder / place) for name, place in places.items()} | {
            "PATH": path,
            "PYTHONPATH": code,
        }

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START
        while not self._answers():
            try:
                code = self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                code = None
            if code is not None or time.monotonic() > deadline:
                end = "is silent" if code is None else f"ended with {code}"
                raise RuntimeError(f"JupyterLab {end}: {Path(self._log.name).read_text()[-2000:]}")

    def _answers(self) -> bool:
        try:
            self.ask("GET", "/api/status")
        except urllib.error.URLError:
            return False
        return True


class Lab:
    """One page of JupyterLab.

    Attributes:
        page: the Playwright page, for whatever is not here.
        server: the server; its ``root`` is the folder of the notebooks.
        opened: the cells of the notebook as they were when it was opened.
        errors: uncaught errors and console errors of the page.
    """

    def __init__(self, server: Server, page: Page) -> None:
        self.server = server
        self.page = page
        self.opened: list[dict[str, Any]] = []
        self.errors: list[str] = []
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def open(self, notebook: Path | str) -> None:
        """Open a notebook of the server's root, with a fresh workspace, and wait for its kernel."""
        name = Path(notebook).name
        if Path(notebook).parent != self.server.root:
            shutil.copy(notebook, self.server.root / name)
        self.page.goto(f"{self.server.url}/lab/tree/{name}?reset&token={self.server.token}")
        self._wait_until_ready()
        self.opened = self.cells()

    def reload(self) -> None:
        """Reload the page, as a user does with F5."""
        self.page.reload()
        self._wait_until_ready()

    def run_all(self, *, wait: bool = True) -> None:
        """Run all cells and, unless told otherwise, wait until every prompt has its number."""
        run = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
        self.page.evaluate(f"async () => {{ {run}; await new Promise(requestAnimationFrame); }}")
        if wait:
            self.wait_until_run()

    def run_cell(self, number: int, *, wait: bool = True) -> None:
        """Run one cell and, unless told otherwise, wait for it."""
        self.cell(number).locator(".jp-InputArea-prompt").click()
        run = "window.jupyterapp.commands.execute('notebook:run-cell')"
        self.page.evaluate(f"async (wait) => {{ const done = {run}; if (wait) await done; }}", wait)

    def wait_until_run(self) -> None:
        """Wait until no cell runs or waits: while a cell awaits, the kernel itself may say that it is idle."""
        unfinished = self.page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_not_text="]:")
        running = self.page.locator(".jp-CodeCell .jp-InputPrompt").filter(has_text="[*]")
        expect(running).to_have_count(0, timeout=2 * WAIT)
        expect(unfinished).to_have_count(0)

    def cell(self, number: int) -> Locator:
        """A cell, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def cell_output(self, number: int) -> Locator:
        """What a cell put out."""
        return self.cell(number).locator(".jp-OutputArea").first

    def arena(self, number: int, lanes: int) -> Locator:
        """Run the cell that makes and shows an arena; return its widget, once every lane has its picture."""
        self.run_cell(number)
        widget = self.cell_output(number).locator(".mnb")
        expect(widget.locator(".mnb-canvas:visible")).to_have_count(lanes)
        return widget

    def read(self, number: int) -> Any:
        """Run a cell that prints JSON; return what it says."""
        self.run_cell(number)
        return json.loads(self.cell_output(number).inner_text())

    def cells(self) -> list[dict[str, Any]]:
        """Type and source of every cell as the page has them now."""
        cells = "window.jupyterapp.shell.currentWidget.content.model.cells"
        read = (
            f"() => Array.from({cells}, cell => ({{type: cell.type, source: cell.sharedModel.getSource()}}))"
        )
        found: list[dict[str, Any]] = self.page.evaluate(read)
        return found

    def check_unharmed(self) -> None:
        """Assert that no key or click on the widget has changed the notebook's cells."""
        if self.page.url.startswith(self.server.url):
            assert self.cells() == self.opened

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def restart_kernel(self) -> None:
        """Give the notebook a fresh kernel; its outputs stay."""
        restart = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
        self.page.evaluate(f"async () => {{ await {restart}; }}")

    def theme(self, name: str) -> None:
        """Change to the ``"dark"`` or the ``"light"`` theme."""
        self.command("apputils:change-theme", {"theme": f"JupyterLab {name.capitalize()}"})
        light = str(name == "light").lower()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-light", light)

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Take a picture of the page, or of one element, as ``artifacts/screenshots/<name>.png``."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (of or self.page).screenshot(path=path, animations="disabled")
        return path

    def command(self, name: str, options: dict[str, Any] | None = None) -> None:
        """Execute a command of JupyterLab and wait until it is done."""
        execute = "async ([name, options]) => { await window.jupyterapp.commands.execute(name, options); }"
        self.page.evaluate(execute, [name, options or {}])

    def _wait_until_ready(self) -> None:
        expect(self.page.locator(".jp-NotebookPanel:visible .jp-Notebook")).to_be_visible(timeout=2 * WAIT)
        ready = """async () => {
            const app = window.jupyterapp;
            await app.restored;
            app.shell.collapseLeft();
            await app.shell.currentWidget.context.ready;
            await app.shell.currentWidget.sessionContext.ready;
        }"""
        self.page.evaluate(ready)


def find_chromium() -> str | None:
    """The Chromium to use: the one that MOSAIC_NB_CHROMIUM names, else an installed one."""
    named = os.environ.get("MOSAIC_NB_CHROMIUM")
    return next(filter(None, map(shutil.which, (named,) if named else CHROMIUMS)), None)
