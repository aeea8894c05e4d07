#!/bin/sh
# Make the Python environment: `deploy/local/bootstrap.sh runtime` for running Linli, `dev` for testing it too.
# Everything after this is Python. Again: at once, unless the requirements changed.
set -eu
cd "$(dirname "$0")/../.."
kind=$1
list=requirements/$kind.txt

tell() { # English, Chinese
  case "${LC_ALL:-${LC_MESSAGES:-${LANG:-}}}" in zh*) printf '%s\n' "$2" ;; *) printf '%s\n' "$1" ;; esac
}

python=
for each in python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
  if "$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$each; break; fi
done

install() {
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    tell "  installing python3-venv …" "  正在安装 python3-venv …"
    apt-get -qq -o DPkg::Lock::Timeout=300 update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends python3-venv >/dev/null
    python=/usr/bin/python3
  else
    tell "Linli needs Python 3.11 or newer with venv: ask an administrator to run \`apt-get install -y python3-venv\`, or use Docker (deploy/README.md)." \
         "邻里需要 Python 3.11 以上版本及 venv：请让管理员执行 \`apt-get install -y python3-venv\`，或改用 Docker（见 deploy/README.md）。"
    exit 1
  fi
} >&2

stamp=$(cat "$list" deploy/local/bootstrap.sh | cksum)
done=.venv/.linli-$kind
[ "$(cat "$done" 2>/dev/null)" = "$stamp" ] && [ -x .venv/bin/linli ] && .venv/bin/python -c '' 2>/dev/null && exit 0

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  { [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null; } || install
  rm -rf .venv
  "$python" -m venv .venv
fi

mkdir -p .local/log
log=.local/log/pip.log
tell "  Python environment ($list) …" "  Python 环境（$list）…"
if ! .venv/bin/python -m pip install --disable-pip-version-check --no-input -r "$list" >"$log" 2>&1; then
  tail -n 15 "$log" >&2
  tell "pip failed; all of it: $PWD/$log" "pip 失败，完整日志：$PWD/$log" >&2
  exit 1
fi

# The checkout itself, without a build step: its folder on the path, and the command.
.venv/bin/python - "$PWD" <<'PYTHON'
import stat, sys, sysconfig
from pathlib import Path

Path(sysconfig.get_path("purelib"), "linli.pth").write_text(sys.argv[1] + "\n")
command = Path(sysconfig.get_path("scripts"), "linli")
command.write_text(f"#!{sys.executable}\nimport sys\n\nfrom chassis.cli import main\n\nsys.exit(main())\n")
command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
PYTHON
printf '%s\n' "$stamp" >"$done"
