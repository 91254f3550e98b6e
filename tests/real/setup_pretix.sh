#!/bin/sh
# Installs pretix into a folder of its own (never into Hub's environment) and makes an organizer, an event and a token.
# Usage: tests/real/setup_pretix.sh [FOLDER, by default /tmp/hub-real-pretix]. Takes some ten minutes, once.
set -eu
folder=${1:-/tmp/hub-real-pretix}
port=${PRETIX_PORT:-18345}
mkdir -p "$folder/data"
cd "$folder"
test -x venv/bin/celery || { python3 -m venv venv && venv/bin/pip install --quiet 'pretix==2026.*'; }
cat > pretix.cfg <<CONFIG
[pretix]
instance_name=Hub test
url=http://127.0.0.1:$port
currency=EUR
datadir=$folder/data
allow_http_to_private_networks=on
[database]
backend=sqlite3
[locale]
timezone=Europe/Berlin
[django]
debug=off
secret=only-for-a-test-on-loopback
CONFIG
export PRETIX_CONFIG_FILE="$folder/pretix.cfg"
venv/bin/python -m pretix migrate > migrate.log
cat > shop.py <<'PYTHON'
from datetime import timedelta

from django.utils.timezone import now
from django_scopes import scopes_disabled

from pretix.base.models import Event, Item, Organizer, Team

with scopes_disabled():
    organizer, new = Organizer.objects.get_or_create(slug="acme", defaults={"name": "Acme"})
    if new:
        event = Event.objects.create(
            organizer=organizer, name="Weinfest", slug="weinfest", currency="EUR", live=True,
            date_from=now() + timedelta(days=60),
        )
        item = Item.objects.create(event=event, name="Ticket", default_price="40.00")
        quota = event.quotas.create(name="all", size=10_000)
        quota.items.add(item)
        team = Team.objects.create(
            organizer=organizer, name="hub", all_events=True, all_event_permissions=True, all_organizer_permissions=True
        )
        token = team.tokens.create(name="hub")
        with open("shop", "w") as file:
            file.write(f"{token.token} {item.pk}")
PYTHON
test -s shop || venv/bin/python -m pretix shell < shop.py
echo "ready: pytest -m real -n0 tests/real/test_webhook_in.py"
