package contract

import (
	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/isotime"
)

// CodeTimeFormat is the code of a TimeFormat that cannot be.
const CodeTimeFormat errs.Code = "stream_time"

// TimeFormats are what a TimeFormat's Format can be.
func TimeFormats() []string { return []string{"iso", "dmy", "mdy", "ymd"} }

// compile gives what reads the times; nil of nil. An error has the setting's name in
// its place.
func (t *TimeFormat) compile() (*isotime.Format, *errs.Error) {
	if t == nil {
		return nil, nil
	}
	f := &isotime.Format{}
	switch t.Format {
	case "", "iso":
	case "dmy", "mdy", "ymd":
		f.Order = t.Format
	default:
		return nil, errs.New(CodeTimeFormat, "times are not written in this order").At(".format").Fix("use iso, dmy, mdy or ymd")
	}
	if t.Pivot != nil {
		switch f.Pivots, f.Pivot = true, *t.Pivot; {
		case f.Pivot < 0 || f.Pivot > 99:
			return nil, errs.New(CodeTimeFormat, "the pivot is no year of two digits").At(".pivot").Fix("write 69 for 00 to 69 in this century and 70 to 99 in the last")
		case f.Order == "":
			return nil, errs.New(CodeTimeFormat, "ISO dates have years of four digits, so that there is no century to tell").At(".pivot").Fix("remove it, or write format: dmy, mdy or ymd")
		}
	}
	if t.Zone != "" {
		var ok bool
		if f.Zone, ok = isotime.LoadZone(t.Zone); !ok {
			return nil, errs.New(CodeTimeFormat, "there is no such time zone").At(".zone").Fix("use a name of the IANA database, such as Europe/Berlin")
		}
	}
	return f, nil
}

// validateTimes gives the faults of how a stream's times are written.
func validateTimes(at string, c *StreamConfig) []error {
	var faults []error
	for _, t := range []struct {
		name, path string
		format     *TimeFormat
	}{{"seq", c.Seq, c.SeqTime}, {"occurred", c.Occurred, c.OccurredTime}} {
		where := at + "." + t.name
		if _, fault := t.format.compile(); fault != nil {
			faults = append(faults, errs.New(fault.Code, fault.What).At(where+fault.Where).Fix(fault.Mend))
		}
		if t.format != nil && t.path == "" {
			faults = append(faults, errs.New(CodeTimeFormat, "a form of times is said, and no field that has them").At(where).Fix("write from: with the field's name"))
		}
	}
	return faults
}
