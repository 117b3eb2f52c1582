package pipeline_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/engine/embedded"
	"github.com/kithdata/kith/internal/kit/clock"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

// sum is a stage that keeps, in state, how often each key acted: what exactly-once
// is measured by. It quarantines records whose properties say so, under pins below
// the one that mends them.
type sum struct {
	mendedBy uint32
	refine   func(r *record.Record)
	fail     func(r *record.Record) error
	contract *contract.Stage // nil: records keep no contract
}

func (s *sum) Refine(ctx context.Context, b *record.Batch) error {
	if s.contract != nil {
		if err := s.contract.Refine(ctx, b); err != nil {
			return err
		}
	}
	for i := range b.Records {
		r := &b.Records[i]
		if s.refine != nil {
			s.refine(r)
		}
		if r.Verdict.Keep() && bytes.Contains(r.Props, []byte("bad")) && r.Pin < s.mendedBy {
			r.Quarantine("bad_value", "x", "it is bad")
		}
	}
	return nil
}

func sumKey(generation uint32, key string) []byte {
	return engine.Space{Generation: generation}.Key(engine.TableObject, []byte(key))
}

func (s *sum) Apply(ctx context.Context, tx engine.Tx, b *record.Batch) error {
	if s.contract != nil {
		if err := s.contract.Apply(ctx, tx, b); err != nil {
			return err
		}
	}
	for i := range b.Records {
		r := &b.Records[i]
		if !r.Verdict.Keep() || r.Kind == record.Control {
			continue
		}
		if s.fail != nil {
			if err := s.fail(r); err != nil {
				return err
			}
		}
		values, err := tx.Lock(sumKey(b.Generation, r.Key))
		if err != nil {
			return err
		}
		tx.Put(sumKey(b.Generation, r.Key), append(bytes.Clone(values[0]), byte(r.Pin)))
		if !b.Silent {
			tx.Emit(record.TopicFacts, []byte(r.Key), []byte(r.Key))
		}
	}
	return nil
}

func (s *sum) SwapProfiles(context.Context, engine.Tx, uint32, []record.ProfileID, record.Cause) error {
	return nil
}

func (s *sum) SwapMoves(context.Context, engine.Tx, uint32, uint32, []record.NodeKey, record.Cause) error {
	return nil
}

// lateMapping knows from the second version of the rules on which key a record has.
type lateMapping struct{}

func (lateMapping) Map(pin uint32, r *record.Record) error {
	if pin > 1 && r.Key == "" {
		r.Key = "mapped"
	}
	return nil
}

type rig struct {
	t      *testing.T
	dir    string
	stage  *sum
	defers *deferring // nil: nothing is deferred
	engine *engine.Engine
	hasher *record.Hasher
	door   *pipeline.Door
	keeper *pipeline.Keeper
	stop   func() error
}

func newRig(t *testing.T, stage *sum, defers ...*deferring) *rig {
	h, err := record.NewHasher(bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, dir: t.TempDir(), stage: stage, hasher: h}
	if len(defers) > 0 {
		r.defers = defers[0]
	}
	r.open()
	t.Cleanup(func() { r.close() })
	return r
}

