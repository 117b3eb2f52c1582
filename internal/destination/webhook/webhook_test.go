package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/kithdata/kith/internal/destination/webhook"
	"github.com/kithdata/kith/internal/expr"
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

func TestSignedAndShaped(t *testing.T) {
	e := newEndpoint(t, nil)
	f := newFixture(t, e.URL)
	f.log.profile(person(2, 1))
	f.start()
	e.wait(1)
	r := e.requests()[0]
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify([]byte(r.body), r.header); err != nil {
		t.Errorf("another's library does not verify it: %v", err)
	}
	if err := verifier.Verify([]byte(r.body+" "), r.header); err == nil {
		t.Error("a changed body verifies")
	}
	if r.id != "changes-0-0" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", r.header)
	}
	var body struct {
		Type, Timestamp string
		Data            struct {
			ID         string
			Version    int
			Attributes map[string]string
			Provenance map[string]struct{ Source, Rule string }
		}
	}
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatal(err)
	}
	if body.Type != "profile.created" || body.Timestamp != "2023-11-14T22:13:20Z" || body.Data.Version != 1 ||
		body.Data.ID != person(2, 1).ID.String() || body.Data.Attributes["email"] != "jo@example.com" || body.Data.Provenance["email"].Rule != "most_recent" {
		t.Errorf("body %s", r.body)
	}
}

