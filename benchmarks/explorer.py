"""Size, first paint and moves a second of the explorer, in headless Chromium.

    python benchmarks/explorer.py [--screenshots FOLDER] [page.html …]

Without pages it makes those of the candidates (2 in 1, 3 in 2), and of 2 in 1 with relaxed minima.
Bars: under 1 MB, first paint under 1 s, 60 moves a second. A move is what a pointer causes: the
numbers, weights and slices at another point, drawn before the next frame. The browser is spoken to
over its own pipe; no package is needed. First paint is counted from the beginning of navigation, in
a browser that has started; the clock is the wall's, so measure on an idle machine.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MOVES = """new Promise(done => {
  const start = performance.now();
  let count = 0;
  (function frame() {
    const now = performance.now() - start;
    if (now > 3000) {
      const begun = performance.now();
      for (let k = 0; k < 100; k++) phasecalc.refresh();
      return done([1000 * (count - 1) / now, (performance.now() - begun) / 100]);
    }
    count++;
    phasecalc.move(.2 + .7 * now / 3000, Math.exp(2 * Math.sin(now / 300)));
    requestAnimationFrame(frame);
  })();
})"""
"""A move in every frame for three seconds: how many there were, and what one costs by itself."""
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


class Browser:
    """One Chromium over --remote-debugging-pipe: commands in, answers out, with 0 bytes between."""

    def __init__(self, folder: Path) -> None:
        program = next((found for name in NAMES if (found := shutil.which(name))), None)
        if program is None:
            sys.exit("benchmarks/explorer.py: no chromium; on Debian: apt-get install chromium")
        self._count = 0
        down_read, self._down = os.pipe()
        self._up, up_write = os.pipe()
        # The browser reads from descriptor 3 and writes to 4.
        shell = f'exec "$0" "$@" 3<&{down_read} 4>&{up_write}'
        flags = [
            "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--remote-debugging-pipe",
            f"--user-data-dir={folder}",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            ["bash", "-c", shell, program, *flags],
            pass_fds=(down_read, up_write),
            stderr=subprocess.DEVNULL,
        )
        os.close(down_read)
        os.close(up_write)
        self._input = os.fdopen(self._up, "rb")
        self._rest = b""

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """The answer to one command; events before it are passed over."""
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._rest:
                read = self._input.read1(1 << 16)
                if not read:
                    raise RuntimeError("the browser has ended")
                self._rest += read
            text, self._rest = self._rest.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def open(self, address: str, size: tuple[int, int]) -> str:
        """A page of this size; its session."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = str(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        width, height = size
        self.ask(
            "Emulation.setDeviceMetricsOverride", session,
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        self.ask("Page.navigate", session, url=address)
        self.value(session, "new Promise(done => setTimeout(done, 1500))")
        return session

    def value(self, session: str, expression: str) -> Any:
        """What an expression of JavaScript comes to on the page."""
        found = self.ask(
            "Runtime.evaluate", session,
            expression=expression, awaitPromise=True, returnByValue=True,
        )  # fmt: skip
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"])
        return found["result"].get("value")

    def picture(self, session: str, path: Path) -> None:
        """The whole page as a PNG."""
        found = self.ask("Page.captureScreenshot", session, captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def close(self) -> None:
        self.ask("Browser.close")
        self._process.wait(20)


def made(folder: Path) -> list[Path]:
    """The pages that the package writes."""
    pages = []
    for name, arguments in (
        ("candidates-2-1", ["-n", "2", "-m", "1"]),
        ("candidates-3-2", ["-n", "3", "-m", "2"]),
        ("relaxed-2-1", ["-n", "2", "-m", "1", "--source", "relaxed"]),
    ):
        pages.append(folder / f"{name}.html")
        command = [sys.executable, "-m", "phasecalc", "explore", *arguments, "-o", str(pages[-1])]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return pages


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*", type=Path)
    parser.add_argument("--screenshots", type=Path, help="a folder for pictures of every page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name)
        pages = options.pages or made(folder)
        browser = Browser(folder / "profile")
        print(f"{'page':28}{'source':12}{'kB':>6}{'paint, ms':>11}{'moves/s':>9}{'a move, ms':>12}")
        for page in pages:
            address = page.resolve().as_uri()
            session = browser.open(address, SIZES["wide"])
            sources = browser.value(
                session, "Array.from(document.querySelectorAll('#sources input'), e => e.value)"
            )
            for source in sources:
                session = browser.open(f"{address}#source={source}", SIZES["wide"])
                paint = browser.value(
                    session,
                    "performance.getEntriesByName('first-contentful-paint')[0].startTime",
                )
                moves, work = browser.value(session, MOVES)
                errors = browser.value(session, "phasecalc.errors")
                print(
                    f"{page.name:28}{source:12}{page.stat().st_size / 1000:6.0f}{paint:11.0f}"
                    f"{moves:9.0f}{work:12.1f}  {' '.join(errors)}"
                )
                if options.screenshots is not None:
                    options.screenshots.mkdir(exist_ok=True, parents=True)
                    for kind, size in SIZES.items():
                        for theme in ("light", "dark"):
                            place = f"{address}#source={source}&theme={theme}&S=0.7&r=0.8"
                            session = browser.open(place, size)
                            shot = f"{page.stem}-{source}-{kind}-{theme}.png"
                            browser.picture(session, options.screenshots / shot)
        browser.close()


if __name__ == "__main__":
    main()
