//go:build integration

package survive

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/demo"
)

const writeKey = "survive-write-key"

// shopFile is the project of the made-up shop. Its batches and load steps are small,
// so that a kill finds many of them half done.
const shopFile = `name: survive
data: ./data
engine: {embedded: {partitions: 3, topic_partitions: 2, cache: 64MiB, reserve: 1MiB}}
pipeline: {batch_records: %d}
warehouse: {step_rows: %d, step_time: 20ms, query_rows: 5000000, memory: 256MiB}
sources:
  web:    {type: tracking, write_keys: [` + writeKey + `]}
  crm:    {type: file, path: "sources/crm-*.csv", poll: 100ms}
  shop:   {type: file, path: "sources/orders*.ndjson", poll: 100ms}
  desk:   {type: file, path: "sources/tickets*.ndjson", poll: 100ms}
  news:   {type: file, path: "sources/newsletter*.csv", poll: 100ms}
  bought: {type: file, path: "sources/demographics*.csv", poll: 100ms}
streams:
  crm.contacts:
    kind: customer
    key: contact_id
    seq: updated_at
    occurred: updated_at
    deleted: deleted
    identifiers: {email: email, phone: mobile}
    attributes:
      first_name: {from: first, clean: [trim, name]}
      last_name:  {from: last, clean: [trim, name]}
      email:      {from: email, clean: [email]}
      phone:      {from: mobile, clean: [{phone: {region: GB}}]}
      birth_date: {from: birth_date, clean: [{date: dmy}]}
      town:       {from: town, clean: [trim]}
  shop.orders:
    kind: object
    key: order_id
    seq: updated_at
    occurred: updated_at
    identifiers: {user_id: user_id, email: email, phone: phone}
    attributes: {phone: {from: phone, clean: [{phone: {region: GB}}]}, total: total, lines: lines}
  desk.tickets:
    kind: object
    key: ticket
    occurred: opened
    identifiers: {email: from_email, phone: from_phone}
    attributes: {from_phone: {from: from_phone, clean: [{phone: {region: GB}}]}, subject: subject, priority: priority}
  news.subscribers:
    kind: customer
    key: subscriber
    occurred: joined
    identifiers: {email: e-mail}
    attributes: {email: {from: e-mail, clean: [email]}, full_name: {from: name, clean: [trim, name]}}
    expect: [{check: not_null, column: email}]
  bought.people:
    kind: customer
    key: ref
    identifiers: {phone: phone}
    attributes:
      full_name: {from: full_name, clean: [trim, name]}
      phone:     {from: phone, clean: [{phone: {region: GB}}]}
      income_band: income_band
identity:
  identifiers:
    - {type: user_id, max_per_profile: 1}
    - {type: email, max_per_profile: 5, max_neighbours: 20, block: ["test@*"]}
    - {type: phone, max_per_profile: 2, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 8}
golden:
  email: most_recent
  full_name: longest
  "*": {source_priority: [crm, web, news, bought]}
server: {listen: "127.0.0.1:0"}
%s`

// shop is the made-up shop's project with all that its sources will say.
type shop struct {
	*project
	also    []*project // of further processes: each has the files of all sources too
	world   *demo.World
	files   map[string]string // by name below sources/; what is not written yet
	rows    int               // records of all files
	batches []demo.WebBatch
	events  int // distinct events of all batches
}

// fileSources are the shop's sources that read files.
var fileSources = []string{"crm", "shop", "desk", "news", "bought"}

// newShop invents the shop. Its files come in pieces of so many lines.
func newShop(t *testing.T, people int, seed uint64, piece int, project string) *shop {
	t.Helper()
	return openShop(t, newProject(t, project), people, seed, piece)
}

