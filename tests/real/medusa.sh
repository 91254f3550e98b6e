#!/usr/bin/env bash
# Installs Medusa 2.21 (MIT) from npm into a folder of its own: a webshop that nobody here wrote.
# Needs Node 20.19 or later, and Hub's own environment active. README.md beside this tells how long it takes.
# PostgreSQL is Hub's own, from its wheel: see medusa_server.py.
# Then: pytest -m real -n0 tests/real/test_medusa.py
set -euo pipefail

folder="${HUB_REAL:-/tmp/hub-real}/medusa"
mkdir -p "$folder/src/subscribers"
test -f "$folder/package.json" || echo '{"name": "hub-real-medusa", "private": true}' > "$folder/package.json"
test -x "$folder/node_modules/.bin/medusa" || (cd "$folder" && nice npm install --no-audit --no-fund --loglevel=error \
    --legacy-peer-deps @medusajs/{medusa,framework,cli,admin-sdk,icons}@2.21.2 @medusajs/ui@4 pg awilix@8.0.1 \
    typescript@5 ts-node @swc/core)

cat > "$folder/medusa-config.js" <<'JS'
const { defineConfig } = require("@medusajs/framework/utils")

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.DATABASE_URL,
    http: { storeCors: "*", adminCors: "*", authCors: "*", jwtSecret: "of-a-test", cookieSecret: "of-a-test" },
  },
})
JS

# The subscriber that the connector's README shows, character for character.
here="$(cd "$(dirname "$0")/../.." && pwd)"
sed -n '/^```js$/,/^```$/{/^```/!p}' "$here/hub/connectors/medusa/README.md" > "$folder/src/subscribers/hub.js"

# Its tables, somebody who may use the Admin API, a region, a product and a publishable key; once.
cd "$here"
nice python -m tests.real.medusa_server
echo "ready: pytest -m real -n0 tests/real/test_medusa.py"
