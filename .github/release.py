"""Prepare a checkout for the package index: python .github/release.py OWNER/REPOSITORY TAG

Relative links of the README, its pictures among them, lead nowhere on the index: they become
addresses at the tag. `[project.urls]` gets the repository that the release is made from.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOST = "https://github.com"
RAW = "https://raw.githubusercontent.com"


def readme(text: str, repository: str, tag: str) -> str:
    """The README with addresses in place of paths.

    >>> readme("![a](docs/a.png) [b](https://b.example)", "o/r", "v1")
    '![a](https://raw.githubusercontent.com/o/r/v1/docs/a.png) [b](https://b.example)'
    """
    raw, pages = f"{RAW}/{repository}/{tag}/", f"{HOST}/{repository}/blob/{tag}/"
    text = re.sub(r"(!\[[^\]]*\]\()(?!https?:|#)", rf"\g<1>{raw}", text)
    return re.sub(r"((?<!!)\[[^\]]*\]\()(?!https?:|#)", rf"\g<1>{pages}", text)


def project(text: str, repository: str, tag: str) -> str:
    """pyproject.toml with the addresses of the repository."""
    home = f"{HOST}/{repository}"
    lines = [
        f'Repository = "{home}"',
        f'Documentation = "{home}/tree/{tag}/docs"',
        f'Issues = "{home}/issues"',
        f'Changelog = "{home}/blob/{tag}/CHANGELOG.md"',
    ]
    return text.replace("[project.urls]\n", "[project.urls]\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    for name, change in (("README.md", readme), ("pyproject.toml", project)):
        path = ROOT / name
        path.write_text(change(path.read_text(encoding="utf-8"), *sys.argv[1:3]), encoding="utf-8")
