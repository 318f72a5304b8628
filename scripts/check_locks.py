"""Do the lock files hold what pyproject.toml asks for, and name no registry and no path? Run by scripts/check."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
ADDRESS = re.compile(r"^\s*--(?:index|extra-index|find-links|trusted)|://|^\s*/", re.MULTILINE)


def normal(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(requirements: Iterable[str]) -> set[str]:
    """The packages that these requirements ask for, without versions and extras."""
    return {normal(found[0]) for requirement in requirements if (found := NAME.match(requirement))}


def problems(pyproject: str, runtime: str, development: str) -> Iterator[str]:
    """What is wrong, one sentence each. The arguments are the texts of pyproject.toml and of the two lock files."""
    asked = tomllib.loads(pyproject)
    locks = {"requirements.lock": runtime, "requirements-dev.lock": development}
    wanted = names(asked["project"]["dependencies"]) | {"setuptools"}
    pins = {lock: {normal(name): version for name, version in PINNED.findall(text)} for lock, text in locks.items()}
    needs = {
        "requirements.lock": wanted,
        "requirements-dev.lock": wanted | names(asked["dependency-groups"]["dev"]),
    }
    for lock, text in locks.items():
        if missing := needs[lock] - pins[lock].keys():
            yield f"{lock} lacks {', '.join(sorted(missing))}: run scripts/lock."
        if ADDRESS.search(text):
            yield f"{lock} names a registry or a path: run scripts/lock."
    for name, version in pins["requirements.lock"].items():
        if pins["requirements-dev.lock"].get(name) != version:
            yield f"requirements-dev.lock has not {name} {version}, as requirements.lock has: run scripts/lock."


def main() -> int:
    """Print every problem; 1 if there is any."""
    files = ("pyproject.toml", "requirements.lock", "requirements-dev.lock")
    found = list(problems(*((ROOT / name).read_text(encoding="utf-8") for name in files)))
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
