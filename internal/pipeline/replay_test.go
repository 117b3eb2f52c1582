package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/pipeline"
	"github.com/kithdata/kith/internal/record"
)

func TestWhatABuildCanTakeWaitsForItsReplayAllTheSame(t *testing.T) {
	var mended atomic.Bool
	r := newRig(t, &sum{fail: func(rec *record.Record) error {
		if rec.Key == "k013" && !mended.Load() {
			return errors.New("no")
		}
		return nil
	}})
	r.put(many(30)...)
	mended.Store(true) // as by a newer version
	if err := r.keeper.Rebuild(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	r.settled(2)
	if got := r.quarantined(); len(got) != 1 || got["k013"] != "poison" || r.acted("k013") != 0 {
		t.Fatalf("a build let act what was set aside: %v", got)
	}
	r.replay(1, r.places()...)
	var facts uint64
	for p := range r.engine.Log.Partitions(record.TopicFacts) {
		_, end, err := r.engine.Log.Bounds(t.Context(), record.TopicFacts, p)
		if err != nil {
			t.Fatal(err)
		}
		facts += end
	}
	if n := r.acted("k013"); n != 1 || facts != 30 {
		t.Errorf("it acted %d times, and %d facts were emitted for 30 records", n, facts)
	}
	r.ledger()
}

// control appends a control record and waits until the road has done it.
func (r *rig) control(stream, id, props string) {
	r.t.Helper()
	pos, err := r.door.PutControl(r.t.Context(), stream, id, []byte(props))
	if err != nil {
		r.t.Fatal(err)
	}
	r.wait(pos)
}

// quarantined gives the code of each record that is set aside, by key or stream.
func (r *rig) quarantined() map[string]string {
	r.t.Helper()
	list, err := pipeline.ListQuarantine(r.t.Context(), r.engine.State, r.keeper.Current(), pipeline.QuarantineFilter{})
	if err != nil {
		r.t.Fatal(err)
	}
	codes := map[string]string{}
	for _, q := range list {
		name := q.Record.Key
		if q.Record.Kind == record.Control {
			name = q.Record.Stream
		}
		codes[name] = q.Reason.Code
	}
	return codes
}

func (r *rig) places() (places []pipeline.Place) {
	r.t.Helper()
	list, err := pipeline.ListQuarantine(r.t.Context(), r.engine.State, r.keeper.Current(), pipeline.QuarantineFilter{})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, q := range list {
		places = append(places, q.Place)
	}
	return places
}

func TestAReplayedRecordThatStillFailsIsSetAsideAgainAndTheOthersAct(t *testing.T) {
	for name, failure := range map[string]func() error{
		"error": func() error { return errors.New("no") },
		"panic": func() error { panic("a value that must not be shown") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, &sum{mendedBy: 2, fail: func(rec *record.Record) error {
				if rec.Key == "k013" {
					return failure()
				}
				return nil
			}})
			var records []record.Record
			for i := range 30 {
				records = append(records, event(i, `{"bad":1}`))
			}
			r.put(records...)
			r.replay(2, r.places()...)
			if got := r.quarantined(); len(got) != 1 || got["k013"] != "poison" {
				t.Error(got)
			}
			for i := range 30 {
				if n := r.acted(fmt.Sprintf("k%03d", i)); (n == 1) == (i == 13) {
					t.Errorf("k%03d acted %d times", i, n)
				}
			}
			r.ledger()
		})
	}
}

func TestAReplayedControlRecordStaysAsideAndTheRoadGoesOn(t *testing.T) {
	r := newRig(t, &sum{})
	r.control("horoscope", "h1", `{}`)
	r.control(pipeline.StreamReplay, "torn", `{"pin":`)
	want := map[string]string{"horoscope": "control_unknown", pipeline.StreamReplay: "bad_replay"}
	if got := r.quarantined(); len(got) != 2 || got["horoscope"] != want["horoscope"] || got[pipeline.StreamReplay] != want[pipeline.StreamReplay] {
		t.Fatal(got)
	}
	r.replay(2, append(r.places(), pipeline.Place{Partition: 77}, pipeline.Place{Partition: -1})...)
	if got := r.quarantined(); len(got) != 2 {
		t.Error(got)
	}
	r.ledger()
}