func (r *rig) open() {
	r.t.Helper()
	e, err := embedded.Open(r.t.Context(), engine.EmbeddedConfig{Dir: r.dir, Partitions: 3, TopicPartitions: 2, ReserveBytes: 1}, embedded.Deps{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.engine = e
	now := clock.Fixed(time.Unix(1_700_000_000, 0))
	cfg := pipeline.Config{BatchRecords: 10}
	r.door = pipeline.NewDoor(cfg, pipeline.DoorDeps{Log: e.Log, Mapper: lateMapping{}, Clock: now})
	r.door.Pin(1)
	r.keeper, err = pipeline.OpenKeeper(r.t.Context(), cfg, pipeline.KeeperDeps{Engine: e, Hasher: r.hasher,
		Logger: quiet(), Mapper: lateMapping{},
		Stages: func(uint32, uint32) (pipeline.Chain, pipeline.Swapper, error) {
			chain := pipeline.Chain{Refine: []pipeline.Refiner{r.stage}, Apply: []pipeline.Applier{pipeline.Control{}, r.stage}}
			if r.defers != nil {
				chain.Apply, chain.Resolve = append(chain.Apply, r.defers), r.defers
			}
			return chain, r.stage, nil
		}}, 1)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.keeper.Run(ctx) }()
	var once sync.Once
	r.stop = func() (err error) {
		once.Do(func() { cancel(); err = <-ended })
		return err
	}
}

func (r *rig) close() {
	if err := r.stop(); err != nil {
		r.t.Error(err)
	}
	if err := r.engine.Close(); err != nil {
		r.t.Error(err)
	}
}

func event(i int, props string) record.Record {
	key := fmt.Sprintf("k%03d", i)
	return record.Record{ID: "id-" + key, Source: "s", Stream: "s.t", Kind: record.Object, Key: key, Props: []byte(props)}
}

// TestTooLargeIsSetAside has a record that no log takes among others: it is
// quarantined, and its source goes on (I4).
func TestTooLargeIsSetAside(t *testing.T) {
	r := newRig(t, &sum{})
	large := event(2, `{"x":"`+strings.Repeat("x", engine.MaxEntry)+`"}`)
	r.put(event(1, `{}`), large, event(3, `{}`))
	list, err := pipeline.ListQuarantine(t.Context(), r.engine.State, r.keeper.Current(), pipeline.QuarantineFilter{})
	if err != nil || len(list) != 1 || list[0].Reason.Code != string(engine.CodeTooLarge) {
		t.Errorf("set aside are %+v: %v", list, err)
	}
}

// put sends records through the door and waits until the road has done them.
func (r *rig) put(records ...record.Record) {
	r.t.Helper()
	pos, err := r.door.Put(r.t.Context(), records)
	if err != nil {
		r.t.Fatal(err)
	}
	r.wait(pos)
}

func (r *rig) wait(pos record.Position) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	for p, offset := range pos.Offsets {
		if err := r.engine.State.WaitOffset(ctx, pipeline.Reader(r.keeper.Current()), int32(p), offset); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *rig) acted(key string) (n int) {
	r.t.Helper()
	err := r.engine.State.View(r.t.Context(), func(rd engine.Reader) error {
		v, err := rd.Get(sumKey(r.keeper.Current(), key))
		n = len(v[0])
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) ledger() (l pipeline.Ledger, total [record.Outcomes]int64) {
	r.t.Helper()
	l, err := pipeline.ReadLedger(r.t.Context(), r.engine, r.keeper.Current())
	if err != nil {
		r.t.Fatal(err)
	}
	if !l.Balanced() {
		r.t.Fatalf("the ledger does not balance: %+v", l)
	}
	if !slices.IsSortedFunc(l.Lines, func(a, b pipeline.LedgerLine) int {
		return strings.Compare(a.Source+" "+a.Stream, b.Source+" "+b.Stream)
	}) {
		r.t.Fatalf("the ledger has no order: %+v", l)
	}
	for _, line := range l.Lines {
		for k, n := range line.N {
			total[k] += n
		}
	}
	return l, total
}

func many(n int) (list []record.Record) {
	for i := range n {
		list = append(list, event(i, `{}`))
	}
	return list
}

func TestEveryRecordActsOnceAndIsAccountedFor(t *testing.T) {
	r := newRig(t, &sum{})
	r.put(many(95)...)
	r.put(append(many(95), event(200, `{}`))...) // all but one are copies
	r.close()
	r.open()
	r.put(many(95)...)
	for i := range 95 {
		if n := r.acted(fmt.Sprintf("k%03d", i)); n != 1 {
			t.Fatalf("k%03d acted %d times", i, n)
		}
	}
	l, total := r.ledger()
	if l.Accepted != 95+96+95 || total[record.Applied] != 96 || total[record.Duplicate] != 190 || l.Pending != 0 {
		t.Errorf("accepted %d, pending %d, by outcome %v", l.Accepted, l.Pending, total)
	}
}

func TestOneIDWithTwoBodiesIsQuarantined(t *testing.T) {
	r := newRig(t, &sum{})
	a, b := event(1, `{}`), event(1, `{"other":1}`)
	r.put(a)
	r.put(b)
	list, err := pipeline.ListQuarantine(t.Context(), r.engine.State, 1, pipeline.QuarantineFilter{})
	if err != nil || len(list) != 1 || list[0].Reason.Code != "message_id_reused" || string(list[0].Record.Props) != `{"other":1}` {
		t.Fatal(list, err)
	}
	r.ledger()
}

func TestAPoisonRecordIsFoundAndTheRestActs(t *testing.T) {
	for name, failure := range map[string]func(){"error": func() {}, "panic": func() { panic("a value that must not be shown") }} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, &sum{fail: func(rec *record.Record) error {
				if rec.Key == "k013" {
					failure()
					return errors.New("no")
				}
				return nil
			}})
			r.put(many(60)...)
			list, err := pipeline.ListQuarantine(t.Context(), r.engine.State, 1, pipeline.QuarantineFilter{Code: "poison"})
			if err != nil || len(list) != 1 || list[0].Record.Key != "k013" || strings.Contains(list[0].Reason.Detail, "shown") {
				t.Fatal(list, err)
			}
			for i := range 60 {
				if n := r.acted(fmt.Sprintf("k%03d", i)); (n == 1) == (i == 13) {
					t.Errorf("k%03d acted %d times", i, n)
				}
			}
			r.ledger()
		})
	}
}

