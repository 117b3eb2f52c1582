//go:build integration

package survive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5"

	"github.com/kithdata/kith/internal/servers"
)

// lease is how long a process of a cluster may be silent before others take over.
const lease = 2 * time.Second

// backing is the servers that several processes share.
type backing struct {
	side     *servers.Side // where they run
	database *servers.Postgres
	kafka    *servers.Kafka
	disk     *disk // of broker fullBroker; nil where none may be mounted
}

// fullBroker is the broker that has a small disk of its own.
const fullBroker = 2

// shared are the servers of all tests here, started by the first that needs them.
var shared struct {
	once  sync.Once
	dir   string
	err   error
	disk  string
	stack backing
}

func TestMain(m *testing.M) {
	os.Exit(func() int {
		defer func() {
			shared.stack.stop()
			if shared.disk != "" {
				_ = syscall.Unmount(shared.disk, syscall.MNT_DETACH)
			}
			_ = os.RemoveAll(shared.dir) // the system sweeps what is left
		}()
		return m.Run()
	}())
}

// startBacking starts the servers, or gives those that run.
func startBacking(t *testing.T) *backing {
	t.Helper()
	shared.once.Do(func() {
		if shared.dir, shared.err = os.MkdirTemp("", "kith-survive-"); shared.err != nil {
			return
		}
		if shared.disk, shared.err = mountBroker(shared.dir); shared.err == nil {
			shared.err = shared.stack.start(t, shared.dir, shared.disk)
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	b := shared.stack
	if shared.disk != "" {
		b.disk = &disk{t: t, path: shared.disk}
	}
	return &b
}

// mountBroker mounts a small disk for a broker. It gives "" where none may be mounted.
func mountBroker(dir string) (path string, err error) {
	if os.Getenv("KITH_NO_MOUNT") != "" {
		return "", nil
	}
	path = filepath.Join(dir, "disk")
	if err := os.Mkdir(path, 0o755); err != nil {
		return "", err
	}
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=384m"); err != nil {
		return "", fmt.Errorf("a small disk cannot be mounted: %w; run as root, or set KITH_NO_MOUNT=1", err)
	}
	return path, nil
}

// stop ends the servers that run.
func (b *backing) stop() {
	if b.kafka != nil {
		_ = b.kafka.Stop() // it goes with the process
	}
	if b.database != nil {
		_ = b.database.Stop() // as well
	}
}

// start starts the servers with their data in dir, that of one broker on a disk of its own.
func (b *backing) start(t *testing.T, dir, disk string) error {
	begun := time.Now()
	disks := make([]string, 3)
	disks[fullBroker] = disk
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	var both sync.WaitGroup
	faults := make([]error, 2)
	both.Go(func() {
		b.database, faults[0] = servers.StartPostgres(ctx, filepath.Join(dir, "postgres"), servers.PostgresOptions{Side: b.side})
	})
	both.Go(func() {
		b.kafka, faults[1] = servers.StartKafka(ctx, filepath.Join(dir, "kafka"), servers.KafkaOptions{Proxied: true, Disks: disks, Side: b.side})
	})
	both.Wait()
	t.Logf("the servers started within %s", time.Since(begun).Round(time.Millisecond))
	return errors.Join(faults...)
}

func (b *backing) connect(ctx context.Context) (*pgx.Conn, error) {
	c, err := pgx.ParseConfig(b.database.DSN("postgres"))
	if err != nil {
		return nil, err
	}
	c.DialFunc = b.side.Dial
	return pgx.ConnectConfig(ctx, c)
}

// sqlState does statements in the schema of a fleet, as an administrator would.
func (f *fleet) sqlState(statements ...string) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := f.connect(ctx)
	if err != nil {
		f.t.Fatal(err)
	}
	defer c.Close(ctx) //nolint:errcheck // only asked
	for _, s := range append([]string{"SET search_path = " + f.name}, statements...) {
		if _, err := c.Exec(ctx, s); err != nil {
			f.t.Fatalf("%s: %v", s, err)
		}
	}
}

// leases counts the leases that a process has by the database's clock.
func (f *fleet) leases(m *member) (n int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := f.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close(ctx) //nolint:errcheck // only asked
	err = c.QueryRow(ctx, "SELECT count(*) FROM "+f.name+".lease WHERE about = $1 AND until >= now()", m.base).Scan(&n)
	return n, err
}

// member is one process of a fleet, with a folder and a way to the servers of its own.
type member struct {
	*project
	way     *servers.Proxy // to the database
	proxied bool           // it speaks to Kafka through the brokers' proxies
}

// fleet is several processes of one project.
type fleet struct {
	*shop
	*backing
	t       *testing.T
	name    string // of topics and schema
	text    string // of kith.yaml, without its engine
	members []*member
	doors   atomic.Pointer[[]door] // of the members that are meant to answer
	turn    atomic.Uint64
}

// embeddedLine is the engine of shopFile.
const embeddedLine = "engine: {embedded: {partitions: 3, topic_partitions: 2, cache: 64MiB, reserve: 1MiB}}\n"

const clusterHashKey = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"

var fleets atomic.Int64

// newFleet makes the shop for several processes, which join later.
func newFleet(t *testing.T, text string) *fleet {
	t.Helper()
	return &fleet{backing: startBacking(t), t: t, name: fmt.Sprintf("survive%d", fleets.Add(1)), text: text}
}

// partitions is how many of data a fleet's log has, where a test does not say.
const partitions = 4

// engine is a member's engine in kith.yaml.
func (f *fleet) engine(m *member, partitions int, hashKey string) string {
	brokers := f.kafka.Bootstrap()
	if m.proxied {
		brokers = f.kafka.BootstrapProxied()
	}
	return fmt.Sprintf(`engine:
  cluster:
    hash_key: %q
    lease: %s
    kafka: {brokers: [%s], prefix: %s, partitions: %d, topic_partitions: 2}
    postgres: {dsn: %q, schema: %s, max_conns: 8}
`, hashKey, lease, strings.Join(brokers, ", "), f.name, partitions, f.database.DSNThrough(m.way, "postgres"), f.name)
}

// newMember gives a member a folder and a way to the database. It does not start it.
func (f *fleet) newMember(proxied bool, partitions int, hashKey string) *member {
	f.t.Helper()
	way, err := f.database.Proxy()
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() {
		if err := way.Close(); err != nil {
			f.t.Error(err)
		}
	})
	m := &member{way: way, proxied: proxied}
	m.project = newProject(f.t, replaceOnce(f.t, f.text, embeddedLine, f.engine(m, partitions, hashKey)))
	return m
}

