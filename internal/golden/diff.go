package golden

import (
	"bytes"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// Difference is how one profile's row differs between two generations.
type Difference struct {
	ID          record.ProfileID
	Added       bool     // only the new generation has it
	Removed     bool     // only the old one has it
	Attributes  []string // whose values differ, by name
	Provenance  bool     // some value is the same, but comes from elsewhere
	Identifiers bool     // its identifiers or aliases differ: members came or went
	Consents    bool     // consent or suppression differs
}

// DiffRow compares a profile's row in two generations; nil is no row. differs is
// false where the two are the same person with the same content.
func DiffRow(old, now *record.Profile) (d Difference, differs bool) {
	switch {
	case old == nil && now == nil:
		return d, false
	case old == nil:
		d.ID, d.Added = now.ID, true
	case now == nil:
		d.ID, d.Removed = old.ID, true
	default:
		d.ID = now.ID
		if bytes.Equal(record.AppendProfileContent(nil, old), record.AppendProfileContent(nil, now)) {
			return d, false
		}
	}
	var none record.Profile
	if old == nil {
		old = &none
	}
	if now == nil {
		now = &none
	}
	d.attributes(old.Attrs, now.Attrs)
	d.Identifiers = !slices.Equal(old.Identifiers, now.Identifiers) || !slices.Equal(old.Aliases, now.Aliases) || old.Customers != now.Customers
	d.Consents = !slices.Equal(old.Consents, now.Consents) || old.Suppressed != now.Suppressed
	return d, true
}

func (d *Difference) attributes(old, now []record.GoldenAttr) {
	for len(old) > 0 || len(now) > 0 {
		var by int
		switch {
		case len(old) == 0:
			by = 1
		case len(now) == 0:
			by = -1
		default:
			by = strings.Compare(old[0].Name, now[0].Name)
		}
		switch {
		case by < 0:
			d.Attributes = append(d.Attributes, old[0].Name)
			old = old[1:]
		case by > 0:
			d.Attributes = append(d.Attributes, now[0].Name)
			now = now[1:]
		default:
			if old[0].Value != now[0].Value {
				d.Attributes = append(d.Attributes, now[0].Name)
			} else if old[0] != now[0] {
				d.Provenance = true
			}
			old, now = old[1:], now[1:]
		}
	}
}
