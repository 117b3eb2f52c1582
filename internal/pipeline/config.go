package pipeline

import (
	"time"

	"github.com/kithdata/kith/internal/kit/errs"
)

// Config sizes the road.
type Config struct {
	BatchRecords    int           // most records in one state transaction; default 2,000
	DuplicateWindow time.Duration // of received time, within which a message id counts as seen; default 30 days
	Keep            time.Duration // of received time, after which a quarantined record is given up; 0: never
	MaxLag          uint64        // records that may wait in the log before doors refuse; default 20,000,000
}

// Validate reports every fault of c.
func (c Config) Validate() error {
	if c.BatchRecords < 0 || c.BatchRecords > 100_000 {
		return errs.New("bad_value", "batch_records must lie between 1 and 100,000").At("pipeline.batch_records")
	}
	if c.DuplicateWindow < 0 {
		return errs.New("bad_value", "duplicate_window must not be negative").At("pipeline.duplicate_window")
	}
	if c.Keep < 0 {
		return errs.New("bad_value", "keep must not be negative").At("quarantine.keep")
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.BatchRecords == 0 {
		c.BatchRecords = 2_000
	}
	if c.DuplicateWindow == 0 {
		c.DuplicateWindow = 30 * 24 * time.Hour
	}
	if c.MaxLag == 0 {
		c.MaxLag = 20_000_000
	}
	return c
}
