package record

import (
	"encoding/base64"
	"slices"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/wire"
)

// Position is a place in a log: for each partition the offset after the last
// record meant. It is tied to the log by its id, which a migration renews.
type Position struct {
	Log     string
	Offsets []uint64 // by partition; 0 where nothing is meant
}

// Covers reports whether p has reached o: every offset of p is at least o's.
func (p Position) Covers(o Position) bool {
	if p.Log != o.Log {
		return false
	}
	for i, want := range o.Offsets {
		if want > 0 && (i >= len(p.Offsets) || p.Offsets[i] < want) {
			return false
		}
	}
	return true
}

// Raise lifts partition's offset to at least offset.
func (p *Position) Raise(partition int32, offset uint64) {
	for int(partition) >= len(p.Offsets) {
		p.Offsets = append(p.Offsets, 0)
	}
	p.Offsets[partition] = max(p.Offsets[partition], offset)
}

// Clone gives a copy that shares nothing with p.
func (p Position) Clone() Position { return Position{Log: p.Log, Offsets: slices.Clone(p.Offsets)} }

// Token is the position as an opaque text for HTTP headers and at_least.
func (p Position) Token() string {
	var e wire.Encoder
	e.Byte(1)
	e.String(p.Log)
	e.Uint(uint64(len(p.Offsets)))
	for _, o := range p.Offsets {
		e.Uint(o)
	}
	return base64.RawURLEncoding.EncodeToString(e.B)
}

// ParseToken reads a Token. It fails with code bad_token.
func ParseToken(token string) (Position, error) {
	bad := errs.New("bad_token", "the token is not one that Kith gave").Fix("send the Kith-Token header of an earlier answer unchanged")
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) > 1<<16 {
		return Position{}, bad
	}
	d := wire.NewDecoder(raw)
	if d.Byte() != 1 {
		return Position{}, bad
	}
	p := Position{Log: d.String()}
	n := d.Count()
	for range n {
		p.Offsets = append(p.Offsets, d.Uint())
	}
	if d.Finish() != nil {
		return Position{}, bad
	}
	return p, nil
}