// openShop invents the shop of a project that is there already.
func openShop(t *testing.T, p *project, people int, seed uint64, piece int) *shop {
	t.Helper()
	s := &shop{project: p, world: demo.NewWorld(demo.Params{People: people, Seed: seed}), files: map[string]string{}}
	dir := t.TempDir()
	n, err := s.world.WriteFiles(dir)
	if err != nil {
		t.Fatal(err)
	}
	s.rows = n.Rows
	var web demo.Written
	s.batches, web = s.world.WebTraffic(writeKey)
	s.events = web.Rows - web.Repeated
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("the shop has no files: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		s.cut(filepath.Base(name), string(text), piece)
	}
	s.prepare(p)
	return s
}

// prepare makes the folder that a project's sources watch.
func (s *shop) prepare(p *project) {
	s.t.Helper()
	if err := os.MkdirAll(p.path("sources"), 0o755); err != nil {
		s.t.Fatal(err)
	}
}

// cut makes a file into several, each with the header.
func (s *shop) cut(name, text string, piece int) {
	ext := filepath.Ext(name)
	lines := slices.Collect(strings.Lines(text))
	header := ""
	if ext == ".csv" {
		header, lines = lines[0], lines[1:]
	}
	for k, part := range slices.Collect(slices.Chunk(lines, piece)) {
		s.files[fmt.Sprintf("%s-%03d%s", strings.TrimSuffix(name, ext), k, ext)] = header + strings.Join(part, "")
	}
}

// deliver writes at most n of the files that were not written yet.
func (s *shop) deliver(n int) {
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		if n == 0 {
			return
		}
		for _, p := range append([]*project{s.project}, s.also...) {
			p.write(filepath.Join("sources", name), s.files[name])
		}
		delete(s.files, name)
		n--
	}
}

// split makes batches of at most n events out of greater ones.
func split(t *testing.T, batches []demo.WebBatch, n int) (small []demo.WebBatch) {
	t.Helper()
	for _, b := range batches {
		var whole struct {
			WriteKey string           `json:"writeKey"`
			Batch    []jsontext.Value `json:"batch"`
		}
		if err := json.Unmarshal(b.Body, &whole); err != nil {
			t.Fatal(err)
		}
		for part := range slices.Chunk(whole.Batch, n) {
			one := whole
			one.Batch = part
			body, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			small = append(small, demo.WebBatch{Body: body, Events: len(part)})
		}
	}
	return small
}

// sender posts web batches as a client does that never gives up: what is not
// acknowledged is sent again, whatever became of the server meanwhile.
type sender struct {
	s     *shop
	to    func() door  // which of several processes is next; nil: the shop's own
	acked atomic.Int64 // batches
	tries atomic.Int64
	codes sync.Map // codes of refusals seen
}

// send sends batches over a few connections until each is acknowledged or stop is
// closed; it gives those that are not.
func (c *sender) send(batches []demo.WebBatch, stop <-chan struct{}) (left []demo.WebBatch) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	work := make(chan demo.WebBatch, len(batches))
	for _, b := range batches {
		work <- b
	}
	close(work)
	for range 4 {
		wg.Go(func() {
			for b := range work {
				if !c.post(b.Body, stop) {
					mu.Lock()
					left = append(left, b)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return left
}

func (c *sender) post(body []byte, stop <-chan struct{}) bool {
	for {
		select {
		case <-stop:
			return false
		default:
		}
		c.tries.Add(1)
		d := c.s.door
		if c.to != nil {
			d = c.to()
		}
		a, err := d.ask(http.MethodPost, "/v1/batch", body)
		switch {
		case err != nil: // killed: whether it was stored nobody knows
		case a.status == http.StatusOK:
			c.acked.Add(1)
			return true
		default:
			c.codes.Store(fmt.Sprintf("%d %s", a.status, a.code), true)
		}
		select {
		case <-stop:
			return false
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// refusals lists the refusals that were seen.
func (c *sender) refusals() (list []string) {
	c.codes.Range(func(k, _ any) bool { list = append(list, k.(string)); return true })
	slices.Sort(list)
	return list
}
