//go:build integration

package survive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestClusterWithFewerPartitions has more processes than partitions: those that have
// none are ready all the same, and take what they are sent. One that cannot join the
// others says why it is not ready, until it can.
func TestClusterWithFewerPartitions(t *testing.T) {
	f := newFleet(t, fmt.Sprintf(shopFile, 50, 200, ""))
	const partitions = 2
	first := f.newMember(false, partitions, clusterHashKey)
	f.shop = openShop(t, first.project, smallPeople, 11, 50)
	f.take(first)
	first.start()
	second := f.newMember(false, partitions, clusterHashKey)
	f.take(second)
	second.start()
	f.recovered()
	f.deliver(len(f.files))

	for i := range 2 {
		m := f.newMember(i == 0, partitions, clusterHashKey)
		f.take(m)
		m.launch()
	}
	third := f.members[2]
	third.poll("a process that comes says where it is", time.Minute, third.locate)
	f.cutKafka()
	third.unready("partitions are being spread")
	f.healKafka()
	f.recovered()
	f.arrange()

	c := &sender{s: f.shop, to: f.next}
	if left := c.send(split(t, f.batches, 5), nil); len(left) > 0 {
		t.Fatalf("%d batches are not acknowledged", len(left))
	}
	f.complete(c)
	f.agree()
	for i, m := range f.members { // whoever has nothing to do says so with nothing
		if ready, reasons, err := m.health(); err != nil || !ready {
			t.Errorf("process %d is not ready: %q %v", i, reasons, err)
		}
	}
	f.stopAll()
	f.members[3].verifyByCommand()
}

// TestClusterSetsPoisonAside has the database refuse whatever holds a mark: the batches
// with it fail again and again, until each record that does is alone and set aside. All
// others act, though processes are killed meanwhile.
func TestClusterSetsPoisonAside(t *testing.T) {
	f := newFleet(t, fmt.Sprintf(shopFile, 50, 200, ""))
	first := f.newMember(false, partitions, clusterHashKey)
	f.shop = openShop(t, first.project, smallPeople, 12, 50)
	f.take(first)
	first.start()
	f.join(false)
	f.recovered()
	// Only the quarantine's own rows may hold it: Q is its table.
	f.sqlState(fmt.Sprintf(`ALTER TABLE entry ADD CONSTRAINT poison CHECK (position('%s'::bytea in v) = 0 OR get_byte(k, 4) = ascii('Q'))`, marker))
	const poisoned = 3
	batches := split(t, f.batches, 5)
	for i := range poisoned {
		b := webBatch(
			fmt.Sprintf(`{"type":"identify","messageId":"good-%d","userId":"good-%d","traits":{"email":"good.%d@example.com"}}`, i, i, i),
			fmt.Sprintf(`{"type":"identify","messageId":"poison-%d","userId":"poison-%d","traits":{"first_name":"%s"}}`, i, i, marker))
		at := (i + 1) * len(batches) / (poisoned + 2)
		batches = slices.Insert(batches, at, batches[0])
		batches[at].Body, batches[at].Events = b, 2
	}
	f.events += 2 * poisoned
	f.deliver(len(f.files))
	c := &sender{s: f.shop, to: f.next}
	sent := make(chan int, 1)
	go func() { sent <- len(c.send(batches, nil)) }()
	f.poll("some poison was met", time.Minute, func() error {
		for _, m := range f.members {
			if strings.Contains(m.said(), "work is tried again") {
				return nil
			}
		}
		return errors.New("nobody says that it tries again")
	})
	f.members[1].kill()
	f.members[1].start()
	f.arrange()
	if left := <-sent; left > 0 {
		t.Fatalf("%d batches are not acknowledged", left)
	}
	l := f.drained(uint64(f.rows+f.events), 2*time.Minute, append(fileSources, "web")...)
	quarantined := uint64(0)
	for _, line := range l.Lines {
		if line.Source == "web" {
			quarantined += line.Quarantined
		}
	}
	if quarantined != poisoned {
		t.Errorf("%d web records were set aside, want those %d that hold the mark: %+v", quarantined, poisoned, l.Lines)
	}
	f.agree()
	for i, m := range f.members {
		if strings.Contains(strings.ToLower(m.said()), marker) {
			t.Errorf("process %d tells what the poison holds", i)
		}
	}
	f.stopAll()
}

