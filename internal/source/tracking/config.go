package tracking

import (
	"errors"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Config is one tracking source: the Segment HTTP API.
type Config struct {
	Name      string
	WriteKeys []string
	MaxEvent  int // bytes; default 32 KiB
	MaxBatch  int // bytes, unpacked; default 500 KiB
	MaxEvents int // a batch; default 2,500
	Mark      Mark
}

// Validate reports every fault of c.
func (c Config) Validate() error {
	var faults []error
	fault := func(what, where, mend string) {
		faults = append(faults, errs.New("bad_value", what).At(where).Fix(mend))
	}
	at := "sources." + c.Name
	if c.Name == "" {
		fault("a tracking source has no name", "sources", "give it one")
	}
	if len(c.WriteKeys) == 0 {
		fault("a tracking source needs at least one write key", at+".write_keys", "add one, best through a variable: [\"${WEB_KEY}\"]")
	}
	for _, k := range c.WriteKeys {
		if k == "" {
			fault("a write key is empty", at+".write_keys", "set the variable that it comes from")
		}
	}
	if c.MaxEvent < 0 || c.MaxBatch < 0 || c.MaxEvents < 0 {
		fault("limits must not be negative", at, "leave them out for the defaults")
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.MaxEvent == 0 {
		c.MaxEvent = 32 << 10
	}
	if c.MaxBatch == 0 {
		c.MaxBatch = 500 << 10
	}
	if c.MaxEvents == 0 {
		c.MaxEvents = 2_500
	}
	return c
}