func TestSecretIsMadeAndKept(t *testing.T) {
	e := newEndpoint(t, nil)
	f := newFixture(t, e.URL)
	f.cfg.Secret = ""
	f.log.profile(person(1, 1))
	f.start()
	e.wait(1)
	made, err := f.d.Secret(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := standardwebhooks.NewWebhook(made)
	if err != nil {
		t.Fatal(err)
	}
	r := e.requests()[0]
	if err := verifier.Verify([]byte(r.body), r.header); err != nil {
		t.Error(err)
	}
}

// TestSecretAskedAtOnceIsOne has many ask before one was made.
func TestSecretAskedAtOnceIsOne(t *testing.T) {
	f := newFixture(t, "https://hook.example.com")
	f.cfg.Secret = ""
	d, err := webhook.New(f.cfg, webhook.Deps{Store: f.store})
	if err != nil || !d.MakesSecret() {
		t.Fatalf("it makes its secret: %v, %v", d.MakesSecret(), err)
	}
	var told [8]string
	var wg sync.WaitGroup
	for i := range told {
		wg.Go(func() { told[i], _ = d.Secret(t.Context()) })
	}
	wg.Wait()
	for _, s := range told {
		if s != told[0] || s == "" {
			t.Errorf("two secrets were told")
		}
	}
}

func TestTwoSecretsSignTwice(t *testing.T) {
	other := "whsec_" + strings.Repeat("QUJD", 10)
	e := newEndpoint(t, nil)
	f := newFixture(t, e.URL)
	f.cfg.Secret = other + " " + secret
	f.log.profile(person(1, 1))
	f.start()
	e.wait(1)
	r := e.requests()[0]
	for _, s := range []string{secret, other} {
		verifier, _ := standardwebhooks.NewWebhook(s)
		if err := verifier.Verify([]byte(r.body), r.header); err != nil {
			t.Error(err)
		}
	}
}

// TestOrderPerProfile has an endpoint that fails every other request; versions of one
// profile must still arrive in order, one at a time.
func TestOrderPerProfile(t *testing.T) {
	const people, versions = 20, 15
	var mu sync.Mutex
	busy, seen, tries := map[string]bool{}, map[string]int{}, map[string]int{}
	var faults []string
	var together, most int
	e := newEndpoint(t, func(w http.ResponseWriter, r request) {
		var m struct {
			Data struct {
				ID      string
				Version int
			}
		}
		_ = json.Unmarshal([]byte(r.body), &m)
		mu.Lock()
		if busy[m.Data.ID] {
			faults = append(faults, "two requests at once for one profile")
		}
		busy[m.Data.ID] = true
		together++
		most = max(most, together)
		tries[r.id]++
		fail := tries[r.id] == 1 && m.Data.Version%2 == 0
		mu.Unlock()
		mu.Lock()
		if m.Data.Version != seen[m.Data.ID]+1 {
			faults = append(faults, fmt.Sprintf("version %d after %d", m.Data.Version, seen[m.Data.ID]))
		}
		if fail {
			w.WriteHeader(http.StatusInternalServerError)
		} else {
			seen[m.Data.ID] = m.Data.Version
		}
		busy[m.Data.ID] = false
		together--
		mu.Unlock()
	})
	f := newFixture(t, e.URL)
	for v := range versions {
		for id := range people {
			f.log.profile(person(byte(id+1), uint64(v+1)))
		}
	}
	f.start()
	e.wait(people*versions + people*(versions/2))
	f.stop()
	if len(faults) > 0 {
		t.Fatal(faults[0], len(faults))
	}
	for id, v := range seen {
		if v != versions {
			t.Errorf("%s got to version %d", id, v)
		}
	}
	if s := f.d.Stats(); s.Delivered != people*versions || s.Failed != people*(versions/2) {
		t.Errorf("stats %+v", s)
	}
}

func TestDeadLetterAndRedelivery(t *testing.T) {
	var healthy atomic.Bool
	e := newEndpoint(t, func(w http.ResponseWriter, r request) {
		if r.id == "changes-1-0" && !healthy.Load() {
			http.Error(w, "no", http.StatusBadRequest)
		}
	})
	f := newFixture(t, e.URL)
	f.cfg.Attempts = 3
	f.log.profile(person(1, 1), person(1, 2))
	f.start()
	e.wait(4) // three tries of the first, then the second
	f.stop()  // what was done is kept
	f.start()
	ctx := context.Background()
	letters, err := f.d.DeadLetters(ctx, 10)
	if err != nil || len(letters) != 1 || letters[0].ID != "changes-1-0" || letters[0].Reason != "status_400" || letters[0].Tries != 3 {
		t.Fatalf("dead letters %+v, %v", letters, err)
	}
	for name, doc := range f.store.docs {
		if strings.Contains(string(doc), "example.com") {
			t.Errorf("%s keeps personal data (I6)", name)
		}
	}
	f.log.profile(person(3, 1)) // so that the destination is known to run
	e.wait(1)
	if err := f.d.Redeliver(ctx, "changes-1-0"); !errs.Is(err, webhook.CodeFailed) {
		t.Errorf("a failing re-delivery gives %v", err)
	}
	healthy.Store(true)
	if err := f.d.Redeliver(ctx, "changes-1-0"); err != nil {
		t.Errorf("re-delivery gives %v", err)
	}
	f.stop()
	if letters, _ := f.d.DeadLetters(ctx, 10); len(letters) != 0 {
		t.Errorf("dead letters left: %+v", letters)
	}
	for _, id := range []string{"changes-1-0", "changes-1-7", "other-1-0", "changes-+1-0", "x"} {
		if err := f.d.Redeliver(ctx, id); !errs.Is(err, webhook.CodeNoLetter) {
			t.Errorf("re-delivery of %s gives %v", id, err)
		}
	}
}

func TestGoneStopsUntilResumed(t *testing.T) {
	var gone atomic.Bool
	gone.Store(true)
	e := newEndpoint(t, func(w http.ResponseWriter, _ request) {
		if gone.Load() {
			w.WriteHeader(http.StatusGone)
		}
	})
	f := newFixture(t, e.URL)
	f.log.profile(person(1, 1))
	f.start()
	e.wait(1)
	f.stop()
	f.start()
	for f.d.Stats().State != webhook.Stopped {
		runtime.Gosched()
	}
	if n := len(e.requests()); n != 1 {
		t.Fatalf("%d requests to an endpoint that is gone", n)
	}
	gone.Store(false)
	if err := f.d.Resume(context.Background()); err != nil {
		t.Fatal(err)
	}
	e.wait(1)
	if got := e.requests()[1].id; got != "changes-1-0" {
		t.Errorf("resumed with %s", got)
	}
	f.stop()

	// Another URL is asked without being told to.
	gone.Store(true)
	f.log.profile(person(1, 2))
	f.start()
	e.wait(1)
	f.stop()
	gone.Store(false)
	f.cfg.URL += "/new"
	f.start()
	e.wait(1)
}

// TestPositions stops a destination in the middle, with one profile held up, and
// starts it again: nothing is lost, and what was done is not sent again.
func TestPositions(t *testing.T) {
	var open atomic.Bool
	e := newEndpoint(t, func(w http.ResponseWriter, r request) {
		if strings.Contains(r.body, person(7, 1).ID.String()) && !open.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	f := newFixture(t, e.URL)
	f.cfg.Attempts = 1 << 30
	f.deps.Rand = func() float64 { return 1 } // 5 s at least: it stays held up
	f.log.n = 1
	f.log.profile(person(1, 1), person(7, 1), person(2, 1), person(7, 2), person(3, 1))
	f.start()
	e.wait(4)
	f.stop()
	open.Store(true)
	f.log.profile(person(4, 1))
	f.start()
	e.wait(3)
	f.stop()
	var ids []string
	for _, r := range e.requests() {
		ids = append(ids, r.id)
	}
	first, second := ids[:4], ids[4:]
	slices.Sort(first)
	if !slices.Equal(first, []string{"changes-0-0", "changes-0-1", "changes-0-2", "changes-0-4"}) {
		t.Errorf("at first %v", first)
	}
	if slices.Index(second, "changes-0-1") > slices.Index(second, "changes-0-3") {
		t.Errorf("the later version came first: %v", second)
	}
	slices.Sort(second)
	if !slices.Equal(second, []string{"changes-0-1", "changes-0-3", "changes-0-5"}) {
		t.Errorf("then %v", second)
	}
	f.start()
	f.log.profile(person(5, 1))
	e.wait(1)
	if got := e.requests(); got[len(got)-1].id != "changes-0-6" {
		t.Errorf("in the end %s", got[len(got)-1].id)
	}
}

func TestChoice(t *testing.T) {
	consent := func(p *record.Profile, cs ...record.ConsentState) *record.Profile { p.Consents = cs; return p }
	yes := record.ConsentState{Purpose: "marketing", Channel: "email", Granted: true}
	no := record.ConsentState{Purpose: "marketing", Channel: "sms"}
	kind := func(p *record.Profile, k record.ChangeKind) *record.Profile {
		p.Kind, p.Attrs = k, nil
		return p
	}
	suppressed := person(6, 1)
	suppressed.Suppressed = true
	all := []*record.Profile{
		person(1, 1), person(1, 2), kind(person(1, 3), record.Merged), kind(person(1, 4), record.Gone), kind(person(1, 5), record.Split),
		suppressed, consent(person(7, 1), yes), consent(person(8, 1), yes, no),
	}
	for _, c := range []struct {
		name          string
		on            []string
		when, consent string
		want          string // numbers
	}{
		{"any change", []string{"profile.changed"}, "", "", "0 1 2 3 4 6 7"},
		{"created", []string{"profile.created"}, "", "", "0 6 7"},
		{"merged, split, erased", []string{"profile.merged", "profile.split", "profile.erased"}, "", "", "2 3 4"},
		{"condition", []string{"profile.changed"}, `profile.version == 2 && attributes.email.endsWith("@example.com")`, "", "1 2 3"},
		{"purpose", []string{"profile.changed"}, "", "marketing", "2 3 6"},
		{"purpose and channel", []string{"profile.changed"}, "", "marketing/email", "2 3 6 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			f := newFixture(t, e.URL)
			f.log.n = 1
			f.cfg.On, f.cfg.When, f.cfg.Consent, f.cfg.Concurrency = c.on, c.when, c.consent, 1
			f.log.profile(all...)
			f.start()
			e.wait(len(strings.Fields(c.want)))
			// One more that every choice takes comes after all that were not to be sent.
			last := consent(person(9, 2), yes)
			last.Kind = map[bool]record.ChangeKind{true: record.Created, false: record.Split}[c.name != "merged, split, erased"]
			f.log.profile(last)
			e.wait(1)
			var got []string
			for _, r := range e.requests() {
				got = append(got, strings.TrimPrefix(r.id, "changes-0-"))
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want+" 8" {
				t.Errorf("sent %v, want %s and 8", got, c.want)
			}
		})
	}
}

func TestEvents(t *testing.T) {
	event := func(name string, node byte) []byte {
		f := record.Fact{Source: "web", Stream: "web.track", Kind: record.Event, Op: record.Upsert, Event: name, Key: "m1", Received: 1_700_000_000_000_000,
			Attrs: []record.Attr{{Name: "total", Value: record.IntValue(12)}}}
		if node != 0 {
			f.Node = record.NodeKey{node}
		}
		return record.AppendFact(nil, &f)
	}
	for _, c := range []struct {
		name, consent, want string
	}{
		{"without consent", "", "0 2 3"},
		{"with consent", "marketing", "0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEndpoint(t, nil)
			f := newFixture(t, e.URL)
			f.log.n = 1
			f.cfg.On, f.cfg.When, f.cfg.Consent, f.cfg.Concurrency = []string{"event.Order Completed"}, `properties.total > 10`, c.consent, 1
			var lookups atomic.Int64
			f.deps.Profile = func(_ context.Context, id record.ProfileID) (*record.Profile, error) {
				if lookups.Add(1) == 1 && c.consent == "" {
					return nil, nil
				}
				switch id[0] {
				case 1:
					p := person(100, 1)
					p.Consents = []record.ConsentState{{Purpose: "marketing", Channel: "email", Granted: true}}
					return p, nil
				case 2:
					p := person(101, 1)
					p.Suppressed = true
					return p, nil
				}
				return nil, nil
			}
			f.log.add(record.TopicFacts, 0, event("Order Completed", 1), event("Page Viewed", 1), event("Order Completed", 3),
				event("Order Completed", 0), event("Order Completed", 2), []byte("not a fact"))
			f.start()
			e.wait(len(strings.Fields(c.want)))
			f.log.add(record.TopicFacts, 0, event("Order Completed", 1))
			e.wait(1)
			var got []string
			for _, r := range e.requests() {
				got = append(got, strings.TrimPrefix(r.id, "facts-0-"))
				if !strings.HasPrefix(r.body, `{"type":"event.Order Completed","timestamp":"2023-11-14T22:13:20Z","data":{"event":"Order Completed"`) || !json.Valid([]byte(r.body)) {
					t.Errorf("body %s", r.body)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != c.want+" 6" {
				t.Errorf("sent %v, want %s and 6", got, c.want)
			}
			f.stop()
			if letters, _ := f.d.DeadLetters(context.Background(), 9); len(letters) != 1 || letters[0].Reason != "unreadable" || letters[0].Number != 5 {
				t.Errorf("dead letters %+v", letters)
			}
		})
	}
}

// TestSuppressedBeforeARetry withdraws a message that waits when its person is suppressed.
func TestSuppressedBeforeARetry(t *testing.T) {
	var suppressed atomic.Bool
	e := newEndpoint(t, func(w http.ResponseWriter, r request) {
		if r.id == "changes-1-0" {
			suppressed.Store(true)
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	f := newFixture(t, e.URL)
	f.deps.Profile = func(_ context.Context, id record.ProfileID) (*record.Profile, error) {
		p := person(id[0], 2)
		p.Suppressed = suppressed.Load()
		return p, nil
	}
	f.log.profile(person(1, 1), person(1, 2))
	f.start()
	e.wait(2)
	f.stop()
	if got := e.requests(); got[1].id != "changes-1-1" {
		t.Errorf("the second request was %s", got[1].id)
	}
	if letters, _ := f.d.DeadLetters(context.Background(), 9); len(letters) != 0 {
		t.Errorf("dead letters %+v", letters)
	}
}

func TestSettingsAreAllChecked(t *testing.T) {
	_, err := webhook.New(webhook.Config{URL: "ftp://user:hidden@x", Secret: "hidden", On: []string{"profile.gone", "event."}, When: "nonsense"}, webhook.Deps{})
	if !errs.Is(err, webhook.CodeSetting) {
		t.Fatalf("got %v", err)
	}
	for _, setting := range []string{".name", ".url", ".secret", ".on"} {
		if !strings.Contains(err.Error(), setting) {
			t.Errorf("%s is not reported in\n%v", setting, err)
		}
	}
	if strings.Contains(err.Error(), "hidden") {
		t.Error("a secret is shown")
	}
	if _, err = webhook.New(webhook.Config{Name: "m", URL: "http://x", When: "nonsense"}, webhook.Deps{}); !errs.Is(err, expr.CodeBad) {
		t.Errorf("a bad condition gives %v", err)
	}
}

// TestSaveThatFails pauses, and loses nothing.
func TestSaveThatFails(t *testing.T) {
	e := newEndpoint(t, nil)
	f := newFixture(t, e.URL)
	f.log.profile(person(1, 1))
	f.start()
	e.wait(1)
	f.stop()
	f.store.fail = errors.New("no room")
	f.log.profile(person(2, 1))
	d, err := webhook.New(f.cfg, f.deps)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	e.wait(1)
	cancel()
	<-done
	f.store.fail = nil
	f.start()
	e.wait(1)
	if got := e.requests(); len(got) != 3 || got[2].id != got[1].id {
		t.Errorf("after the failure %v", got)
	}
}

func BenchmarkDeliver(b *testing.B) {
	e := newEndpoint(b, nil)
	e.tell = make(chan request, 1<<20)
	f := newFixture(b, e.URL)
	for i := range 20_000 {
		f.log.profile(person(byte(i), uint64(i/256+1)))
	}
	b.ResetTimer()
	for range b.N {
		f.store.docs = map[string][]byte{}
		f.start()
		e.wait(20_000)
		f.stop()
	}
	b.ReportMetric(20_000*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64(f.store.saves)/float64(b.N), "saves/op")
}
