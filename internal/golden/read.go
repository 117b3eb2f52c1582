package golden

import (
	"math"
	"sort"

	"github.com/kithdata/kith/internal/engine"
	"github.com/kithdata/kith/internal/record"
)

// The readers give rows that alias the state's memory and must not be changed. A
// nil profile means that there is none.

// Current gives the row of a profile in generation gen, or nil. A row of a
// generation that is being built has version 0.
func Current(r engine.Reader, gen uint32, id record.ProfileID) (*record.Profile, error) {
	found, err := r.Get(profileKey(gen, id))
	if err != nil || found[0] == nil {
		return nil, err
	}
	p, version, err := decodeRow(found[0])
	if err != nil || version == 0 {
		return p, err
	}
	return AtVersion(r, id, version)
}

// Now gives the row of a profile in the current generation, or nil. Where a swap has
// not come to it yet, the version is the one that Swap will leave it with.
func Now(r engine.Reader, gen uint32, id record.ProfileID) (*record.Profile, error) {
	p, err := Current(r, gen, id)
	if err != nil || p == nil || p.Version != 0 {
		return p, err
	}
	h, err := readHead(r, id)
	if err != nil {
		return nil, err
	}
	if h.version > 0 && !h.retired() && h.content == hashContent(record.AppendProfileContent(nil, p)) {
		return AtVersion(r, id, h.version)
	}
	p.Version = h.version + 1
	return p, nil
}

// Last gives the last version of an id, also of one that is merged or erased; nil
// where it never was a profile.
func Last(r engine.Reader, id record.ProfileID) (*record.Profile, error) {
	h, err := readHead(r, id)
	if err != nil || h.version == 0 {
		return nil, err
	}
	return AtVersion(r, id, h.version)
}

// AtVersion gives one version of a profile, or nil.
func AtVersion(r engine.Reader, id record.ProfileID, version uint64) (*record.Profile, error) {
	found, err := r.Get(historyKey(id, version))
	if err != nil || found[0] == nil {
		return nil, err
	}
	return decodeHistory(found[0])
}

// AtTime gives the version that was valid at a moment of received time, in
// microseconds UTC, or nil. A version is valid from the received time of its cause,
// or from that of the version before where this is later.
func AtTime(r engine.Reader, id record.ProfileID, micros int64) (*record.Profile, error) {
	h, err := readHead(r, id)
	if err != nil || h.version == 0 || h.version > math.MaxInt64/2 {
		return nil, err
	}
	after := uint64(sort.Search(int(h.version), func(i int) bool { //nolint:gosec // bounded above
		found, getErr := r.Get(historyKey(id, uint64(i)+1)) //nolint:gosec // not negative
		if getErr != nil || found[0] == nil {
			err = firstError(err, getErr)
			return false // trimmed away: older than all that is kept
		}
		from, fromErr := historyFrom(found[0])
		err = firstError(err, fromErr)
		return from > micros
	}))
	if err != nil || after == 0 {
		return nil, err
	}
	return AtVersion(r, id, after)
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// Versions gives the newest limit versions of a profile, the newest first.
func Versions(r engine.Reader, id record.ProfileID, limit int) ([]*record.Profile, error) {
	h, err := readHead(r, id)
	if err != nil || h.version == 0 || limit <= 0 {
		return nil, err
	}
	n := min(uint64(limit), h.version, 1<<16)
	keys := make([][]byte, 0, n)
	for i := range n {
		keys = append(keys, historyKey(id, h.version-i))
	}
	found, err := r.Get(keys...)
	if err != nil {
		return nil, err
	}
	var all []*record.Profile
	for _, b := range found {
		if b == nil {
			break // trimmed away, and so are the older ones
		}
		p, err := decodeHistory(b)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Each calls fn with every profile of the current generation, gen, whose id is
// greater than after, in order of id, until fn gives false.
func Each(r engine.Reader, gen uint32, after record.ProfileID, fn func(*record.Profile) bool) error {
	lo, hi := engine.Space{Generation: gen}.Bounds(engine.TableProfile)
	if !after.IsZero() {
		lo = append(profileKey(gen, after), 0)
	}
	for {
		ids, err := page(r, lo, hi)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			p, err := Now(r, gen, id)
			if err != nil {
				return err
			}
			if p != nil && !fn(p) {
				return nil
			}
		}
		lo = append(profileKey(gen, ids[len(ids)-1]), 0)
	}
}

// page gives the ids of the next few rows.
func page(r engine.Reader, lo, hi []byte) (ids []record.ProfileID, err error) {
	const most = 1024
	err = r.Scan(lo, hi, func(key, _ []byte) bool {
		var id record.ProfileID
		if len(key) >= len(id) {
			copy(id[:], key[len(key)-len(id):])
			ids = append(ids, id)
		}
		return len(ids) < most
	})
	return ids, err
}

func readHead(r engine.Reader, id record.ProfileID) (h head, err error) {
	found, err := r.Get(versionsKey(id))
	if err != nil {
		return h, err
	}
	return h, decodeHead(found[0], &h)
}
