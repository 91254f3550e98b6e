#!/usr/bin/env bash
# Installs BottleCRM (django-crm 1.35, MIT) from PyPI into a folder of its own: a CRM with REST that nobody here wrote.
# Needs Python 3.12 (pyenv has it; pip of an older Python silently takes django-crm 0.9), and Hub's own environment
# active. README.md beside this tells how long it takes.
# PostgreSQL is Hub's own, from its wheel, and no Redis is wanted: see bottlecrm_server.py.
# Then: pytest -m real -n0 tests/real/test_bottlecrm.py
set -euo pipefail

folder="${HUB_REAL:-/tmp/hub-real}/bottlecrm"
python="${HUB_REAL_PYTHON312:-$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.12.* | tail -1)/bin/python}"

mkdir -p "$folder"
"$python" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check "django-crm==1.35.*" packaging
# Its tables, an organisation, the fields of Hub's and a token; once.
cd "$(dirname "$0")/../.."
nice python -m tests.real.bottlecrm_server
echo "ready: pytest -m real -n0 tests/real/test_bottlecrm.py"