func TestAStageThatFailsForAWhileLosesNothing(t *testing.T) {
	left := 2 // one batch's failures: the same batch is tried three times
	var mu sync.Mutex
	r := newRig(t, &sum{fail: func(*record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if left > 0 {
			left--
			return errors.New("not now")
		}
		return nil
	}})
	r.put(event(1, `{}`), event(1, `{}`), event(2, `{"bad":1}`))
	if _, total := r.ledger(); total[record.Applied] != 2 || total[record.Duplicate] != 1 {
		t.Error(total)
	}
}

func (r *rig) replay(pin uint32, places ...pipeline.Place) {
	r.t.Helper()
	props, err := pipeline.Replay{Pin: pin, Places: places}.Props()
	if err != nil {
		r.t.Fatal(err)
	}
	pos, err := r.door.PutControl(r.t.Context(), pipeline.StreamReplay, fmt.Sprintf("replay-%d-%v", pin, places), props)
	if err != nil {
		r.t.Fatal(err)
	}
	r.wait(pos)
}

func TestReplayMovesADispositionOnce(t *testing.T) {
	r := newRig(t, &sum{mendedBy: 3})
	r.put(event(1, `{"bad":1}`), event(2, `{}`))
	list, err := pipeline.ListQuarantine(t.Context(), r.engine.State, 1, pipeline.QuarantineFilter{Stream: "s.t"})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	place := list[0].Place
	r.replay(2, place) // still bad under this pin
	if _, total := r.ledger(); total[record.Quarantined] != 1 {
		t.Error(total)
	}
	r.replay(3, place)
	r.replay(4, place) // it has acted already
	if n := r.acted("k001"); n != 1 {
		t.Errorf("the replayed record acted %d times", n)
	}
	l, total := r.ledger()
	if total[record.Quarantined] != 0 || total[record.Applied] != 2+3 || l.Accepted != 5 {
		t.Error(l, total)
	}
	located, err := pipeline.Locate(t.Context(), r.engine, r.hasher, 1, "s", "id-k001")
	if err != nil || !located.Done || located.Verdict.Outcome != record.Applied || located.Place != place {
		t.Error(located, err)
	}
	// A rebuild meets the replays before or after the record itself: the end is the same.
	if err := r.keeper.Rebuild(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	r.settled(2)
	if n := r.acted("k001"); n != 1 {
		t.Errorf("after a rebuild the replayed record acted %d times", n)
	}
	if l2, total2 := r.ledger(); total2 != total || l2.Accepted != l.Accepted {
		t.Errorf("a rebuild changed the ledger: %v, before %v", total2, total)
	}
}

func TestWhatTheDoorRefusedStaysRefusedAtAReplay(t *testing.T) {
	r := newRig(t, &sum{})
	torn := event(1, `{"_raw":"torn"}`)
	torn.Reject = "csv_ragged"
	r.put(torn)
	list, err := pipeline.ListQuarantine(t.Context(), r.engine.State, 1, pipeline.QuarantineFilter{Code: "csv_ragged"})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	for pin := uint32(2); pin < 4; pin++ {
		r.replay(pin, list[0].Place)
	}
	again, err := pipeline.ListQuarantine(t.Context(), r.engine.State, 1, pipeline.QuarantineFilter{Code: "csv_ragged"})
	if err != nil || len(again) != 1 || again[0].Reason != list[0].Reason || r.acted("k001") != 0 {
		t.Errorf("%+v, before %+v; it acted %d times: %v", again, list, r.acted("k001"), err)
	}
}

// Records of the quarantine can be large: a page of them ends by size, too.
func TestPagesOfTheQuarantineAreBoundedInBytes(t *testing.T) {
	r := newRig(t, &sum{})
	for i := range 10 {
		torn := event(i, `{"_raw":"`+strings.Repeat("x", 1000)+`"}`)
		torn.Reject = "csv_ragged"
		r.put(torn)
	}
	var f pipeline.QuarantineFilter
	f.Limit, f.Bytes = 100, 2500
	seen, pages := 0, 0
	for more := true; more; pages++ {
		var list []pipeline.Rejected
		var err error
		if list, more, err = pipeline.PageQuarantine(t.Context(), r.engine.State, 1, f); err != nil || len(list) > 3 {
			t.Fatalf("%d records: %v", len(list), err)
		}
		seen += len(list)
		if len(list) > 0 {
			f.After = &list[len(list)-1].Place
		}
	}
	if seen != 10 || pages < 4 {
		t.Errorf("%d records on %d pages", seen, pages)
	}
}

func TestOverdueIsWhatWasReceivedBefore(t *testing.T) {
	r := newRig(t, &sum{})
	for i := range 10 {
		torn := event(i, `{}`)
		torn.Reject = "csv_ragged"
		r.put(torn)
	}
	list, err := pipeline.ListQuarantine(t.Context(), r.engine.State, 1, pipeline.QuarantineFilter{})
	if err != nil || len(list) != 10 {
		t.Fatal(len(list), err)
	}
	byTime := slices.Clone(list)
	slices.SortFunc(byTime, func(a, b pipeline.Rejected) int { return cmp.Compare(a.Reason.Received, b.Reason.Received) })
	before := byTime[6].Reason.Received // itself is not overdue
	var want, got []pipeline.Place
	for _, rej := range list {
		if rej.Reason.Received < before {
			want = append(want, rej.Place)
		}
	}
	steps := 0
	for after, more := (*pipeline.Place)(nil), true; more; steps++ {
		places, next, err := pipeline.Overdue(t.Context(), r.engine.State, 1, before, after, 2)
		if err != nil || len(places) > 2 {
			t.Fatal(places, err)
		}
		got = append(got, places...)
		after, more = next, next != nil
	}
	if len(want) != 6 || !slices.Equal(got, want) || steps < 3 {
		t.Errorf("%d steps gave %v, want %v", steps, got, want)
	}
}

// settled waits for the end of a build and checks which generation is current.
func (r *rig) settled(want uint32) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	if err := r.keeper.WaitSettled(ctx); err != nil || r.keeper.Current() != want {
		r.t.Fatalf("generation %d is current, not %d: %v", r.keeper.Current(), want, err)
	}
}

