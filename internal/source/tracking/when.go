package tracking

import (
	"strconv"
	"time"

	"github.com/kithdata/kith/internal/kit/clock"
)

// layouts are what clients write besides RFC 3339.
var layouts = [...]string{"2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999", "2006-01-02"}

// parseTime reads a client's time: RFC 3339 and its usual variants, or a number of
// seconds or milliseconds since 1970. The result is in microseconds UTC.
func parseTime(s string) (micros int64, ok bool) {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return clock.Micros(t), true
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return epoch(f)
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return clock.Micros(t), true
		}
	}
	return 0, false
}

// epoch takes numbers of 100 thousand million and more for milliseconds: as
// seconds they would lie past the year 5000.
func epoch(f float64) (int64, bool) {
	const year9999 = 253402300799
	if f >= 1e11 || f <= -1e11 {
		f /= 1000
	}
	if !(f >= -year9999 && f <= year9999) { // NaN too
		return 0, false
	}
	return int64(f * 1e6), true
}

// The moments between which an occurred time is kept: the years 1 to 9999, which
// every later format can write.
const (
	earliest = -62135596800_000_000
	latest   = 253402300799_999_999
)

// within keeps a time between those moments, and apart from 0, which means unsaid.
func within(micros int64) int64 {
	if micros == 0 {
		return 1
	}
	return min(max(micros, earliest), latest)
}
