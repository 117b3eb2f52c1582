package cleanse

import (
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/isotime"
	"github.com/kithdata/kith/internal/record"
)

func makeDate(s StepConfig) (stepFunc, *errs.Error) {
	format, fault := choose(s, "format", "iso", "dmy", "mdy", "ymd", "epoch", "epoch_ms")
	if fault != nil {
		return nil, fault
	}
	written := isotime.Format{}
	if format != "iso" {
		written.Order = format
	}
	if text, ok := s.Args["pivot"]; ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 99 {
			return nil, errs.New("step_args", "the pivot is no year of two digits").At(".pivot").Fix("write 30 for 00 to 30 in this century and 31 to 99 in the last")
		}
		written.Pivots, written.Pivot = true, n
	}
	if name, ok := s.Args["zone"]; ok {
		if written.Zone, ok = isotime.LoadZone(name); !ok {
			return nil, errs.New("step_args", "there is no such time zone").At(".zone").Fix("use a name of the IANA database, such as Europe/Berlin")
		}
	}
	if format == "epoch" || format == "epoch_ms" {
		return func(v record.Value) (record.Value, bool) { return epoch(v, format == "epoch_ms") }, nil
	}
	return func(v record.Value) (record.Value, bool) { return readDate(v, &written) }, nil
}

// readDate reads a date, or a time where a time of day follows.
func readDate(v record.Value, written *isotime.Format) (record.Value, bool) {
	s := v.S
	switch {
	case v.Kind == record.Date || v.Kind == record.Time:
		return v, true
	case v.Kind == record.Int && written.Order == "ymd": // 19451210, taken for a number by its contract
		s = v.Text()
	case v.Kind != record.String:
		return v, false
	}
	if s = strings.TrimFunc(s, isSpace); s == "" {
		return record.Value{}, true
	}
	micros, dateOnly, ok := written.Parse(s)
	switch {
	case !ok:
		return v, false
	case dateOnly:
		return record.DateValue(micros / isotime.DayMicros), true
	}
	return record.TimeValue(micros), true
}

// epoch reads seconds or milliseconds since 1970, up to the year 9999.
func epoch(v record.Value, millis bool) (record.Value, bool) {
	if v.Kind == record.Date || v.Kind == record.Time {
		return v, true
	}
	v, ok := plainNumber(v)
	if !ok || v.IsNull() {
		return v, ok
	}
	scale := 1e6
	if millis {
		scale = 1e3
	}
	micros := v.Float() * scale
	if !(micros > -62_167_219_200e6 && micros < 253_402_300_800e6) {
		return v, false
	}
	if v.Kind == record.Int {
		return record.TimeValue(v.N * int64(scale)), true
	}
	return record.TimeValue(int64(micros)), true
}
