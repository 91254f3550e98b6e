#!/bin/sh
# Installs Tryton 8.2 into a folder of its own (never into Hub's environment) and makes a database, a key and a category.
# Usage: tests/real/setup_tryton.sh [FOLDER, by default /tmp/hub-real-tryton]. Takes about three minutes, once.
set -eu
folder=${1:-/tmp/hub-real-tryton}
port=${TRYTON_PORT:-18070}
mkdir -p "$folder/db"
cd "$folder"
test -x venv/bin/trytond || { python3 -m venv venv && venv/bin/pip install --quiet 'trytond==8.2.*' 'trytond-party==8.2.*'; }
printf '[web]\nlisten = 127.0.0.1:%s\n[database]\nuri = sqlite://\npath = %s/db\n' "$port" "$folder" > trytond.conf
if test ! -s db/hub.sqlite; then
  : > db/hub.sqlite
  echo admin-of-a-test > password
  TRYTONPASSFILE=password venv/bin/trytond-admin -c trytond.conf -d hub --all --email admin@example.com
  TRYTONPASSFILE=password venv/bin/trytond-admin -c trytond.conf -d hub -u party --activate-dependencies
fi
cat > key.py <<'PYTHON'
from trytond.config import config

config.update_etc("trytond.conf")
from trytond.pool import Pool
from trytond.transaction import Transaction

Pool.start()
pool = Pool("hub")
pool.init()
with Transaction().start("hub", 1) as transaction:
    [admin] = pool.get("res.user").search([("login", "=", "admin")])
    [application] = pool.get("res.user.application").create([{"user": admin.id, "application": "rest"}])
    [category] = pool.get("party.category").create([{"name": "No e-mail"}])
    with open("key", "w") as file:
        file.write(f"{application.key} {category.id}")
    transaction.commit()
PYTHON
test -s key || venv/bin/python key.py
echo "ready: pytest -m real -n0 tests/real"
