// Every call of Segment's browser library, in a real Chromium on a real page.
//
//   node browser.cjs PAGE KITH WRITE_KEY PROFILE_DIR
const { chromium } = require('playwright-core')
const made = require('./made.cjs')

const [page, kith, writeKey, profile] = process.argv.slice(2)

const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

// What the page does. It runs in the browser.
async function calls({ kith, writeKey, made }) {
  const analytics = window.AnalyticsNext.AnalyticsBrowser.load({ writeKey, cdnURL: kith })
  const { timestamp, ...about } = made.about
  await analytics.page('Catalogue', 'Tea', made.page, about)
  await analytics.track('Product Added', made.track, about)
  await analytics.alias('browser-user', undefined, about)
  await analytics.identify('browser-user', made.identify, about)
  await analytics.track('Order Completed', made.track, about)
  await analytics.screen('Basket', 'Checkout', made.screen, about)
  await analytics.group('browser-works', made.group, about)
  await analytics.track('bare')
  return (await analytics.user()).anonymousId()
}

// What it does while it is left: the batch is sent as the page goes, by keepalive.
async function leaving({ kith, writeKey }) {
  const analytics = window.AnalyticsNext.AnalyticsBrowser.load(
    { writeKey, cdnURL: kith },
    { integrations: { 'Segment.io': { deliveryStrategy: { strategy: 'batching', config: { size: 100, timeout: 600000 } } } } },
  )
  await analytics.track('Left', { from: 'the basket' })
  await analytics.track('Left', { from: 'the page' })
}

async function main() {
  const context = await chromium.launchPersistentContext(profile, { executablePath: '/usr/bin/chromium', headless: true, args: flags })
  try {
    const tab = await context.newPage()
    const faults = []
    tab.on('pageerror', (fault) => faults.push(fault.message))
    tab.on('console', (line) => line.type() === 'error' && faults.push(line.text()))
    await tab.goto(page)
    const about = made.about('browser')
    const given = {
      about: { ...about, timestamp: undefined },
      track: made.track('browser').properties,
      page: made.page('browser').properties,
      screen: made.screen('browser').properties,
      identify: made.identify('browser').traits,
      group: made.group('browser').traits,
    }
    const visitor = await tab.evaluate(calls, { kith, writeKey, made: given })
    await tab.goto(page)
    await tab.evaluate(leaving, { kith, writeKey })
    const left = tab.context().waitForEvent('response', (answer) => answer.url().endsWith('/v1/b'))
    await tab.goto('about:blank')
    await Promise.race([left, new Promise((resolve) => setTimeout(resolve, 5000))])
    if (faults.length > 0) throw new Error(faults.join('\n'))
    console.log(visitor)
  } finally {
    await context.close()
  }
}

main().catch((fault) => {
  console.error(fault.message)
  process.exit(1)
})
