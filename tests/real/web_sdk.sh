#!/usr/bin/env bash
# Installs the SDKs of Segment and RudderStack from npm into a folder of their own, a few seconds. Needs Node 20, and
# for the page a Chromium (Debian: apt-get install chromium). Then: pytest -m real -n0 tests/real/test_web.py
set -euo pipefail

folder="${HUB_REAL:-/tmp/hub-real}/web"
mkdir -p "$folder"
cd "$folder"
[ -f package.json ] || npm init --yes >/dev/null
npm install --silent @segment/analytics-node@3.1.0 @segment/analytics-next@1.84.3 @rudderstack/analytics-js@3.34.1
