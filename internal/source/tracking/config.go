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
	AddIP     bool  // a context without ip gets the request's address
	PixelKeys []int // numbers of the keys of pixels' tokens: the first seals, all open; default 1
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
	for _, n := range c.PixelKeys {
		if n < 1 || n > 255 {
			fault("the number of a pixel key is not from 1 to 255", at+".pixel_keys", "count them: 1, 2, 3")
		}
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
	if len(c.PixelKeys) == 0 {
		c.PixelKeys = []int{1}
	}
	return c
}
