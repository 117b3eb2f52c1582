package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"
)

type bench struct {
	root, bin         string
	load              *load
	verify, warehouse bool
	dsn, schema       string            // of the state; empty while it is embedded
	disks             map[string]string // folders of servers, by what lies there
	out               *result
	runs              int
}

// measured is what one run came to.
type measured struct {
	perSecond       float64 // files and calls to profiles
	loadedPerSecond float64 // and to the warehouse
	tripsPerBatch   float64
	retriesPerBatch float64
	bytes           map[string]float64 // by record
	cpu             map[string]float64 // microseconds by record
}

func (m measured) String() string {
	text := fmt.Sprintf("%.0f records/s to profiles, %.0f to the warehouse", m.perSecond, m.loadedPerSecond)
	if m.tripsPerBatch > 0 {
		text += fmt.Sprintf("; a batch took %.1f round trips and %.2f retries", m.tripsPerBatch, m.retriesPerBatch)
	}
	return text
}

type status struct {
	Accepted  uint64 `json:"accepted"`
	Lag       uint64 `json:"lag"`
	Warehouse struct {
		Behind uint64 `json:"behind"`
	} `json:"warehouse"`
}

// measure runs n processes, gives them all records, and waits until they are done.
func (b *bench) measure(ctx context.Context, name string, n int, engine string) (m measured, err error) {
	b.runs++
	var all []*process
	defer func() {
		for _, p := range all {
			err = errors.Join(err, p.stop())
		}
	}()
	for i := range n {
		p, err := launch(b.bin, filepath.Join(b.root, fmt.Sprintf("run%d-%d", b.runs, i)), fmt.Sprintf(project, engine))
		if err != nil {
			return m, err
		}
		all = append(all, p)
	}
	for _, p := range all {
		if err := p.ready(ctx); err != nil {
			return m, fmt.Errorf("%s: %w", name, err)
		}
	}
	disks, cpu := b.sizes(), b.processors(all)
	state, err := b.state(ctx)
	if err != nil {
		return m, err
	}
	start, told := time.Now(), time.Now()
	delivered := make(chan error, 1)
	go func() { delivered <- b.load.deliver(ctx, all) }()
	var profiles, loaded time.Duration
	var done map[string]float64
	err = until(ctx, func() (bool, error) {
		select {
		case err := <-delivered:
			if err != nil {
				return false, err
			}
		default:
		}
		for _, p := range all {
			select {
			case <-p.ended:
				return false, fmt.Errorf("kith run ended: %s", p.said())
			default:
			}
		}
		text, err := all[0].get(ctx, "/api/status")
		if err != nil {
			return false, nil //nolint:nilerr // busy: asked again
		}
		var s status
		if err := json.Unmarshal(text, &s); err != nil {
			return false, err
		}
		if s.Accepted < uint64(b.load.records) || s.Lag > 0 {
			if time.Since(told) > 2*time.Second {
				told = time.Now()
				say("  %3.0f s: %d of %d accepted, %d to go", time.Since(start).Seconds(), s.Accepted, b.load.records, s.Lag)
			}
			return false, nil
		}
		if profiles == 0 {
			profiles = time.Since(start)
			done = b.sum(ctx, all)
			b.account(&m, disks, cpu, all)
		}
		if b.warehouse && s.Warehouse.Behind > 0 {
			return false, nil
		}
		loaded = time.Since(start)
		return true, nil
	})
	if err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	records := float64(b.load.records)
	after, err := b.state(ctx)
	if err != nil {
		return m, err
	}
	for name, n := range after {
		m.bytes[name] = (n - state[name]) / records
	}
	m.perSecond, m.loadedPerSecond = records/profiles.Seconds(), records/loaded.Seconds()
	if commits := done["kith_state_transactions_total"]; commits > 0 {
		m.tripsPerBatch, m.retriesPerBatch = done["kith_state_round_trips_total"]/commits, done["kith_state_retries_total"]/commits
		m.bytes["network_state"] = done[`kith_engine_bytes_total{server="state"}`] / records
		m.bytes["network_log"] = done[`kith_engine_bytes_total{server="log"}`] / records
	}
	for _, p := range all {
		if err := p.stop(); err != nil {
			return m, err
		}
	}
	if b.verify {
		return m, b.compare(ctx, name, all)
	}
	return m, nil
}

func (b *bench) sum(ctx context.Context, all []*process) map[string]float64 {
	total := map[string]float64{}
	for _, p := range all {
		figures, err := p.figures(ctx)
		if err != nil {
			continue // it is left out of the sum, which says so by being small
		}
		for name, v := range figures {
			total[name] += v
		}
	}
	return total
}

// account adds what the run used: disk, and processor time by who used it.
func (b *bench) account(m *measured, disks map[string]int64, cpu map[string]float64, all []*process) {
	m.bytes, m.cpu = map[string]float64{}, map[string]float64{}
	records := float64(b.load.records)
	for name, size := range b.sizes() {
		m.bytes["disk_"+name] = float64(size-disks[name]) / records
	}
	for name, seconds := range b.processors(all) {
		m.cpu[name] = (seconds - cpu[name]) * 1e6 / records
	}
}

