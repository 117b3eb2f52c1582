// Every call of RudderStack's Node library, with all that it lets a caller say.
//
//   node rudderstack.cjs HOST WRITE_KEY
const Analytics = require('@rudderstack/rudder-sdk-node')
const made = require('./made.cjs')

const [dataPlaneUrl, writeKey] = process.argv.slice(2)

async function main() {
  const faults = []
  const analytics = new Analytics(writeKey, { dataPlaneUrl, flushAt: 4, flushInterval: 500, logLevel: 'error', errorHandler: (fault) => faults.push(fault) })
  const anonymousId = 'rudderstack-visitor'
  const userId = 'rudderstack-user'
  // Each call answers to its own callback once it has been sent.
  const sent = []
  const call = (name, message) => sent.push(new Promise((resolve, reject) => analytics[name](message, (fault) => (fault ? reject(fault) : resolve()))))

  call('page', { anonymousId, ...made.page('rudderstack') })
  call('track', { anonymousId, ...made.track('rudderstack') })
  call('identify', { anonymousId, userId, ...made.identify('rudderstack') })
  await analytics.flush()
  call('track', { userId, ...made.track('rudderstack'), event: 'Order Completed' })
  call('screen', { userId, ...made.screen('rudderstack') })
  call('group', { userId, ...made.group('rudderstack') })
  call('alias', { userId, previousId: 'rudderstack-user-before', ...made.about('rudderstack') })
  call('track', { userId, event: 'bare' })
  // Where RudderStack's own examples put the traits.
  call('identify', { userId, context: { traits: { email: 'rudderstack.second@example.com', plan: 'gold' } } })
  await analytics.flush()
  await Promise.all(sent)
  if (faults.length > 0) throw faults[0]
}

main().catch((fault) => {
  console.error(fault.message)
  process.exit(1)
})
