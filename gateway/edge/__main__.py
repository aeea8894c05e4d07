"""`python -m gateway.edge render|run|pages`: write nginx.conf, run nginx on it, or serve the edge's own pages."""

import argparse
import os
import sys
from pathlib import Path

from gateway.edge import Settings, command, write

GUNICORN = ["--no-control-socket", "--preload", "-k", "gthread", "--threads", "8", "--timeout", "30"]


def render(settings: Settings, out: str) -> None:
    print(write(settings, Path(out) if out else None))


def run(settings: Settings) -> None:
    write(settings)
    nginx = command(settings)
    os.execv(nginx[0], nginx)


def pages(settings: Settings, bind: str) -> None:
    from gunicorn.app.wsgiapp import run as serve  # in this process: what it has imported need not be imported again

    sys.argv = ["gunicorn", *GUNICORN, "--bind", bind or settings.pages, "gateway.edge.pages:create_app()"]
    serve()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m gateway.edge", description=__doc__)
    acts = parser.add_subparsers(required=True, metavar="render | run | pages")
    act = acts.add_parser("render", help="write nginx.conf and print where")
    act.add_argument("--out", default="", help="where to, instead of nginx.conf in LINLI_EDGE_DIR")
    act.set_defaults(do=render)
    acts.add_parser("run", help="write nginx.conf and become nginx, in the foreground").set_defaults(do=run)
    act = acts.add_parser("pages", help="serve /, /docs and /healthz")
    act.add_argument("--bind", default="", help="host:port, instead of LINLI_PAGES")
    act.set_defaults(do=pages)
    asked = vars(parser.parse_args())
    asked.pop("do")(Settings.from_environment(), **asked)


if __name__ == "__main__":
    main()
