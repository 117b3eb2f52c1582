package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
)

// formatVersion is the first byte of every document of this room (I8).
const formatVersion = 1

// position is how far one partition is done with: everything before head, but for
// the numbers in pending. The least of these is the low-water mark.
type position struct {
	head    uint64
	pending []uint64 // ascending, all below head
}

func (p position) low() uint64 {
	if len(p.pending) > 0 {
		return p.pending[0]
	}
	return p.head
}

// encodePosition: version byte, head, and the pending numbers as distances.
func encodePosition(p position) []byte {
	var e wire.Encoder
	e.Byte(formatVersion)
	e.Uint(p.head)
	e.Uint(uint64(len(p.pending)))
	last := uint64(0)
	for _, n := range p.pending {
		e.Uint(n - last)
		last = n
	}
	return e.B
}

func decodePosition(b []byte) (p position, err error) {
	d := wire.NewDecoder(b)
	version := d.Byte()
	p.head = d.Uint()
	last := uint64(0)
	for i := range d.Count() {
		step := d.Uint()
		if step > p.head-last || i > 0 && step == 0 || last+step >= p.head {
			d.Fail()
			break
		}
		last += step
		p.pending = append(p.pending, last)
	}
	if err := d.Finish(); err != nil || version != formatVersion {
		return position{}, errFormat("a webhook's position", err)
	}
	return p, nil
}

func errFormat(what string, cause error) error {
	return errs.Wrap(CodeFormat, "reading "+what, cause).Fix("open this data folder with the version that wrote it, or a later one")
}

func positionName(topic string, partition int32) string {
	return fmt.Sprintf("position/%s/%d", topic, partition)
}

// noteName names the note that a destination was cut off at a moment.
func noteName(micros int64) string { return fmt.Sprintf("cutoff/%020d", micros) }

// loadPosition gives where a partition was left, or its start.
func (d *Destination) loadPosition(ctx context.Context, topic string, partition int32) (p position, known bool, err error) {
	b, err := d.deps.Store.Load(ctx, positionName(topic, partition))
	if err != nil || b == nil {
		return p, false, err
	}
	p, err = decodePosition(b)
	return p, true, err
}

const stateName = "state"

// state is a destination's own state, kept across restarts.
type state struct {
	state string
	since int64 // microseconds UTC; of a cut-off
}

func (d *Destination) encodeState(s state) []byte {
	var e wire.Encoder
	e.Byte(formatVersion)
	e.String(s.state)
	e.Int(s.since)
	e.Fixed64(d.endpoint())
	return e.B
}

// endpoint is a fingerprint of the URL: one that changed is asked again.
func (d *Destination) endpoint() uint64 {
	sum := sha256.Sum256([]byte(d.cfg.URL))
	return binary.BigEndian.Uint64(sum[:])
}

func (d *Destination) saveState(ctx context.Context, s state) error {
	d.count(func(st *Stats) { st.State = s.state })
	return d.deps.Store.Save(ctx, map[string][]byte{stateName: d.encodeState(s)})
}

func (d *Destination) loadState(ctx context.Context) (state, error) {
	b, err := d.deps.Store.Load(ctx, stateName)
	if err != nil || b == nil {
		return state{state: Active}, err
	}
	dec := wire.NewDecoder(b)
	version := dec.Byte()
	s := state{state: dec.String(), since: dec.Int()}
	endpoint := dec.Fixed64()
	if err := dec.Finish(); err != nil || version != formatVersion || !slices.Contains([]string{Active, Stopped, CutOff}, s.state) {
		return state{}, errFormat("a webhook's state", err)
	}
	if s.state == Stopped && endpoint != d.endpoint() {
		s.state = Active
	}
	return s, nil
}
