package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/kithdata/kith/internal/kit/errs"
)

func TestMouldNumbersItemsAndPeople(t *testing.T) {
	for _, n := range []int{0, 3} {
		m := newMould("/v1/batch", "key", identifyItem, n)
		var ids, users []string
		for _, serial := range []uint64{7, 1_000_000} {
			text := m.copy().stamp(serial, 1000)
			_, body, _ := bytes.Cut(text, []byte("\r\n\r\n"))
			if !jsontext.Value(body).IsValid() {
				t.Fatalf("the body is not JSON: %s", body)
			}
			var call struct {
				Batch  []struct{ MessageID, UserID string }
				Traits map[string]any
			}
			if n == 0 {
				call.Batch = make([]struct{ MessageID, UserID string }, 1)
				if err := json.Unmarshal(body, &call.Batch[0], json.MatchCaseInsensitiveNames(true)); err != nil {
					t.Fatal(err)
				}
			} else if err := json.Unmarshal(body, &call, json.MatchCaseInsensitiveNames(true)); err != nil {
				t.Fatal(err)
			}
			if len(call.Batch) != max(1, n) {
				t.Fatalf("%d items", len(call.Batch))
			}
			for _, item := range call.Batch {
				ids, users = append(ids, item.MessageID), append(users, item.UserID)
				if !bytes.Contains(body, []byte(`"email":"p`+item.UserID[2:]+`@example.com"`)) {
					t.Errorf("%s has the address of somebody else", item.UserID)
				}
			}
		}
		seen := map[string]bool{}
		for _, id := range ids {
			if seen[id] {
				t.Errorf("%s comes twice", id)
			}
			seen[id] = true
		}
		if n == 3 && (users[0] == users[1] || users[0] != "u-00000433") { // 7 * 7919 mod 1000
			t.Errorf("people %v", users)
		}
	}
}

func TestEveryPersonComesOnce(t *testing.T) {
	const people = 5_000
	seen := map[string]int{}
	m := newMould("/v1/track", "key", `$$$$$$$$`, 0)
	for serial := range uint64(people) {
		text := m.stamp(serial, people)
		seen[string(text[len(text)-8:])]++
	}
	if len(seen) != people {
		t.Errorf("%d people of %d", len(seen), people)
	}
}

