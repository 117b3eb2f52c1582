// What the made-up people of these tests do, as every client is given it.

// about is what every call may say besides its own.
const about = (client) => ({
  timestamp: new Date('2026-03-01T09:30:00.250Z'),
  context: {
    ip: '192.0.2.44',
    locale: 'en-GB',
    timezone: 'Europe/London',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64) Example/1.0',
    active: true,
    app: { name: 'shop', version: '4.2.0', build: 1200 },
    campaign: { name: 'spring', source: 'newsletter', medium: 'email', term: 'tea', content: 'top' },
    device: { type: 'phone', model: 'Model 5', manufacturer: 'Example' },
    network: { wifi: true, cellular: false },
    os: { name: 'Example OS', version: '12.1' },
    page: { path: '/tea', referrer: 'https://example.com/', search: '?q=tea', title: 'Tea', url: 'https://shop.example.com/tea?q=tea' },
    screen: { width: 1280, height: 720, density: 1.5 },
    own: { client, deep: [[1, 2.5], [{ more: null, here: 'ü€😀' }]] },
  },
  integrations: { All: false, Example: { mode: 'full', regions: ['eu', 'uk'] } },
})

const track = (client) => ({
  ...about(client),
  event: 'Product Added',
  properties: {
    total: 12.5,
    count: 3,
    large: 9007199254740993n.toString(),
    first: false,
    currency: 'GBP',
    when: '2026-02-28T12:00:00.000Z',
    day: '2026-02-28',
    nothing: null,
    words: 'quotes " and \\ and \u2028 and \t tabs',
    tags: ['a', 'b'],
    none: [],
    products: [
      { sku: 'T-1', price: 4.25, quantity: 2, colours: ['red', 'green'] },
      { sku: 'T-2', price: 4, quantity: 1, size: { width: 3, unit: 'cm' } },
    ],
    shop: { name: 'Harbour', address: { town: 'Whitby', lines: ['1 Quay', 'Old Town'] } },
    'A Name: with. signs': 'kept',
    context: 'a property of that name',
    event: 'another',
    source: 'third',
  },
})

const page = (client) => ({ ...about(client), category: 'Catalogue', name: 'Tea', properties: { path: '/tea', title: 'Tea', loaded: 0.25, parts: { top: 1 } } })

const screen = (client) => ({ ...about(client), category: 'Basket', name: 'Checkout', properties: { step: 2, ways: ['card', 'post'] } })

const identify = (client) => ({
  ...about(client),
  traits: {
    email: `${client}.ada@example.com`,
    phone: '+447400123456',
    firstName: 'Ada',
    lastName: 'Example',
    name: 'Ada Example',
    age: 36,
    score: 0.75,
    member: true,
    birthday: '1990-05-17',
    createdAt: '2025-12-01T08:00:00Z',
    nothing: null,
    address: { street: '1 Quay', city: 'Whitby', postalCode: 'YO21 1AA', country: 'GB' },
    interests: ['tea', 'boats'],
    pets: [{ name: 'Rex', legs: 4 }, { name: 'Tib', legs: 4, likes: ['fish'] }],
  },
})

const group = (client) => ({
  ...about(client),
  groupId: `${client}-works`,
  traits: { name: 'Example Works', employees: 120, plan: 'enterprise', address: { city: 'Leeds' }, sites: ['north', 'south'] },
})

module.exports = { about, track, page, screen, identify, group }