// state asks the database how long its write-ahead log is, and how large the state's table.
func (b *bench) state(ctx context.Context) (map[string]float64, error) {
	if b.schema == "" {
		return nil, nil
	}
	c, err := pgx.Connect(ctx, b.dsn)
	if err != nil {
		return nil, err
	}
	defer c.Close(ctx) //nolint:errcheck // only asked
	var wal, table float64
	err = c.QueryRow(ctx, "SELECT (pg_current_wal_lsn() - '0/0')::float8, COALESCE(pg_total_relation_size(to_regclass($1)), 0)::float8",
		b.schema+".entry").Scan(&wal, &table)
	return map[string]float64{"write_ahead_log": wal, "state_table": table}, err
}

// sizes are the bytes that the servers' files take.
func (b *bench) sizes() map[string]int64 {
	all := map[string]int64{}
	for name, dir := range b.disks {
		_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error { // files come and go
			if err == nil && !d.IsDir() {
				if info, err := d.Info(); err == nil {
					all[name] += info.Size()
				}
			}
			return nil
		})
	}
	return all
}

// processors is the processor time used so far, in seconds: of Kith, PostgreSQL and Kafka.
func (b *bench) processors(all []*process) map[string]float64 {
	groups := map[string]bool{}
	for _, p := range all {
		groups[strconv.Itoa(p.cmd.Process.Pid)] = true
	}
	used := map[string]float64{}
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		text, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		name, rest, _ := strings.Cut(string(text), ") ")
		_, name, _ = strings.Cut(name, "(")
		f := strings.Fields(rest)
		if len(f) < 13 {
			continue
		}
		ticks := 0.0
		for _, field := range f[11:13] {
			n, _ := strconv.ParseFloat(field, 64)
			ticks += n
		}
		switch {
		case groups[f[2]]:
			used["kith"] += ticks / 100
		case name == "postgres":
			used["postgres"] += ticks / 100
		case name == "java":
			used["kafka"] += ticks / 100
		}
	}
	return used
}

// compare replays a run's log and notes whether it comes to the same.
func (b *bench) compare(ctx context.Context, name string, all []*process) error {
	cmd := exec.CommandContext(ctx, b.bin, "verify", "--json", "--project", all[0].dir)
	text, err := cmd.Output()
	if err == nil {
		return nil
	}
	exit, ok := errors.AsType[*exec.ExitError](err)
	if !ok || len(text) == 0 {
		return fmt.Errorf("%s: kith verify: %w: %s", name, err, exit.Stderr)
	}
	b.out.Equal = false
	b.out.Differences = append(b.out.Differences, name+": "+strings.TrimSpace(string(text)))
	return nil
}

// clusterEngine is filled with the brokers, a name, the DSN, and the name again.
const clusterEngine = `engine:
  cluster:
    hash_key: "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"
    kafka: {brokers: [%s], prefix: scale%s, partitions: 8, topic_partitions: 4}
    postgres: {dsn: %q, schema: scale%s}
`

// project is the demo's shop without its receiver of webhooks. It is filled with the engine.
const project = `name: scale
data: ./data
sources:
  web:    {type: tracking, write_keys: [` + writeKey + `]}
  crm:    {type: file, path: "sources/crm-*.csv", poll: 50ms}
  shop:   {type: file, path: "sources/orders*.ndjson", poll: 50ms}
  desk:   {type: file, path: "sources/tickets*.ndjson", poll: 50ms}
  news:   {type: file, path: "sources/newsletter*.csv", poll: 50ms}
  bought: {type: file, path: "sources/demographics*.csv", poll: 50ms}
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
    attributes: {phone: {from: phone, clean: [{phone: {region: GB}}]}, total: total}
  desk.tickets:
    kind: object
    key: ticket
    occurred: opened
    identifiers: {email: from_email, phone: from_phone}
    attributes: {from_phone: {from: from_phone, clean: [{phone: {region: GB}}]}}
  news.subscribers:
    kind: customer
    key: subscriber
    occurred: joined
    identifiers: {email: e-mail}
    attributes: {email: {from: e-mail, clean: [email]}, full_name: {from: name, clean: [trim, name]}}
  bought.people:
    kind: customer
    key: ref
    identifiers: {phone: phone}
    attributes:
      full_name: {from: full_name, clean: [trim, name]}
      phone:     {from: phone, clean: [{phone: {region: GB}}]}
identity:
  identifiers:
    - {type: user_id, max_per_profile: 1}
    - {type: email, max_per_profile: 5, max_neighbours: 20, block: ["test@*"]}
    - {type: phone, max_per_profile: 2, max_neighbours: 10}
    - {type: anonymous_id, max_neighbours: 8}
golden:
  "*": most_recent
server: {listen: "127.0.0.1:0"}
%s`