func TestWireReadsAnswers(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	address, stop, err := serve(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Kith-Token", r.Header.Get("Authorization"))
		switch string(body) {
		case "long": // flushed before its end: it goes in chunks
			_, _ = io.WriteString(w, long)
		case "no":
			w.WriteHeader(http.StatusTeapot)
		default:
			_, _ = w.Write(body)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	w, err := dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for range 2 { // one connection serves many requests
		for body, want := range map[string]string{"short": "short", "long": long, "": ""} {
			if err := w.ok(request("POST", "/", "secret", []byte(body))); err != nil {
				t.Fatal(err)
			}
			if string(w.body) != want || string(w.token) != "Bearer secret" {
				t.Errorf("%q: %d bytes, token %s", body, len(w.body), w.token)
			}
		}
		if err := w.ok(request("POST", "/", "", []byte("no"))); err == nil || w.status != http.StatusTeapot {
			t.Errorf("status %d: %v", w.status, err)
		}
	}
}

// TestPacedChargesAStallToWhatItDelayed holds the open loop to its word: with one
// worker that stalls once, later turns are late, though each takes no time itself.
func TestPacedChargesAStallToWhatItDelayed(t *testing.T) {
	const gap, stall = 2 * time.Millisecond, 40 * time.Millisecond
	var turn int
	l, err := paced(t.Context(), 1, float64(time.Second/gap), 80*time.Millisecond, func(int) (worker, func(), error) {
		return func() error {
			if turn++; turn == 3 {
				until := time.Now().Add(stall)
				for time.Now().Before(until) { // busy, as a server is
				}
			}
			return nil
		}, func() {}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, d := range l {
		if d > stall/2 {
			late++
		}
	}
	if len(l) != 40 || late < int(stall/gap)/2-2 {
		t.Errorf("%d turns, %d of them late by half the stall", len(l), late)
	}
}

// A load that has fallen behind its turns must still end when it is told to.
func TestBackgroundEndsWhileBehind(t *testing.T) {
	const rate = 1e9 // no worker keeps up with that
	began := make(chan struct{}, 1)
	stop := background(t.Context(), 2, rate, func(int) (worker, func(), error) {
		return func() error {
			select {
			case began <- struct{}{}:
			default:
			}
			return nil
		}, func() {}, nil
	})
	<-began
	if l, err := stop(); err != nil || len(l) == 0 {
		t.Errorf("%d times, %v", len(l), err)
	}
}

func TestCrewEndsWithTheFirstFault(t *testing.T) {
	broken := errors.New("broken")
	var done atomic.Int64
	_, _, err := saturate(t.Context(), 4, time.Hour, func(k int) (worker, func(), error) {
		return func() error {
			if k == 2 {
				return broken
			}
			return nil
		}, func() { done.Add(1) }, nil
	})
	if !errors.Is(err, broken) || done.Load() != 4 {
		t.Errorf("%v, %d workers let go", err, done.Load())
	}
}

func TestQuantilesAndMedians(t *testing.T) {
	var l latencies
	for i := 100; i > 0; i-- {
		l = append(l, time.Duration(i)*time.Millisecond)
	}
	for q, want := range map[float64]float64{0.5: 50, 0.99: 99, 1: 100, 0: 1} {
		if got := l.at(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if got := (latencies{}).at(0.99); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
	for want, values := range map[float64][]float64{0: nil, 3: {3}, 2: {9, 1, 2}, 2.5: {4, 1, 2, 3}} {
		if got := median(values); got != want {
			t.Errorf("median of %v is %v", values, got)
		}
	}
}

func TestInTurnsAlternatesAndGivesMedians(t *testing.T) {
	b := &bench{size: size{rounds: 3}}
	var order []string
	one := func(name string, values ...float64) contender {
		return contender{name, func(context.Context) (reading, error) {
			order = append(order, name)
			v := values[0]
			values = values[1:]
			return reading{"v": v}, nil
		}}
	}
	m, err := b.inTurns(t.Context(), one("a", 1, 9, 2), one("b", 30, 10, 20))
	if err != nil {
		t.Fatal(err)
	}
	if m[0]["v"] != 2 || m[1]["v"] != 20 || strings.Join(order, "") != "ababab" {
		t.Errorf("%v in the order %v", m, order)
	}
}

func TestParsersFindEveryRow(t *testing.T) {
	dir := t.TempDir()
	rows := filepath.Join(dir, "a.csv")
	lines := filepath.Join(dir, "b.ndjson")
	if err := os.WriteFile(rows, []byte("h,i\n1,2\n3\n\"4,5\"x,6\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lines, []byte("{\"a\":{\"b\":1}}\n{\"a\":\n{\"c\":[{}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n, err := parse([]string{rows, lines}, [][]byte{[]byte(`{"batch":[{"x":{}},{}]}`)})
	if err != nil || n < 4+2+2 { // the header counts; of the line cut off what can be read
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestChosenNamesAreKnown(t *testing.T) {
	if _, err := chosen([]string{"road", "toad"}); !errs.Is(err, "bench_unknown") {
		t.Error(err)
	}
	some, err := chosen([]string{"read", "road"})
	if err != nil || len(some) != 2 || some[0].name != "road" {
		t.Errorf("%v, %v", some, err)
	}
	if all, err := chosen(nil); err != nil || len(all) != len(Names())-1 || slices.ContainsFunc(all, func(t trial) bool { return t.asked }) {
		t.Errorf("%v, %v", all, err)
	}
}

func TestReport(t *testing.T) {
	f := Figure{Name: "x", What: "so many", Unit: "/s", Goal: 100, Measured: 50, More: map[string]float64{"p50_ms": 0.25}}
	f.against("a peer", 200)
	f.judge()
	g := Figure{Name: "y", What: "so slow", Unit: "ms", AtMost: true, Goal: 2, Measured: 1234}
	g.judge()
	h := Figure{Name: "z", What: "fast", Unit: "ms", AtMost: true, Goal: 2, Measured: 1.5}
	h.judge()
	r := Report{Figures: []Figure{f, g, h}}
	var table, line bytes.Buffer
	if err := r.tell(Options{Out: &table}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"x: so many", "50 /s", "not met", "against a peer", "0.250", "p50 ms", "1,234 ms", "≤ 2"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, table.String())
		}
	}
	if err := r.tell(Options{Out: &line, JSON: true}); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(line.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if bytes.Count(line.Bytes(), []byte("\n")) != 1 || back.Figures[0].Against[0].Ratio != 0.25 || back.Figures[0].Met || back.Figures[1].Met || !back.Figures[2].Met {
		t.Errorf("%s", line.Bytes())
	}
}

// TestTrialsRun takes each trial through a very small run: what they measure is not
// looked at, that they work is. Their folder must be gone afterwards.
func TestTrialsRun(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var out bytes.Buffer
	if err := run(t.Context(), Options{JSON: true, Out: &out, Err: io.Discard},
		size{rounds: 1, span: 20 * time.Millisecond, people: 40, readers: 200, resident: 200, updates: 100, records: 300, load: 0.1}); err != nil {
		t.Fatal(err)
	}
	var r Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range r.Figures {
		names[f.Name] = true
		if f.Measured <= 0 || f.Goal <= 0 || f.What == "" || len(f.Against) == 0 || f.Against[0].Ratio <= 0 {
			t.Errorf("%+v", f)
		}
	}
	all, err := chosen(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range all {
		if !names[want.name] {
			t.Errorf("no figure of %s", want.name)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestRawLimitIsMeasuredWhenAsked(t *testing.T) {
	var line, table bytes.Buffer
	if err := run(t.Context(), Options{Only: []string{"commits"}, JSON: true, Out: &line, Err: io.Discard}, size{rounds: 1, span: 20 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	var r Report
	if err := json.Unmarshal(line.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Figures) != 2 || r.Figures[0].Measured <= 0 || r.Figures[1].Measured <= 0 {
		t.Fatalf("%s", line.Bytes())
	}
	if err := r.tell(Options{Out: &table}); err != nil || strings.Contains(table.String(), "met") {
		t.Errorf("a raw limit has no goal:\n%s", table.String())
	}
}

// TestServedToOthers: a load generator of others reads the address from the output, and
// sends to it until the bench is interrupted.
func TestServedToOthers(t *testing.T) {
	for _, name := range Served() {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			ctx, interrupt := context.WithCancel(t.Context())
			said, out := io.Pipe()
			ended := make(chan error, 1)
			go func() {
				ended <- run(ctx, Options{Serve: name, Out: out, Err: io.Discard}, size{rounds: 1})
				_ = out.Close()
			}()
			line, err := bufio.NewReader(said).ReadString('\n')
			if err != nil {
				t.Fatal(err, <-ended)
			}
			address, key, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "http://"), " write key ")
			var serial atomic.Uint64
			send, done, err := senders(t.Context(), address, newMould("/v1/track", key, trackItem, 0), 10, &serial)(0)
			if err != nil {
				t.Fatal(err)
			}
			if err := send(); err != nil {
				t.Error(err)
			}
			done()
			interrupt()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	if err := run(t.Context(), Options{Serve: "all", Out: io.Discard, Err: io.Discard}, size{}); !errs.Is(err, "bench_unknown") {
		t.Error(err)
	}
}
