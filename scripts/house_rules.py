"""The rules of this code base that no bought tool knows, checked on the syntax tree. Run by scripts/check.

1. Only `app/ledger.py` changes an item's state.
2. Nobody commits but the unit of work (`app/db.py`) and the command line (`app/cli`).
3. Every route takes the `actor`, or says that it is `Public`.
4. Imports stand at the top of the file.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
ROUTE_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "api_route"})
UPDATE_OF_STATE = re.compile(r"\bupdate\s+item\b.*?\bset\b[^;]*?\bstate\s*=", re.IGNORECASE | re.DOTALL)

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Violation(NamedTuple):
    """Where, and what is wrong there, in one sentence."""

    path: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.sentence}"


def find_violations(path: str, source: str) -> list[Violation]:
    """Every rule on one file. `path`, from the checkout and with forward slashes, decides which rules apply."""
    tree = ast.parse(source, filename=path)
    found = [
        Violation(path, line, sentence) for applies, rule in RULES if applies(path) for line, sentence in rule(tree)
    ]
    return sorted(set(found))  # An import in a function in a function is one violation.


def state_changes(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Assignments to an attribute `.state`, UPDATEs of the item table that set it, `setattr(…, "state", …)`."""
    sentence = "only app/ledger.py changes an item's state: call ledger.move."
    for node in ast.walk(tree):
        if assigns_state(node) or sets_state_by_name(node) or updates_item_state(node) or is_update_in_words(node):
            yield getattr(node, "lineno", 0), sentence


def assigned(node: ast.AST) -> Iterator[ast.expr]:
    """The targets of an assignment of any kind, tuples taken apart."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = list(node.targets)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For | ast.AsyncFor):
        targets = [node.target]
    while targets:
        target = targets.pop()
        if isinstance(target, ast.Tuple | ast.List):
            targets.extend(target.elts)
        else:
            yield target


def assigns_state(node: ast.AST) -> bool:
    return any(isinstance(target, ast.Attribute) and target.attr == "state" for target in assigned(node))


def sets_state_by_name(call: ast.AST) -> bool:
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and len(call.args) == 3):
        return False
    return call.func.id == "setattr" and name_of(call.args[1]) == "state"


def is_update_in_words(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return False
    return UPDATE_OF_STATE.search(node.value) is not None


def updates_item_state(call: ast.AST) -> bool:
    """`update(Item)….values(state=…)`, also with a dictionary of values."""
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "values"):
        return False
    names = [keyword.arg for keyword in call.keywords]
    for argument in call.args:
        if isinstance(argument, ast.Dict):
            names += [name_of(key) for key in argument.keys if key is not None]
    return "state" in names and is_update_of_item(call.func.value)


def name_of(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    return node.attr if isinstance(node, ast.Attribute) else ""


def is_update_of_item(chain: ast.expr) -> bool:
    for node in ast.walk(chain):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "update":
            return bool(node.args) and re.search(r"\bitem\b", ast.unparse(node.args[0]), re.IGNORECASE) is not None
    return False


def commits(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Calls of a method `commit`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            yield node.lineno, "the unit of work commits, at the edge: leave the session to app/db.py."


def routes_for_nobody(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Functions decorated as routes that neither take an `actor` nor a parameter annotated `Public`."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and any(is_route(decorator) for decorator in node.decorator_list):
            parameters = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            if not any(parameter.arg == "actor" or is_public(parameter) for parameter in parameters):
                yield (
                    node.lineno,
                    f"the route {node.name} takes no actor: add `actor: Actor`, or `_: Public` if all may.",
                )


def is_route(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in ROUTE_METHODS
        and name_of_router(decorator.func.value).endswith(("router", "app"))
    )


def name_of_router(node: ast.expr) -> str:
    return ast.unparse(node).lower()


def is_public(parameter: ast.arg) -> bool:
    return parameter.annotation is not None and ast.unparse(parameter.annotation).rpartition(".")[2] == "Public"


def late_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Imports inside functions: they hide an arrow between rooms, or a circle of them."""
    for function in ast.walk(tree):
        if isinstance(function, Function):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield node.lineno, f"the import inside {function.name} belongs at the top of the file."


RULES: tuple[tuple[Callable[[str], bool], Callable[[ast.Module], Iterator[tuple[int, str]]]], ...] = (
    (lambda path: path.startswith("app/") and path != "app/ledger.py", state_changes),
    (lambda path: path.startswith("app/") and path != "app/db.py" and not path.startswith("app/cli/"), commits),
    (lambda path: path.startswith("app/"), routes_for_nobody),
    (lambda _: True, late_imports),
)


def main() -> int:
    """Print every violation in app, scripts and tests; 1 if there is any."""
    files = [path for folder in ("app", "scripts", "tests") for path in sorted((ROOT / folder).rglob("*.py"))]
    found = [
        violation
        for path in files
        for violation in find_violations(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    ]
    for violation in found:
        print(violation)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
