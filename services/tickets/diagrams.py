"""The README's state diagrams, drawn from the tables of moves: `python -m services.tickets.diagrams` writes them."""

import re
from pathlib import Path

from services.tickets.events import Kind
from services.tickets.model import incident
from services.tickets.model.moves import drawn

README = Path(__file__).with_name("README.md")


def redrawn(text: str) -> str:
    """The text with the picture of each kind, and of incidents, between its marks, as the tables have it now."""
    pictures = {str(kind): drawn(kind) for kind in Kind} | {"incident": incident.drawn()}
    for kind, lines in pictures.items():
        begin, end = f"<!-- the life of a {kind} -->", f"<!-- so far the {kind} -->"
        picture = f"{begin}\n```mermaid\n{lines}\n```\n{end}"
        text, found = re.subn(f"{begin}.*?{end}", lambda _, new=picture: new, text, flags=re.DOTALL)
        if found != 1:
            raise LookupError(f"{README.name} has {found} places for a {kind}")
    return text


if __name__ == "__main__":
    README.write_text(redrawn(README.read_text()))
