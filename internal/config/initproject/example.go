package initproject

import "strings"

// example is the project of somebody who names no files: it runs as it is, and shows
// what there is.
func example(name string) string {
	return strings.Replace(exampleText, "NAME", quote(projectName(name)), 1)
}

const exampleText = `# A project is this one file. Paths start from its folder; ${VARIABLES} come from the environment.
#   kith check    validates everything, and says where and how to mend what is wrong
#   kith run      runs it
#   kith plan     shows what a changed file would do
name: NAME
data: ./data  # the log, the state and the warehouse live here

sources:
  # Websites, apps and servers send here, with any library that speaks the Segment HTTP API. Its streams are
  # web.users, web.events, web.pages, web.screens, web.groups, web.aliases,
  # web.identifies and web.memberships.
  web: {type: tracking, write_keys: ["${WEB_KEY:-change-me}"]}
  # Files, plain or gzip, by a pattern; new and grown ones are taken as they come.
  crm: {type: file, path: "exports/contacts*.csv", format: csv}
  # shop: {type: file, path: "exports/orders*.ndjson", format: ndjson}

streams:
  crm.contacts:
    from: crm
    kind: customer        # customer, event, object or consent
    key: contact_id       # the source's own id
    seq: updated_at       # the source's own order: of two rows with one key the later wins
    occurred: updated_at
    contract: contracts/contacts.json  # proposed there on first sight; edit it to make it yours
    on_drift: evolve      # or freeze, discard_row, discard_value
    identifiers: {email: email, phone: mobile}
    attributes:
      first_name: {from: first_name, clean: [trim, name]}
      last_name: {from: last_name, clean: [trim, name]}
      email: {from: email, clean: [email]}
      phone: {from: mobile, clean: [{phone: {region: GB}}]}
    expect:
      - {check: not_null, column: email, mostly: 0.95}
  # shop.orders:
  #   from: shop
  #   kind: object
  #   key: order_id
  #   occurred: ordered_at
  #   identifiers: {email: customer_email}

identity:
  identifiers:            # strongest first
    - {type: user_id, max_per_profile: 1}           # two of these are two people
    - {type: email, max_per_profile: 5, max_neighbours: 20, block: ["test@*", "noreply@*"]}
    - {type: phone, max_neighbours: 10}             # shared by more: generic, and stops linking
    - {type: anonymous_id, max_neighbours: 5}

golden:                   # which value survives where sources disagree
  email: most_recent
  "*": {source_priority: [crm, web]}

warehouse: {type: duckdb}  # kith sql "select …" asks it while the server runs

# destinations:
#   mailer:
#     type: webhook
#     url: "${MAILER_URL}"
#     secret: "${MAILER_SECRET}"   # whsec_…
#     on: [profile.changed]
`
