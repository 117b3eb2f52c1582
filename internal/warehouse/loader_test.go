package warehouse_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/warehouse"
)

// memory is a warehouse that keeps what it is given, and fails as told.
type memory struct {
	mu    sync.Mutex
	at    warehouse.Positions
	steps []int
	seen  []uint64 // move versions, in order of loading
	fail  func(step *warehouse.Step) error
}

func (m *memory) Positions(context.Context) (warehouse.Positions, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at.Clone(), nil
}

func (m *memory) Load(_ context.Context, s *warehouse.Step) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.at.Clone()
	for _, p := range s.Parts {
		if at.Get(p.Topic, p.Partition) != p.From {
			return errs.New(warehouse.CodeMoved, "moved")
		}
		at.Set(p.Topic, p.Partition, p.To)
	}
	if m.fail != nil {
		if err := m.fail(s); err != nil {
			return err
		}
	}
	for _, p := range s.Parts {
		m.at.Set(p.Topic, p.Partition, p.To)
		for _, v := range p.Moves {
			m.seen = append(m.seen, v.Version)
		}
	}
	m.steps = append(m.steps, s.Rows())
	return nil
}

func (m *memory) Query(context.Context, string, warehouse.Limits) (*warehouse.Result, error) {
	return nil, errors.ErrUnsupported
}
func (m *memory) Counts(context.Context) (map[string]int64, error) { return nil, errors.ErrUnsupported }
func (m *memory) Dump(context.Context, io.Writer) error            { return errors.ErrUnsupported }
func (m *memory) Close() error                                     { return nil }

// moves are a topic of n moves in one partition.
type moves int

func (n moves) Next(ctx context.Context, from uint64, limit int) ([]record.Emitted, error) {
	if from >= uint64(n) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	var out []record.Emitted
	for i := from; i < min(uint64(n), from+uint64(limit)); i++ {
		out = append(out, record.Emitted{Topic: record.TopicMoves, Number: i, Value: record.AppendMove(nil, record.Move{Version: i})})
	}
	return out, nil
}

func deps(n int) warehouse.LoaderDeps {
	return warehouse.LoaderDeps{
		Cursor: func(topic string, _ int32) record.Cursor {
			if topic != record.TopicMoves {
				return moves(0)
			}
			return moves(n)
		},
		Partitions: func(string) int32 { return 1 },
	}
}

// run loads n moves and gives the loader's last word.
func run(t *testing.T, m *memory, cfg warehouse.Config, n int) warehouse.Progress {
	t.Helper()
	l := warehouse.NewLoader(m, cfg, deps(n))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	want := warehouse.Positions{record.TopicMoves: {uint64(n)}}
	if err := l.WaitPositions(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for i, v := range m.seen {
		if v != uint64(i) {
			t.Fatalf("record %d was loaded in place %d", v, i)
		}
	}
	if len(m.seen) != n {
		t.Fatalf("%d records loaded, want %d", len(m.seen), n)
	}
	return l.Progress()
}

func TestLoaderSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{at: warehouse.Positions{}}
		began := time.Now()
		p := run(t, m, warehouse.Config{StepRows: 100, StepTime: time.Minute}, 1030)
		for i, n := range m.steps[:len(m.steps)-1] {
			if n < 100 || n >= 200 {
				t.Errorf("step %d has %d rows", i, n)
			}
		}
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("the last, small step waited %s", waited)
		}
		if p.Rows != 1030 || p.Behind != nil || p.Failures != 0 || p.Positions.Get(record.TopicMoves, 0) != 1030 {
			t.Errorf("progress %+v", p)
		}
	})
}

// A failing warehouse loses nothing: each step is tried until it is in.
func TestLoaderRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		m := &memory{at: warehouse.Positions{}, fail: func(*warehouse.Step) error {
			if tries++; tries%3 != 0 {
				return errors.New("no room")
			}
			return nil
		}}
		if p := run(t, m, warehouse.Config{StepRows: 10}, 100); p.Failures == 0 {
			t.Error("no failure was told")
		}
	})
}

