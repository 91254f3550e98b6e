#!/usr/bin/env bash
# Installs Vendure 3.7 from npm into a folder of its own: a webshop that nobody here wrote. Needs Node 20 or later, and
# Hub's own environment active. PostgreSQL is Hub's own, from its wheel. About a minute, and two for the products.
# Then: pytest -m real -n0 tests/real/test_vendure.py
set -euo pipefail

folder="${HUB_REAL:-/tmp/hub-real}/vendure"
mkdir -p "$folder"
test -f "$folder/package.json" || echo '{"name": "hub-real-vendure", "private": true}' > "$folder/package.json"
test -d "$folder/node_modules/@vendure/core" || (cd "$folder" && nice npm install --no-audit --no-fund \
    --loglevel=error @vendure/{core,create}@3.7 pg)

cat > "$folder/index.js" <<'JS'
const path = require("node:path")
const { bootstrap, DefaultJobQueuePlugin, DefaultLogger, DefaultSearchPlugin, dummyPaymentHandler, LogLevel } =
  require("@vendure/core")
const { populate } = require("@vendure/core/cli")

const env = process.env
const config = {
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  apiOptions: { hostname: "127.0.0.1", port: Number(env.PORT), adminApiPath: "admin-api", shopApiPath: "shop-api" },
  authOptions: {
    tokenMethod: ["bearer", "api-key"],
    requireVerification: false,
    superadminCredentials: { identifier: "superadmin", password: "only-for-a-test" },
  },
  dbConnectionOptions: {
    type: "postgres", synchronize: true, logging: false, database: "vendure",
    host: env.PGHOST, port: Number(env.PGPORT), username: env.PGUSER, password: env.PGPASSWORD,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [DefaultJobQueuePlugin, DefaultSearchPlugin.init({ bufferUpdates: false })],
}

async function main() {
  if (!env.POPULATE) return bootstrap(config)
  const assets = path.join(path.dirname(require.resolve("@vendure/create/package.json")), "assets")
  // without a store for pictures the products come without them
  const app = await populate(() => bootstrap(config), require(path.join(assets, "initial-data.json")),
    path.join(assets, "products.csv"))
  await app.close()
  process.exit(0)
}
main().catch((error) => { console.error(error); process.exit(1) })
JS
echo "ready: pytest -m real -n0 tests/real/test_vendure.py"
