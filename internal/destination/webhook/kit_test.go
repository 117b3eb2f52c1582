package webhook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

var secret = "whsec_" + base64.StdEncoding.EncodeToString([]byte("a made-up secret of 32 bytes ..."))

// topics is the emitted topics in memory.
type topics struct {
	mu    sync.Mutex
	parts map[string][][]byte // by topic and partition
	first map[string]uint64   // trimmed before it
	more  chan struct{}       // closed when something is added
	n     int32
}

func newTopics(partitions int32) *topics {
	return &topics{parts: map[string][][]byte{}, first: map[string]uint64{}, more: make(chan struct{}), n: partitions}
}

func partKey(topic string, p int32) string { return fmt.Sprint(topic, "/", p) }

func (l *topics) add(topic string, p int32, values ...[]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.parts[partKey(topic, p)] = append(l.parts[partKey(topic, p)], values...)
	close(l.more)
	l.more = make(chan struct{})
}

func (l *topics) profile(ps ...*record.Profile) {
	for _, p := range ps {
		l.add(record.TopicChanges, int32(p.ID[0])%l.n, record.AppendProfile(nil, p))
	}
}

func (l *topics) trim(topic string, p int32, before uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.first[partKey(topic, p)] = before
}

func (l *topics) bounds(_ context.Context, topic string, p int32) (first, end uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first[partKey(topic, p)], uint64(len(l.parts[partKey(topic, p)])), nil
}

type cursor struct {
	l     *topics
	topic string
	p     int32
}

func (c cursor) Next(ctx context.Context, from uint64, limit int) ([]record.Emitted, error) {
	for {
		c.l.mu.Lock()
		all, first, more := c.l.parts[partKey(c.topic, c.p)], c.l.first[partKey(c.topic, c.p)], c.l.more
		c.l.mu.Unlock()
		if from < first {
			return nil, errs.New("trimmed", "trimmed away")
		}
		if from < uint64(len(all)) {
			var found []record.Emitted
			for n := from; n < min(from+uint64(limit), uint64(len(all))); n++ {
				found = append(found, record.Emitted{Topic: c.topic, Partition: c.p, Number: n, Value: slices.Clone(all[n])})
			}
			return found, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// store is a record.Store in memory.
type store struct {
	mu    sync.Mutex
	docs  map[string][]byte
	saves int
	fail  error
}

func newStore() *store { return &store{docs: map[string][]byte{}} }

func (s *store) Load(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.docs[name], nil
}

func (s *store) Save(_ context.Context, docs map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	s.saves++
	for name, v := range docs {
		if s.docs[name] = slices.Clone(v); v == nil {
			delete(s.docs, name)
		}
	}
	return nil
}

func (s *store) List(_ context.Context, prefix string, limit int) (all []record.Document, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.docs)) {
		if strings.HasPrefix(name, prefix) && len(all) < limit {
			all = append(all, record.Document{Name: name, Value: s.docs[name]})
		}
	}
	return all, nil
}

// person is a made-up profile.
func person(id byte, version uint64) *record.Profile {
	p := &record.Profile{ID: record.NodeKey{id}, Version: version, Kind: record.Updated,
		Cause: record.Cause{Received: 1_700_000_000_000_000, Source: "crm", Stream: "crm.contacts"},
		Attrs: []record.GoldenAttr{{Attr: record.Attr{Name: "email", Value: record.StringValue("jo@example.com")}, Source: "crm", Stream: "crm.contacts", Rule: "most_recent"}},
	}
	if version == 1 {
		p.Kind = record.Created
	}
	return p
}

// request is one that the endpoint got.
type request struct {
	id     string
	header http.Header
	body   string
}

// endpoint is a real HTTP server that answers with what answer says.
type endpoint struct {
	*httptest.Server
	mu   sync.Mutex
	got  []request
	tell chan request // every request, after it was noted
}

func newEndpoint(t testing.TB, answer func(w http.ResponseWriter, r request)) *endpoint {
	e := &endpoint{tell: make(chan request, 100_000)}
	e.Server = httptest.NewServer(e.handler(answer))
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) handler(answer func(w http.ResponseWriter, r request)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		req := request{id: r.Header.Get("webhook-id"), header: r.Header, body: string(body)}
		e.mu.Lock()
		e.got = append(e.got, req)
		e.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
		e.tell <- req
	})
}

func (e *endpoint) requests() []request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

// wait takes n requests.
func (e *endpoint) wait(n int) {
	for range n {
		<-e.tell
	}
}

// fixture is a destination, what it reads, keeps and sends to.
type fixture struct {
	t     testing.TB
	log   *topics
	store *store
	cfg   webhook.Config
	deps  webhook.Deps
	d     *webhook.Destination
	stop  func()
}

func newFixture(t testing.TB, url string) *fixture {
	f := &fixture{t: t, log: newTopics(2), store: newStore()}
	f.cfg = webhook.Config{Name: "mailer", URL: url, Secret: secret, AllowPrivate: true, On: []string{"profile.changed"}}
	f.deps = webhook.Deps{
		Cursor:     func(topic string, p int32) record.Cursor { return cursor{f.log, topic, p} },
		Partitions: func(string) int32 { return f.log.n },
		Bounds:     f.log.bounds,
		Store:      f.store,
		Rand:       func() float64 { return 0 }, // no wait between tries
	}
	return f
}

// start runs the destination; stop ends it and waits.
func (f *fixture) start() {
	f.t.Helper()
	d, err := webhook.New(f.cfg, f.deps)
	if err != nil {
		f.t.Fatal(err)
	}
	f.d = d
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	f.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("run ended with %v", err)
		}
	})
	f.t.Cleanup(f.stop)
}

// pipes is a listener without a network, for tests with a fake clock.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.done) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