func TestABuildUnderLoadIsSwappedInWithNothingLostOrDoubled(t *testing.T) {
	r := newRig(t, &sum{})
	r.put(many(300)...)
	if err := r.keeper.Rebuild(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for i := 300; i < 400; i++ {
		if _, err := r.door.Put(t.Context(), []record.Record{event(i, `{}`)}); err != nil {
			t.Fatal(err)
		}
	}
	r.settled(2)
	l, err := pipeline.ReadLedger(t.Context(), r.engine, 2)
	if err != nil || l.Accepted != 400 {
		t.Fatal(l, err)
	}
	for i := range 400 {
		if n := r.acted(fmt.Sprintf("k%03d", i)); n > 1 {
			t.Fatalf("k%03d acted %d times", i, n)
		}
	}
	r.wait(record.Position{Offsets: ends(t, r.engine)})
	var emitted uint64
	for p := range r.engine.Log.Partitions(record.TopicFacts) {
		_, end, _ := r.engine.Log.Bounds(t.Context(), record.TopicFacts, p)
		emitted += end
	}
	if emitted != 400 {
		t.Errorf("%d facts were emitted for 400 records", emitted)
	}
	r.ledger()
}

func ends(t *testing.T, e *engine.Engine) (offsets []uint64) {
	for p := range e.Log.Partitions(engine.TopicIngest) {
		_, end, err := e.Log.Bounds(t.Context(), engine.TopicIngest, p)
		if err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, end)
	}
	return offsets
}

