// Every call of Segment's Node library, with all that it lets a caller say.
//
//   node segment.cjs HOST WRITE_KEY
const { Analytics } = require('@segment/analytics-node')
const made = require('./made.cjs')

const [host, writeKey] = process.argv.slice(2)

async function main() {
  const analytics = new Analytics({ host, writeKey, flushAt: 4, flushInterval: 500, maxRetries: 3 })
  const faults = []
  analytics.on('error', (fault) => faults.push(fault))
  const anonymousId = 'segment-visitor'
  const userId = 'segment-user'

  // A visitor, who then says who she is.
  analytics.page({ anonymousId, ...made.page('segment') })
  analytics.track({ anonymousId, ...made.track('segment') })
  analytics.identify({ anonymousId, userId, ...made.identify('segment') })
  await analytics.flush() // and go on afterwards
  analytics.track({ userId, ...made.track('segment'), event: 'Order Completed' })
  analytics.screen({ userId, ...made.screen('segment') })
  analytics.group({ userId, ...made.group('segment') })
  analytics.alias({ userId, previousId: 'segment-user-before', ...made.about('segment') })
  analytics.track({ userId, event: 'bare' })
  analytics.identify({ userId })
  analytics.page({ userId })
  analytics.track({ userId, event: 'named', messageId: 'segment-own-message-id' })
  await analytics.closeAndFlush()
  if (faults.length > 0) throw new Error(`${faults.length} faults, the first: ${faults[0].code} ${faults[0].reason}`)
}

main().catch((fault) => {
  console.error(fault)
  process.exit(1)
})
