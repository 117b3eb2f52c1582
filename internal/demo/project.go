package demo

import (
	"fmt"
	"os"
	"path/filepath"
)

// projectFile is the demo's kith.yaml: what a newcomer reads to see how little it
// takes.
const projectFile = `# Harbour & Pine, a made-up shop: six sources, one profile per person.
name: harbour-and-pine
data: ./data

sources:
  web:    {type: tracking, write_keys: ["${WEB_KEY:-demo-write-key}"]}
  crm:    {type: file, path: "sources/crm-*.csv", watch: %[1]v}
  shop:   {type: file, path: "sources/orders*.ndjson", watch: %[1]v}
  desk:   {type: file, path: "sources/tickets*.ndjson", watch: %[1]v}
  news:   {type: file, path: "sources/newsletter*.csv", watch: %[1]v}
  bought: {type: file, path: "sources/demographics*.csv", watch: %[1]v}

streams:
  web.users:                      # a tracking source has its streams by itself; this one's attributes are renamed
    kind: customer
    attributes:
      email:      {from: email, clean: [email]}
      first_name: {from: firstName, clean: [trim, name]}
      last_name:  {from: lastName, clean: [trim, name]}
      plan: plan
  crm.contacts:
    kind: customer
    key: contact_id
    seq: updated_at               # a late export never overwrites a newer state
    occurred: updated_at
    deleted: deleted
    contract: contracts/crm-contacts.json
    identifiers: {email: email, phone: mobile}
    attributes:
      first_name: {from: first, clean: [trim, name]}
      last_name:  {from: last, clean: [trim, name]}
      email:      {from: email, clean: [email]}
      phone:      {from: mobile, clean: [{phone: {region: GB}}]}
      birth_date: {from: birth_date, clean: [{date: dmy}]}
      street:     {from: street, clean: [trim]}
      town:       {from: town, clean: [trim]}
      postcode:   {from: postcode, clean: [trim, upper]}
  shop.orders:
    kind: object
    key: order_id
    seq: updated_at
    occurred: updated_at
    contract: contracts/shop-orders.json
    identifiers: {user_id: user_id, email: email, phone: phone}
    attributes:
      phone: {from: phone, clean: [{phone: {region: GB}}]}
      total: total
    expect:
      - {check: range, column: total, min: 0, max: 100000}
  desk.tickets:
    kind: object
    key: ticket
    occurred: opened
    contract: contracts/desk-tickets.json
    identifiers: {email: from_email, phone: from_phone}
    attributes:
      from_phone: {from: from_phone, clean: [{phone: {region: GB}}]}
  news.subscribers:
    kind: customer
    key: subscriber
    occurred: joined
    contract: contracts/news-subscribers.json
    identifiers: {email: e-mail}
    attributes:
      email:     {from: e-mail, clean: [email]}
      full_name: {from: name, clean: [trim, name]}
    expect:
      - {check: not_null, column: email}
  bought.people:
    kind: customer
    key: ref
    contract: contracts/bought-people.json
    identifiers: {phone: phone}
    attributes:
      full_name:      {from: full_name, clean: [trim, name]}
      phone:          {from: phone, clean: [{phone: {region: GB}}]}
      postcode:       {from: postcode, clean: [trim, upper]}
      income_band:    {from: income_band}
      household_size: {from: household_size, clean: [number]}

identity:
  identifiers:                    # strongest first
    - {type: user_id, max_per_profile: 1}
    - {type: email, max_per_profile: 5, max_neighbours: 20, block: ["test@*"]}
    - {type: phone, max_per_profile: 2, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 8}

golden:
  email: most_recent
  full_name: longest
  "*": {source_priority: [crm, web, news, bought]}

warehouse: {type: duckdb, query_rows: 5000000}

destinations:
  mailer:
    type: webhook
    url: %[2]q
    secret: %[3]q
    on: [profile.changed]
    when: "'email' in attributes"
    allow_private: true           # the demo's own receiver listens on this machine

server: {listen: %[4]q}
`

// writeProject writes the demo's project into dir.
func writeProject(dir string, watch bool, hookURL, hookSecret, listen string) error {
	text := fmt.Sprintf(projectFile, watch, hookURL, hookSecret, listen)
	return os.WriteFile(filepath.Join(dir, "kith.yaml"), []byte(text), 0o644)
}
