package access

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// store is a record.Store in memory that can be made to fail.
type store struct {
	mu   sync.Mutex
	docs map[string][]byte
	fail error
}

func (s *store) Load(_ context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.docs[name], s.fail
}

func (s *store) Save(_ context.Context, docs map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if s.docs == nil {
		s.docs = map[string][]byte{}
	}
	for name, value := range docs {
		if value == nil {
			delete(s.docs, name)
		} else {
			s.docs[name] = bytes.Clone(value)
		}
	}
	return nil
}

func (s *store) List(_ context.Context, prefix string, limit int) ([]record.Document, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return nil, s.fail
	}
	var out []record.Document
	for name, value := range s.docs {
		if strings.HasPrefix(name, prefix) {
			out = append(out, record.Document{Name: name, Value: value})
		}
	}
	slices.SortFunc(out, func(a, b record.Document) int { return strings.Compare(a.Name, b.Name) })
	return out[:min(len(out), limit)], nil
}

// hand is a clock that the test moves.
type hand struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hand) Now() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }
func (h *hand) Add(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func newHand() *hand { return &hand{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func TestRolesAllowWhatTheyInclude(t *testing.T) {
	want := map[Role][]Role{
		Ingest: {Ingest}, Read: {Read}, Operate: {Read, Operate}, Admin: {Ingest, Read, Operate, Admin}, 0: nil, 9: nil,
	}
	for role, allowed := range want {
		for need := Role(0); need < 7; need++ {
			if got := role.Allows(need); got != slices.Contains(allowed, need) {
				t.Errorf("%v allows %v: %v", role, need, got)
			}
		}
	}
	for _, r := range []Role{Ingest, Read, Operate, Admin} {
		if got, err := RoleOf(r.String()); err != nil || got != r {
			t.Errorf("RoleOf(%q) = %v, %v", r, got, err)
		}
	}
	if _, err := RoleOf("root"); !errs.Is(err, "role_unknown") {
		t.Errorf("RoleOf of a name that is none: %v", err)
	}
}

func TestKeyOpensUntilItIsRevoked(t *testing.T) {
	ctx, st, clk := context.Background(), &store{}, newHand()
	keys := New(st, clk)
	key, secret, err := keys.Create(ctx, "loyalty app", Read, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "kith_read_") || len(secret) != len("kith_read_")+32 {
		t.Fatalf("a key of form %q...", secret[:10])
	}
	for name, doc := range st.docs {
		if bytes.Contains(doc, []byte(secret[10:])) || strings.Contains(name, secret[10:]) {
			t.Fatal("the secret is stored in the clear")
		}
	}
	p, err := keys.Authenticate(ctx, secret)
	if err != nil || p != (Principal{ID: key.ID, Name: "loyalty app", Role: Read}) {
		t.Fatalf("Authenticate = %+v, %v", p, err)
	}
	for _, wrong := range []string{"", "kith_read_", secret + "a", secret[:len(secret)-1], strings.ToUpper(secret), strings.Replace(secret, "read", "admin", 1)} {
		if _, err := keys.Authenticate(ctx, wrong); !errs.Is(err, CodeUnauthenticated) {
			t.Errorf("a wrong key gave %v", err)
		}
	}
	if _, err := New(st, clk).Authenticate(ctx, secret); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	clk.Add(time.Hour)
	gone, err := keys.Revoke(ctx, key.ID)
	if err != nil || !gone.Revoked.Equal(clk.Now()) {
		t.Fatalf("Revoke = %+v, %v", gone, err)
	}
	if _, err := keys.Authenticate(ctx, secret); !errs.Is(err, CodeUnauthenticated) {
		t.Errorf("a revoked key gave %v", err)
	}
	clk.Add(time.Hour)
	if again, err := keys.Revoke(ctx, key.ID); err != nil || again != gone {
		t.Errorf("revoking twice = %+v, %v", again, err)
	}
	if _, err := keys.Revoke(ctx, "nobody"); !errs.Is(err, CodeKeyUnknown) {
		t.Errorf("revoking what is not there: %v", err)
	}
}

func TestKeyExpires(t *testing.T) {
	ctx, clk := context.Background(), newHand()
	keys := New(&store{}, clk)
	_, secret, err := keys.Create(ctx, "auditor", Admin, clk.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Authenticate(ctx, secret); err != nil {
		t.Fatal(err)
	}
	clk.Add(time.Minute)
	if _, err := keys.Authenticate(ctx, secret); !errs.Is(err, CodeUnauthenticated) {
		t.Errorf("an expired key gave %v", err)
	}
	if _, _, err := keys.Create(ctx, "late", Read, clk.Now()); !errs.Is(err, "key_expired") {
		t.Errorf("a key that is born expired gave %v", err)
	}
}

func TestAnotherProcessSeesARevocation(t *testing.T) {
	ctx, st, clk := context.Background(), &store{}, newHand()
	here, there := New(st, clk), New(st, clk)
	key, secret, err := here.Create(ctx, "app", Read, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := there.Authenticate(ctx, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Revoke(ctx, key.ID); err != nil {
		t.Fatal(err)
	}
	clk.Add(refresh)
	if _, err := there.Authenticate(ctx, secret); !errs.Is(err, CodeUnauthenticated) {
		t.Errorf("five seconds after a revocation elsewhere: %v", err)
	}
}

func TestAnotherProcessSeesANewKey(t *testing.T) {
	ctx, st, clk := context.Background(), &store{}, newHand()
	here, there := New(st, clk), New(st, clk)
	if _, err := there.Authenticate(ctx, NewSecret(Read)); !errs.Is(err, CodeUnauthenticated) {
		t.Fatal(err)
	}
	_, secret, err := here.Create(ctx, "app", Read, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	clk.Add(again)
	if _, err := there.Authenticate(ctx, secret); err != nil {
		t.Errorf("a key that was made elsewhere a moment ago: %v", err)
	}
}

func TestStoreThatFails(t *testing.T) {
	ctx, st, clk := context.Background(), &store{}, newHand()
	keys := New(st, clk)
	_, secret, err := keys.Create(ctx, "app", Read, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	st.fail = errors.New("disk")
	clk.Add(refresh + time.Second)
	if _, err := keys.Authenticate(ctx, secret); err != nil {
		t.Errorf("the last view serves for a minute: %v", err)
	}
	clk.Add(stale)
	if _, err := keys.Authenticate(ctx, secret); !errs.Is(err, CodeKeysUnavailable) {
		t.Errorf("after a minute nothing opens: %v", err)
	}
	if _, _, err := keys.Create(ctx, "more", Read, time.Time{}); !errs.Is(err, CodeKeysUnavailable) {
		t.Errorf("Create: %v", err)
	}
	st.fail = nil
	if _, err := keys.Authenticate(ctx, secret); err != nil {
		t.Errorf("once the store is back: %v", err)
	}
}

func TestCreateWithSecretIsRepeatable(t *testing.T) {
	ctx, st, clk := context.Background(), &store{}, newHand()
	keys := New(st, clk)
	secret := NewSecret(Admin)
	first, err := keys.CreateWithSecret(ctx, "local", Admin, secret)
	if err != nil {
		t.Fatal(err)
	}
	second, err := keys.CreateWithSecret(ctx, "local", Admin, secret)
	if err != nil || first != second {
		t.Fatalf("second time = %+v, %v", second, err)
	}
	if list, _ := keys.List(ctx); len(list) != 1 {
		t.Errorf("%d keys", len(list))
	}
	if p, err := keys.Authenticate(ctx, secret); err != nil || p.Role != Admin {
		t.Errorf("Authenticate = %+v, %v", p, err)
	}
	for _, weak := range []string{"", "admin", "kith_admin_aaaa", NewSecret(Read), "kith_admin_" + strings.Repeat("0", 32)} {
		if _, err := keys.CreateWithSecret(ctx, "local", Admin, weak); !errs.Is(err, "key_secret") {
			t.Errorf("a weak secret gave %v", err)
		}
	}
	if _, err := keys.Revoke(ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.CreateWithSecret(ctx, "local", Admin, secret); !errs.Is(err, CodeKeyExists) {
		t.Errorf("a revoked secret must not come back: %v", err)
	}
}

func TestListIsOldestFirstAndNamesAreChecked(t *testing.T) {
	ctx, clk := context.Background(), newHand()
	keys := New(&store{}, clk)
	for _, name := range []string{"a", "b", "c"} {
		if _, _, err := keys.Create(ctx, name, Ingest, time.Time{}); err != nil {
			t.Fatal(err)
		}
		clk.Add(time.Second)
	}
	list, err := keys.List(ctx)
	if err != nil || len(list) != 3 || list[0].Name != "a" || list[2].Name != "c" {
		t.Fatalf("List = %+v, %v", list, err)
	}
	for _, name := range []string{"", strings.Repeat("x", 101), "tab\there", "\xff"} {
		if _, _, err := keys.Create(ctx, name, Read, time.Time{}); !errs.Is(err, "key_name") {
			t.Errorf("name %q gave %v", name, err)
		}
	}
	if _, _, err := keys.Create(ctx, "x", 0, time.Time{}); !errs.Is(err, "role_unknown") {
		t.Errorf("no role gave %v", err)
	}
}

func TestManyAtOnce(t *testing.T) {
	ctx, clk := context.Background(), newHand()
	keys := New(&store{}, clk)
	_, secret, err := keys.Create(ctx, "app", Read, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				if i == 0 {
					clk.Add(refresh)
					if _, _, err := keys.Create(ctx, "other", Read, time.Time{}); err != nil {
						t.Error(err)
					}
				} else if _, err := keys.Authenticate(ctx, secret); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzDecodeKey(f *testing.F) {
	f.Add(encodeKey(&Key{ID: "abc", Name: "app", Role: Read, Created: time.UnixMicro(5)}))
	f.Add([]byte{})
	f.Add([]byte{2})
	f.Fuzz(func(t *testing.T, b []byte) {
		k, err := decodeKey(b)
		if err != nil {
			return
		}
		again, err := decodeKey(encodeKey(&k))
		if err != nil || again != k {
			t.Fatalf("%+v became %+v, %v", k, again, err)
		}
	})
}

func BenchmarkAuthenticate(b *testing.B) {
	keys := New(&store{}, newHand())
	_, secret, err := keys.Create(context.Background(), "app", Read, time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Authenticate(context.Background(), secret); err != nil {
			b.Fatal(err)
		}
	}
}