// A step too big for the engine is halved until it fits.
func TestLoaderHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{at: warehouse.Positions{}, fail: func(s *warehouse.Step) error {
			if s.Rows() > 7 {
				return errors.New("too big")
			}
			return nil
		}}
		run(t, m, warehouse.Config{StepRows: 100}, 300)
	})
}

// Where another has moved the positions, the loader starts anew from them.
func TestLoaderFollowsTheWarehouse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{at: warehouse.Positions{}}
		once := false
		m.fail = func(s *warehouse.Step) error {
			if !once && m.at.Get(record.TopicMoves, 0) >= 50 {
				once = true
				for _, p := range s.Parts { // it took effect, but the answer was lost
					m.at.Set(p.Topic, p.Partition, p.To)
					for _, v := range p.Moves {
						m.seen = append(m.seen, v.Version)
					}
				}
				return errors.New("the connection broke")
			}
			return nil
		}
		run(t, m, warehouse.Config{StepRows: 20}, 200)
		if !once {
			t.Error("nothing was moved")
		}
	})
}

// A value that this version cannot read stops its partition and is never passed over.
func TestLoaderStopsAtWhatItCannotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{at: warehouse.Positions{}}
		d := deps(0)
		d.Cursor = func(topic string, _ int32) record.Cursor {
			if topic == record.TopicMoves {
				return unreadable{}
			}
			return moves(0)
		}
		l := warehouse.NewLoader(m, warehouse.Config{}, d)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := l.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if p := l.Progress(); p.Positions.Get(record.TopicMoves, 0) != 0 || !errs.Is(p.Behind, "emitted_format") || p.Failures < 10 {
			t.Errorf("progress %+v", p)
		}
	})
}

type unreadable struct{}

func (unreadable) Next(context.Context, uint64, int) ([]record.Emitted, error) {
	return []record.Emitted{{Value: []byte{99}}}, nil
}

func TestPositions(t *testing.T) {
	p := warehouse.Positions{}
	p.Set("a", 2, 5)
	if !reflect.DeepEqual(p, warehouse.Positions{"a": {0, 0, 5}}) || p.Get("b", 0) != 0 || p.Get("a", 9) != 0 {
		t.Errorf("%v", p)
	}
	if !p.Covers(warehouse.Positions{"a": {0, 0, 5}, "b": {0}}) || p.Covers(warehouse.Positions{"a": {1}}) {
		t.Error("Covers")
	}
}

// The lattice's laws, on which order independence rests.
func TestJoinIsALattice(t *testing.T) {
	for a := warehouse.None; a <= warehouse.Text; a++ {
		if a.Join(a) != a || a.Join(warehouse.None) != a || a.Join(warehouse.Text) != warehouse.Text {
			t.Errorf("%s is no element", a)
		}
		for b := warehouse.None; b <= warehouse.Text; b++ {
			if a.Join(b) != b.Join(a) {
				t.Errorf("%s and %s do not commute", a, b)
			}
			for c := warehouse.None; c <= warehouse.Text; c++ {
				if a.Join(b).Join(c) != a.Join(b.Join(c)) {
					t.Errorf("%s, %s, %s do not associate", a, b, c)
				}
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(uint8(0), record.AppendProfile(nil, &record.Profile{Version: 1}))
	f.Add(uint8(1), record.AppendMove(nil, record.Move{Version: 1}))
	f.Add(uint8(2), record.AppendFact(nil, &record.Fact{Stream: "s", Attrs: []record.Attr{{Name: "a", Value: record.IntValue(1)}}}))
	f.Add(uint8(3), record.AppendDisposition(nil, &record.Disposition{To: 1}))
	f.Fuzz(func(t *testing.T, topic uint8, value []byte) {
		values := []record.Emitted{{Number: 7, Value: value}, {Number: 8, Value: value}}
		p, err := warehouse.Decode(warehouse.Topics[int(topic)%len(warehouse.Topics)], 0, 7, values)
		if err == nil && (p.Rows() != 2 || p.To != 9) {
			t.Errorf("%d rows to %d", p.Rows(), p.To)
		}
	})
}