func TestRulesNameWhatTheyReplaceAndTheFirstWins(t *testing.T) {
	r := newRig(t, &sum{})
	put := func(id string, rules pipeline.Rules) {
		props, err := rules.Props()
		if err != nil {
			t.Fatal(err)
		}
		pos, err := r.door.PutControl(t.Context(), pipeline.StreamRules, id, props)
		if err != nil {
			t.Fatal(err)
		}
		r.wait(pos)
	}
	put("a", pipeline.Rules{Version: 1, Fingerprint: "a", Body: []byte(`{}`)})
	put("b", pipeline.Rules{Version: 2, Replaces: 1, Fingerprint: "b", Body: []byte(`{}`)})
	put("c", pipeline.Rules{Version: 2, Replaces: 1, Fingerprint: "c", Body: []byte(`{}`)}) // too late
	list, err := pipeline.ReadRules(t.Context(), r.engine.State)
	if err != nil || len(list) != 2 || list[1].Fingerprint != "b" {
		t.Fatal(list, err)
	}
	if _, total := r.ledger(); total[record.Discarded] != 1 {
		t.Error(total)
	}
}

func TestStoreKeepsDocuments(t *testing.T) {
	r := newRig(t, &sum{})
	s, other := pipeline.NewStore(r.engine.State, "source/a"), pipeline.NewStore(r.engine.State, "source/ab")
	if err := s.Save(t.Context(), map[string][]byte{"x/1": []byte("one"), "x/2": []byte("two"), "y": []byte("why")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Save(t.Context(), map[string][]byte{"x/2": nil}); err != nil {
		t.Fatal(err)
	}
	if v, err := s.Load(t.Context(), "x/1"); err != nil || string(v) != "one" {
		t.Error(string(v), err)
	}
	if docs, err := s.List(t.Context(), "x/", 10); err != nil || len(docs) != 1 || docs[0].Name != "x/1" {
		t.Error(docs, err)
	}
	if v, err := other.Load(t.Context(), "x/1"); err != nil || v != nil {
		t.Error("stores share documents", v, err)
	}
}