// TestClusterMigratesThereAndBack loads a third of the shop embedded, moves it, loads
// a third with two processes, the schema changing meanwhile, and moves back. After each
// part all is as the log's replay says.
func TestClusterMigratesThereAndBack(t *testing.T) {
	f := newFleet(t, fmt.Sprintf(shopFile, 50, 200, ""))
	f.shop = newShop(t, smallPeople, 13, 50, f.text)
	p := f.project
	batches := split(t, f.batches, 5)
	third, files := len(batches)/3, len(f.files)/3
	c := &sender{s: f.shop}
	send := func(n int) {
		t.Helper()
		if left := c.send(batches[:n], nil); len(left) > 0 {
			t.Fatalf("%d batches are not acknowledged", len(left))
		}
		batches = batches[n:]
	}
	stop := func(p *project) {
		t.Helper()
		if code := p.stop(); code != 0 {
			t.Errorf("the process ended with code %d", code)
		}
	}
	quiet := func() { // all that was accepted is done
		t.Helper()
		f.poll("all that was sent is done", time.Minute, func() error {
			if err := f.idle(); err != nil {
				return err
			}
			return f.read()
		})
	}
	p.start()
	f.deliver(files)
	send(third)
	quiet()
	stop(p)

	key, err := os.ReadFile(p.path("data", "keys", "hash.key"))
	if err != nil {
		t.Fatal(err)
	}
	m := f.newMember(false, 3, strings.TrimSpace(string(key)))
	clustered, err := os.ReadFile(m.path("kith.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write("kith.yaml", string(clustered))
	m.project = p
	f.migrate("cluster")
	f.take(m)
	m.start()
	other := f.newMember(true, 3, strings.TrimSpace(string(key)))
	f.take(other)
	other.start()
	f.arrange()
	f.recovered()
	c.to = f.next
	f.deliver(files)
	sent := make(chan struct{})
	go func() { defer close(sent); send(third) }()
	l := &load{c: c, of: third, from: c.acked.Load()}
	f.moment(l, third/4)
	f.schemaChanges(rand.New(rand.NewPCG(1, 1)), l)
	<-sent
	quiet()
	f.agree()
	f.stopAll()
	other.verifyByCommand()

	f.migrate("embedded")
	c.to, f.also = nil, nil
	p.write("kith.yaml", f.text)
	p.start()
	f.deliver(len(f.files))
	send(len(batches))
	f.complete(c)
	stop(p)
	p.verifyByCommand()
	// What was moved from opens no more.
	other.launch()
	select {
	case <-other.ended:
	case <-time.After(time.Minute):
		t.Fatal("a process goes on with what was moved away")
	}
	if code := other.cmd.ProcessState.ExitCode(); code == 0 || !strings.Contains(other.said(), "[engine_migrated]") {
		t.Errorf("a process of what was moved away ended with code %d", code)
	}
	other.gone()
}

// migrate moves the shop's own folder to another engine.
func (f *fleet) migrate(to string) {
	f.t.Helper()
	out, err := exec.CommandContext(f.t.Context(), binary(f.t), "migrate-engine", "--to", to, "--project", f.dir, "--json").CombinedOutput()
	if err != nil || !strings.Contains(string(out), `"equal":true`) {
		f.t.Fatalf("kith migrate-engine --to %s: %v, and said %s", to, err, out)
	}
}

// read says which of the files that lie there are not read yet.
func (s *shop) read() error {
	paths, err := filepath.Glob(s.path("sources", "*"))
	if err != nil {
		return err
	}
	want := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		want += strings.Count(string(text), "\n")
		if filepath.Ext(path) == ".csv" {
			want--
		}
	}
	var l ledger
	if err := s.api(http.MethodGet, "/api/ledger", nil, &l); err != nil {
		return err
	}
	if got := l.effective(fileSources...); got != uint64(want) {
		return fmt.Errorf("%d of %d rows of files have acted", got, want)
	}
	return nil
}