// join starts a process in a new folder, with all files that were delivered so far.
// The first one may be given the shop.
func (f *fleet) join(proxied bool) *member {
	f.t.Helper()
	m := f.newMember(proxied, partitions, clusterHashKey)
	f.take(m)
	m.start()
	f.arrange()
	return m
}

// take makes a member one of the fleet.
func (f *fleet) take(m *member) {
	f.t.Helper()
	if f.shop != nil {
		f.prepare(m.project)
		f.copySources(m)
	}
	f.members = append(f.members, m)
	f.arrange()
}

// copySources gives a member the files that others have.
func (f *fleet) copySources(m *member) {
	f.t.Helper()
	if len(f.members) == 0 {
		return
	}
	from := f.members[0].path("sources")
	entries, err := os.ReadDir(from)
	if err != nil {
		f.t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			f.t.Fatal(err)
		}
		m.write(filepath.Join("sources", e.Name()), string(text))
	}
}

// arrange tells the shop who is there, and the senders where to.
func (f *fleet) arrange() {
	var doors []door
	if f.shop != nil {
		f.also = f.also[:0]
	}
	for i, m := range f.members {
		if m.base != "" {
			doors = append(doors, door{m.base, &http.Client{Timeout: 5 * time.Second, Transport: m.client.Transport}})
		}
		switch {
		case f.shop == nil:
		case i == 0:
			f.project = m.project
		default:
			f.also = append(f.also, m.project)
		}
	}
	f.doors.Store(&doors)
}

// next is the door whose turn it is.
func (f *fleet) next() door {
	doors := *f.doors.Load()
	return doors[f.turn.Add(1)%uint64(len(doors))]
}

// health asks a process whether it is ready, and if not, why.
func (m *member) health() (ready bool, reasons []string, err error) {
	if err := m.locate(); err != nil {
		return false, nil, err
	}
	a, err := m.ask(http.MethodGet, "/readyz", nil)
	if err != nil {
		return false, nil, err
	}
	var health struct {
		Reasons []string `json:"reasons"`
	}
	if err := json.Unmarshal(a.body, &health); err != nil {
		return false, nil, err
	}
	if a.status != http.StatusOK && (a.status != http.StatusServiceUnavailable || len(health.Reasons) == 0) {
		return false, nil, fmt.Errorf("readyz answers %s", a)
	}
	return a.status == http.StatusOK, health.Reasons, nil
}

// recovered waits until every process is ready, and none has ended by itself.
func (f *fleet) recovered() {
	f.t.Helper()
	for i, m := range f.members {
		m.poll(fmt.Sprintf("process %d is ready", i), time.Minute, func() error {
			select {
			case <-m.ended:
				f.t.Fatalf("process %d ended by itself: %v", i, m.cmd.ProcessState)
			default:
			}
			pid := m.pid
			ready, reasons, err := m.health()
			if err == nil && !ready {
				err = fmt.Errorf("it says %q", reasons)
			}
			if m.pid != pid && pid != 0 {
				f.t.Errorf("the server of process %d was started anew by its supervisor", i)
			}
			return err
		})
	}
}

// agree asks every process for the people, whichever has the warehouse: those that have
// not pass the question on.
func (f *fleet) agree() {
	f.t.Helper()
	want := ""
	for i, m := range f.members {
		got := fmt.Sprint(m.sql("select count(*), count(distinct customer_id), max(valid_from) from dim_customer where is_current"))
		if i == 0 {
			want = got
		}
		if got != want {
			f.t.Errorf("process %d says of the people %s, the first %s", i, got, want)
		}
	}
}

// stopAll ends every process in good order.
func (f *fleet) stopAll() {
	f.t.Helper()
	for i, m := range f.members {
		if code := m.stop(); code != 0 {
			f.t.Errorf("process %d ended with code %d when it was stopped", i, code)
		}
	}
}
