package pipeline

import (
	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/kit/wire"
)

// generations is, as stored, which one is current, which is being built, and
// how far the emission of what a swap changed has come.
type generations struct {
	current, rules          uint32 // rules: the version whose identity and golden rules it pins
	building, buildingRules uint32 // 0: none
	previous                uint32 // swapped out; 0 once it is swept away
	emitted                 []byte // profile ids up to here were compared after the swap
	emitting                bool
	highest                 uint32 // numbers are never used again
	// sealed says that the loud fence of the current generation is shut: nothing more is
	// committed in it, until what is being built takes its place or, just swapped in,
	// until what the swap changed is emitted.
	sealed bool
}

// sealedVersion is the version of the document where a fence is shut. The others are
// written as before there were fences, so that an older Kith can still open them.
const sealedVersion = 2

func (g generations) encode() []byte {
	var e wire.Encoder
	if g.sealed {
		e.Byte(sealedVersion)
	} else {
		e.Byte(storedVersion)
	}
	for _, n := range []uint32{g.current, g.rules, g.building, g.buildingRules, g.previous, g.highest} {
		e.Uint(uint64(n))
	}
	e.Bool(g.emitting)
	e.Bytes(g.emitted)
	return e.B
}

func decodeGenerations(b []byte) (g generations, err error) {
	if b == nil {
		return g, nil
	}
	d := wire.NewDecoder(b)
	switch d.Byte() {
	case storedVersion:
	case sealedVersion:
		g.sealed = true
	default:
		return g, errStored
	}
	for _, n := range []*uint32{&g.current, &g.rules, &g.building, &g.buildingRules, &g.previous, &g.highest} {
		*n = uint32(d.Uint())
	}
	g.emitting = d.Bool()
	g.emitted = d.Bytes()
	return g, d.Finish()
}

// phase is what decides on which roads run.
type phase struct {
	current, building uint32
	sealed, emitting  bool
}

func (g generations) phase() phase {
	return phase{current: g.current, building: g.building, sealed: g.sealed, emitting: g.emitting}
}

// runs says which roads run: the current generation's, and that of what is being built.
func (p phase) runs() (loud, silent bool) {
	return !p.sealed && !p.emitting, p.building != 0 && !p.emitting
}

// target is the version of the rules that is in force once what is being built is.
func (g generations) target() uint32 {
	if g.building != 0 {
		return g.buildingRules
	}
	return g.rules
}

// unused gives the generations that nobody reads any longer: swapped out, or dropped
// while they were built.
func (g generations) unused() (list []uint32) {
	for n := uint32(1); n <= g.highest; n++ {
		if n != g.current && n != g.building && (n != g.previous || !g.emitting) {
			list = append(list, n)
		}
	}
	return list
}

// ReadGeneration gives the current generation as a snapshot has it, and the version
// of the rules that it pins; 0 before there is one.
func ReadGeneration(r engine.Reader) (number, rules uint32, err error) {
	values, err := r.Get(metaKey("generations"))
	if err != nil {
		return 0, 0, err
	}
	g, err := decodeGenerations(values[0])
	return g.current, g.rules, err
}
