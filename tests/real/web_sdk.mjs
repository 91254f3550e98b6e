// The shop's server, with the SDK as npm has it. Arguments: the URL of Hub, and the write key.
import { Analytics } from '@segment/analytics-node'

const [, , host, writeKey] = process.argv
const analytics = new Analytics({ writeKey, host, path: '/webhooks/web/v1/batch', flushAt: 3 })
const failed = []
analytics.on('error', (error) => failed.push(String(error.reason ?? error.code)))

analytics.page({ anonymousId: '0f8a3c52-7c1e-4a39-9a11-2f6a7d2b9f10', name: 'Tee' })
analytics.identify({
  userId: 'kunde-1',
  anonymousId: '0f8a3c52-7c1e-4a39-9a11-2f6a7d2b9f10',
  traits: { email: 'jule@laden.example.de', firstName: 'Jule', lastName: 'Ahrens' },
})
analytics.track({ userId: 'kunde-1', event: 'Order Completed', properties: { order_id: '7', total: 54.8, currency: 'EUR' } })
analytics.screen({ userId: 'kunde-1', name: 'Warenkorb' })
analytics.group({ userId: 'kunde-1', groupId: 'firma-9', traits: { name: 'Ahrens' } })
analytics.alias({ userId: 'kunde-1', previousId: 'jule' })
await analytics.closeAndFlush({ timeout: 20000 })
console.log(JSON.stringify({ failed }))
