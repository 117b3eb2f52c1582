package cleanse

import (
	"maps"
	"slices"
	"strings"

	"github.com/kithdata/kith/internal/record"
)

// Canonical brings identifiers that a person typed into the form in which the road
// keeps them; what can be none is left out. A question does not say which region's
// telephone number it names: one without a country code gives a candidate for each
// region that some stream assumes, and one for streams that assume none.
func (s *Stage) Canonical(ids []record.Identifier) []record.Identifier {
	out := make([]record.Identifier, 0, len(ids))
	add := func(id record.Identifier) {
		if id.Value = strings.TrimSpace(id.Value); id.Value != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	for _, id := range ids {
		regions := []string{""}
		if id.Type == typePhone {
			regions = append(regions, s.assumed()...)
		}
		if id.Type == typeEmail && s.namesMailboxes() {
			regions = append(regions, mailbox) // both forms: records of older rules keep theirs
		}
		for _, region := range regions {
			step := namingStep(id.Type, region)
			if step == nil {
				add(id)
				break
			}
			v, ok := step(record.StringValue(id.Value))
			if !ok {
				continue
			}
			add(record.Identifier{Type: id.Type, Value: v.S})
			if region == "" && strings.HasPrefix(v.S, "+") {
				break // it tells its country
			}
		}
	}
	return out
}

// assumed lists the regions of the phone steps that were ever installed, sorted.
func (s *Stage) assumed() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.regions))
}

func (s *Stage) namesMailboxes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mailboxes
}

// namingStep is the canonical form of a type's identifiers; nil for types that have
// none of their own. What it cannot read names nobody.
func namingStep(typ, region string) stepFunc {
	switch typ {
	case typeEmail:
		if region == mailbox {
			return mailboxOf
		}
		return email
	case typePhone:
		return func(v record.Value) (record.Value, bool) { return dialled(v.S, region) }
	}
	return nil
}

// The fewest and most digits of a telephone number without its country code.
const (
	minDialled = 7
	maxDialled = 15
)

// dialled reads a telephone number as an identifier: in E.164, or, where no region
// tells the country, by its digits alone. Numbers that people type to fill a field
// are none.
func dialled(text, region string) (record.Value, bool) {
	text = strings.TrimFunc(text, isSpace)
	if len(text) > maxPhone {
		return record.Value{}, false
	}
	v, ok := e164(text, region)
	if !ok {
		if region != "" {
			return v, false
		}
		digits := make([]byte, 0, maxDialled)
		for _, c := range text {
			switch {
			case c >= '0' && c <= '9' && len(digits) < maxDialled:
				digits = append(digits, byte(c))
			case isSpace(c) || strings.ContainsRune("()-./", c):
			default: // letters, a second number, too many digits, or a + that led nowhere
				return record.Value{}, false
			}
		}
		if len(digits) < minDialled {
			return record.Value{}, false
		}
		v = record.StringValue(string(digits))
	}
	return v, !filler(v.S)
}

// filler knows 0000000, 9999999999 and 0123456789, with whatever country code.
func filler(number string) bool {
	same := true
	tail := number[max(0, len(number)-minDialled):]
	for i := range len(tail) {
		same = same && tail[i] == tail[0]
	}
	return same || strings.HasSuffix(number, "123456789") || strings.HasSuffix(number, "1234567890")
}
