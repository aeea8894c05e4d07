"""What others' work Linli is made of, and on what terms.

    python -m deploy.licences            write docs/licences.md anew
    python -m deploy.licences --check    fail when it is not current

Fails, naming the package, when a licence is not in deploy/licences.toml. The packages are those of requirements/runtime.txt,
their licences what each says of itself.
"""

import re
import sys
import tomllib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RULES = Path(__file__).with_name("licences.toml")
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
OUT = ROOT / "docs" / "licences.md"
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;]+)", re.MULTILINE)
HEAD = """\
# Licences

Written by `make licences`; `deploy/licences.toml` says what is allowed.

| package | version | licence |
|---|---|---|
"""


class NotAllowed(SystemExit):
    """A package whose terms nobody has agreed to."""


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    licence: str

    def row(self) -> str:
        return f"| {self.name} | {self.version} | {self.licence} |\n"


def rules() -> dict:
    return tomllib.loads(RULES.read_text())


def packages(requirements: str, spelling: dict[str, str]) -> list[Package]:
    """Every pinned package with what it says of itself. Raises NotAllowed for one that is not installed."""
    return [Package(name, version, licence_of(name, spelling)) for name, version in PINNED.findall(requirements)]


def licence_of(name: str, spelling: dict[str, str]) -> str:
    """As an SPDX expression where the package gives one; its classifiers are asked last, for they are coarse.

    What says nothing by itself is spelt for one package alone: "name: what it says".
    """
    try:
        said = distribution(name).metadata
    except PackageNotFoundError as error:
        raise NotAllowed(f"licences: {name} is not installed; run `make dev` first") from error
    classifiers = [each.split(" :: ")[-1] for each in said.get_all("Classifier") or () if each.startswith("License ::")]
    classifiers = [each for each in classifiers if each != "OSI Approved"]
    short = said.get("License") if len(said.get("License") or "") < 60 else None
    found = said.get("License-Expression") or short or " OR ".join(classifiers) or "unknown"
    found = found.strip()
    return spelling.get(f"{name}: {found}") or spelling.get(found, found)


def is_allowed(package: Package, known: dict) -> bool:
    if package.name in known["excepted"]:
        return known["excepted"][package.name]["licence"] == package.licence
    alternatives = [part.strip(" ()") for part in package.licence.split(" OR ")]
    return any(all(each.strip(" ()") in known["allowed"] for each in part.split(" AND ")) for part in alternatives)


def written(found: list[Package], known: dict) -> str:
    """The page. Raises NotAllowed, naming each package that may not be there."""
    refused = [f"{each.name} {each.version} ({each.licence})" for each in found if not is_allowed(each, known)]
    refused += [each["what"] for each in known["files"] if each["licence"] not in known["allowed"]]
    if refused:
        raise NotAllowed(f"licences: not in {RULES.name}: {'; '.join(refused)}")
    exceptions = "".join(f"- {name}: {each['reason']}\n" for name, each in known["excepted"].items())
    files = "".join(f"| {each['what']} | {each['where']} | {each['licence']} |\n" for each in known["files"])
    return (
        f"{HEAD}{''.join(each.row() for each in found)}\n## Copyleft\n\n{exceptions}\n"
        f"## Files of others\n\n| what | where | licence |\n|---|---|---|\n{files}"
    )


def main() -> None:
    known = rules()
    page = written(packages(REQUIREMENTS.read_text(), known["spelling"]), known)
    if "--check" in sys.argv[1:]:
        if OUT.read_text() != page:
            raise SystemExit("licences: docs/licences.md is not current; run `make licences`")
    else:
        OUT.write_text(page)
        print(f"licences: {len(PINNED.findall(REQUIREMENTS.read_text()))} packages, all allowed; see docs/licences.md")


if __name__ == "__main__":
    main()