func TestARebuildJudgesAsTheRoadDidWhateverComesFirst(t *testing.T) {
	r := newRig(t, &sum{mendedBy: 3})
	r.put(event(1, `{"bad":1}`), event(2, `{}`))
	bad := r.places()
	good := placeOf(t, r, "id-k002")
	for pin := uint32(2); pin < 6; pin++ { // it acts under 3; later ones change nothing
		r.replay(pin, append(slices.Clone(bad), good)...)
	}
	check := func(when string) {
		t.Helper()
		if got := r.pins("k001"); !slices.Equal(got, []byte{3}) {
			t.Errorf("%s: the mended record acted under pins %v", when, got)
		}
		if got := r.pins("k002"); !slices.Equal(got, []byte{1}) {
			t.Errorf("%s: a record that was never set aside acted under pins %v", when, got)
		}
	}
	check("at first")
	for generation := uint32(2); generation < 5; generation++ { // the partitions race: more than one try
		if err := r.keeper.Rebuild(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		r.settled(generation)
		check(fmt.Sprintf("in generation %d", generation))
		r.ledger()
	}
}

// TestWhatExpiredStaysSoWhateverComesFirst gives records up between two replays: one
// that the first mended acts, and what was given up stays so under the rules that
// would take it, also in builds whose partitions race.
func TestWhatExpiredStaysSoWhateverComesFirst(t *testing.T) {
	r := newRig(t, &sum{mendedBy: 3})
	r.put(event(1, `{"bad":1}`), event(2, `{}`), event(3, `{"bad":1}`))
	mended, expired, good := placeOf(t, r, "id-k001"), placeOf(t, r, "id-k003"), placeOf(t, r, "id-k002")
	r.replay(2, mended, expired) // mends neither
	r.replay(3, mended)
	props, err := pipeline.Replay{Expire: true, Places: []pipeline.Place{mended, expired, good}}.Props()
	if err != nil {
		t.Fatal(err)
	}
	r.control(pipeline.StreamReplay, "expire-1", string(props))
	r.control(pipeline.StreamReplay, "expire-2", string(props)) // once more changes nothing
	r.replay(4, mended, expired, good)
	check := func(when string) {
		t.Helper()
		if a, b, c := r.acted("k001"), r.acted("k002"), r.acted("k003"); a != 1 || b != 1 || c != 0 {
			t.Errorf("%s: they acted %d, %d and %d times", when, a, b, c)
		}
		if got := r.quarantined(); len(got) != 0 {
			t.Errorf("%s: in quarantine %v", when, got)
		}
		if _, total := r.ledger(); total[record.Expired] != 1 || total[record.Quarantined] != 0 {
			t.Errorf("%s: %v", when, total)
		}
	}
	check("at first")
	for generation := uint32(2); generation < 5; generation++ {
		if err := r.keeper.Rebuild(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		r.settled(generation)
		check(fmt.Sprintf("in generation %d", generation))
	}
}

func TestAnExpiryNamesNoPin(t *testing.T) {
	for props, good := range map[string]bool{`{"pin":2,"places":[]}`: true, `{"expire":true,"places":[]}`: true, `{"places":[]}`: false, `{"pin":2,"expire":true,"places":[]}`: false} {
		if _, err := pipeline.ParseReplay([]byte(props)); (err == nil) != good {
			t.Errorf("%s: %v", props, err)
		}
	}
}

func placeOf(t *testing.T, r *rig, id string) pipeline.Place {
	t.Helper()
	l, err := pipeline.Locate(t.Context(), r.engine, r.hasher, r.keeper.Current(), "s", id)
	if err != nil {
		t.Fatal(err)
	}
	return l.Place
}

// pins gives under which pins a key acted.
func (r *rig) pins(key string) (pins []byte) {
	r.t.Helper()
	err := r.engine.State.View(r.t.Context(), func(rd engine.Reader) error {
		v, err := rd.Get(sumKey(r.keeper.Current(), key))
		pins = v[0]
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return pins
}

func TestAReplayedRecordIsReadAsItCame(t *testing.T) {
	var mu sync.Mutex
	var found [][]record.Identifier
	r := newRig(t, &sum{mendedBy: 2, refine: func(rec *record.Record) {
		rec.Identifiers = append(rec.Identifiers, record.Identifier{Type: "pin", Value: fmt.Sprint(rec.Pin)})
	}, fail: func(rec *record.Record) error {
		mu.Lock()
		defer mu.Unlock()
		found = append(found, slices.Clone(rec.Identifiers))
		return nil
	}})
	rec := event(1, `{"bad":1}`)
	rec.Identifiers = []record.Identifier{{Type: "user_id", Value: "u1"}}
	r.put(rec)
	r.replay(2, r.places()...)
	want := []record.Identifier{{Type: "user_id", Value: "u1"}, {Type: "pin", Value: "2"}}
	if len(found) != 1 || !slices.Equal(found[0], want) {
		t.Errorf("the replayed record acted with %v, not %v", found, want)
	}
}

func TestAReplayMapsAnew(t *testing.T) {
	r := newRig(t, &sum{mendedBy: 2})
	rec := event(1, `{"bad":1}`)
	rec.Key = ""
	r.put(rec)
	r.replay(2, r.places()...)
	if n := r.acted("mapped"); n != 1 {
		t.Errorf("the record acted %d times under the key that its new rules map", n)
	}
}

// TestTransitionsNameTheirRecord holds what warehouses rely on: each transition is a
// disposition of one record, and takes it out of an outcome.
func TestTransitionsNameTheirRecord(t *testing.T) {
	r := newRig(t, &sum{mendedBy: 3})
	r.put(event(1, `{"bad":1}`), event(2, `{"bad":1}`), event(3, `{}`))
	places := r.places()
	r.replay(2, places...) // they stay
	r.replay(3, places...) // they go
	reasons := map[pipeline.Place]int{}
	left := map[pipeline.Place]int{}
	for p := range r.engine.Log.Partitions(record.TopicDispositions) {
		_, end, err := r.engine.Log.Bounds(t.Context(), record.TopicDispositions, p)
		if err != nil {
			t.Fatal(err)
		}
		cursor := pipeline.NewCursor(r.engine.Log, record.TopicDispositions, p)
		for from := uint64(0); from < end; {
			list, err := cursor.Next(t.Context(), from, 100)
			if err != nil {
				t.Fatal(err)
			}
			from += uint64(len(list))
			for _, e := range list {
				d, err := record.DecodeDisposition(e.Value)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range d.Counts {
					if c.N[record.Quarantined] < 0 {
						if d.To != d.From+1 {
							t.Errorf("a transition of offsets [%d, %d)", d.From, d.To)
						}
						place := pipeline.Place{Partition: d.Partition, Offset: d.From}
						left[place]++
						reasons[place] = 0
					}
				}
				for _, s := range d.Set {
					reasons[pipeline.Place{Partition: d.Partition, Offset: s.Offset}]++
				}
			}
		}
	}
	for _, place := range places {
		if left[place] != 2 || reasons[place] != 0 {
			t.Errorf("%v left an outcome %d times, and has %d reasons in the end", place, left[place], reasons[place])
		}
	}
	if len(left) != 2 {
		t.Error(left)
	}
}

// deferring is a stage that defers everything; its resolver cannot do one item.
type deferring struct {
	mu   sync.Mutex
	done map[string]int
}

func (d *deferring) Apply(_ context.Context, tx engine.Tx, b *record.Batch) error {
	for i := range b.Records {
		if r := &b.Records[i]; r.Kind != record.Control {
			tx.Emit(record.TopicResolve, []byte("one partition"), []byte(r.Key))
		}
	}
	return nil
}

func (d *deferring) Resolve(_ context.Context, _ engine.Tx, _ *record.Batch, items [][]byte) error {
	for _, item := range items {
		if string(item) == "k013" {
			panic("a value that must not be shown")
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, item := range items {
		d.done[string(item)]++
	}
	return nil
}

func TestDeferredWorkThatCannotBeDoneStopsNothing(t *testing.T) {
	stage := &deferring{done: map[string]int{}}
	r := newRig(t, &sum{}, stage)
	r.put(many(60)...)
	for p := range r.engine.Log.Partitions(record.TopicResolve) {
		_, end, err := r.engine.Log.Bounds(t.Context(), record.TopicResolve, p)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.engine.State.WaitOffset(t.Context(), pipeline.ResolveReader(1), p, end); err != nil {
			t.Fatal(err)
		}
	}
	stage.mu.Lock()
	defer stage.mu.Unlock()
	for i := range 60 {
		if n := stage.done[fmt.Sprintf("k%03d", i)]; (n == 1) == (i == 13) {
			t.Errorf("k%03d was resolved %d times", i, n)
		}
	}
}
