package isotime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/isotime"
)

func format(t testing.TB, order, zone string, pivot int) *isotime.Format {
	t.Helper()
	f := &isotime.Format{Order: order, Pivots: pivot >= 0, Pivot: pivot}
	if zone != "" {
		var ok bool
		if f.Zone, ok = isotime.LoadZone(zone); !ok {
			t.Fatalf("there is no zone %s", zone)
		}
	}
	return f
}

func TestFormatTable(t *testing.T) {
	const berlin, newYork = "Europe/Berlin", "America/New_York"
	for _, row := range []struct {
		order, zone string
		pivot       int
		in, want    string // want as RFC 3339, or empty: refused
	}{
		{"dmy", "", -1, "24.12.2025", "2025-12-24T00:00:00Z"},
		{"dmy", "", -1, "24.12.2025 10:00", "2025-12-24T10:00:00Z"},
		{"dmy", "", -1, "24.12.2025, 10:00:30", "2025-12-24T10:00:30Z"},
		{"dmy", "", -1, "24.12.2025  9:05", "2025-12-24T09:05:00Z"},
		{"dmy", "", -1, "1.2.2025", "2025-02-01T00:00:00Z"},
		{"dmy", "", -1, "24/12/2025 10:00:00.123456", "2025-12-24T10:00:00.123456Z"},
		{"dmy", "", -1, "24 Dec 2025 10:00", "2025-12-24T10:00:00Z"},
		{"dmy", "", -1, "Mittwoch, 24. Dezember 2025", "2025-12-24T00:00:00Z"},
		{"dmy", "", -1, "3 ma\u0308rz 2025", "2025-03-03T00:00:00Z"},
		{"dmy", "", -1, "Dec 24, 2025, 10:00 AM", "2025-12-24T10:00:00Z"},
		{"dmy", "", -1, "12/24/2025", ""},
		{"dmy", "", -1, "29.02.2025", ""},
		{"dmy", "", -1, "24.12.25", ""},
		{"dmy", "", -1, "24.12/2025", ""},
		{"dmy", "", -1, "24.12.", ""},
		{"dmy", "", -1, "24.12.2025 25:00", ""},
		{"dmy", "", -1, "24.12.2025 soon", ""},
		{"dmy", "", -1, "20251224", ""},
		{"dmy", "", -1, "1735034400", ""},
		{"dmy", "", -1, "2025-12-24", "2025-12-24T00:00:00Z"}, // ISO always
		{"dmy", "", -1, "2025/12/24", "2025-12-24T00:00:00Z"}, // and a year in front
		{"mdy", "", -1, "12/24/2025", "2025-12-24T00:00:00Z"},
		{"mdy", "", -1, "1/2/2025 3:04 PM", "2025-01-02T15:04:00Z"},
		{"mdy", "", -1, "12/24/2025, 12:00:00 AM", "2025-12-24T00:00:00Z"},
		{"mdy", "", -1, "12/24/2025 13:00 PM", ""},
		{"mdy", "", -1, "24.12.2025", ""},
		{"ymd", "", -1, "20251224", "2025-12-24T00:00:00Z"},
		{"ymd", "", -1, "2025.12.24 10:00", "2025-12-24T10:00:00Z"},
		{"ymd", "", -1, "20251324", ""},
		// Years of two digits want a pivot.
		{"dmy", "", 69, "24.12.25", "2025-12-24T00:00:00Z"},
		{"dmy", "", 69, "24.12.69", "2069-12-24T00:00:00Z"},
		{"dmy", "", 69, "24.12.70", "1970-12-24T00:00:00Z"},
		{"dmy", "", 69, "24-DEC-25", "2025-12-24T00:00:00Z"},
		{"mdy", "", 69, "12/24/25 1:30 PM", "2025-12-24T13:30:00Z"},
		{"ymd", "", 69, "25-12-24", "2025-12-24T00:00:00Z"},
		{"dmy", "", 0, "24.12.00", "2000-12-24T00:00:00Z"},
		{"dmy", "", 0, "24.12.01", "1901-12-24T00:00:00Z"},
		// A zone is that of times that name none, and of a day's beginning.
		{"dmy", berlin, -1, "24.12.2025 10:00", "2025-12-24T09:00:00Z"},
		{"dmy", berlin, -1, "24.07.2025 10:00", "2025-07-24T08:00:00Z"},
		{"dmy", berlin, -1, "24.12.2025", "2025-12-23T23:00:00Z"},
		{"dmy", berlin, -1, "24.12.2025 10:00 +05:00", "2025-12-24T05:00:00Z"},
		{"dmy", berlin, -1, "2025-12-24 10:00:00", "2025-12-24T09:00:00Z"},
		{"dmy", berlin, -1, "2025-12-24T10:00:00Z", "2025-12-24T10:00:00Z"},
		{"dmy", berlin, -1, "26.10.2025 02:30", "2025-10-26T00:30:00Z"}, // there twice: the first
		{"dmy", berlin, -1, "26.10.2025 03:30", "2025-10-26T02:30:00Z"},
		{"dmy", berlin, -1, "30.03.2025 02:30", "2025-03-30T01:30:00Z"}, // leapt over
		{"dmy", berlin, -1, "29.03.2025 22:00", "2025-03-29T21:00:00Z"},
		{"mdy", newYork, -1, "12/24/2025 10:00 PM", "2025-12-25T03:00:00Z"},
		// Without an order, ISO alone.
		{"", berlin, -1, "2025-12-24 10:00", "2025-12-24T09:00:00Z"},
		{"", "", -1, "24.12.2025", ""},
		{"", "", -1, "", ""},
	} {
		micros, ok := format(t, row.order, row.zone, row.pivot).Moment(row.in)
		got := ""
		if ok {
			got = time.UnixMicro(micros).UTC().Format(time.RFC3339Nano)
		}
		if got != row.want {
			t.Errorf("%s %s pivot %d: %q is %q, want %q", row.order, row.zone, row.pivot, row.in, got, row.want)
		}
	}
}

func TestLoadZoneKnowsNoMachine(t *testing.T) {
	for _, name := range []string{"", "Local", "Europe/Nowhere", "../../etc/passwd", "berlin"} {
		if _, ok := isotime.LoadZone(name); ok {
			t.Errorf("%q is a zone", name)
		}
	}
	if _, ok := isotime.LoadZone("Europe/Berlin"); !ok {
		t.Error("Europe/Berlin is none")
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"24.12.2025", "12/24/25 1:30 PM", "24 Dec 2025 10:00", "20251224", "26.10.2025 02:30", "2025-12-24T10:00:00+01:00", "Mär\u0308z 1. 2025"} {
		f.Add(s, int64(1_766_570_400_000_000), byte(0))
	}
	orders, zones := []string{"", "dmy", "mdy", "ymd"}, []string{"", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"}
	f.Fuzz(func(t *testing.T, s string, at int64, choice byte) {
		r := format(t, orders[choice&3], zones[choice>>2&3], int(choice>>4)*6-1)
		micros, dateOnly, ok := r.Parse(s)
		if again, _, _ := r.Parse(s); again != micros {
			t.Fatalf("%q is read as %d, then as %d", s, micros, again)
		}
		if ok && dateOnly && micros%isotime.DayMicros != 0 {
			t.Fatalf("a date is not at midnight: %d", micros)
		}
		if year := time.UnixMicro(micros).UTC().Year(); ok && (year < -1 || year > 10_000) {
			t.Fatalf("%q is read as of the year %d", s, year)
		}
		if iso, _, is := isotime.Parse(s); is && (!ok || r.Zone == nil && iso != micros) {
			t.Fatalf("%q is ISO, and read as %d rather than %d", s, micros, iso)
		}
		// Any moment written in the order is read back.
		if r.Order == "" || at < 0 || at >= 253_402_300_800_000_000 {
			return
		}
		when := time.UnixMicro(at).UTC()
		if r.Zone != nil {
			when = when.In(r.Zone)
		}
		layout := map[string]string{"dmy": "02.01.2006 15:04:05.000000 -07:00", "mdy": "1/2/2006 3:04:05.000000 PM", "ymd": "2006/01/02 15:04:05.000000 -0700"}[r.Order]
		text := when.Format(layout)
		back, ok := r.Moment(text)
		if _, offset := when.Zone(); r.Order == "mdy" && offset != 0 {
			// A clock that went back shows a time twice; it is read as that time all the same.
			if back == at || ok && time.UnixMicro(back).In(r.Zone).Format(layout) == text {
				return
			}
		}
		if !ok || back != at {
			t.Fatalf("%s is read as %s", text, fmt.Sprint(time.UnixMicro(back).UTC(), ok))
		}
	})
}

// TestNumbersAreReadWithoutAllocating: a door reads a time of every record.
func TestNumbersAreReadWithoutAllocating(t *testing.T) {
	f := format(t, "dmy", "Europe/Berlin", 69)
	for _, s := range []string{"24.12.2025 10:00", "24.12.25", "2025-12-24T10:00:00Z"} {
		if n := testing.AllocsPerRun(100, func() { f.Moment(s) }); n > 0 {
			t.Errorf("%q takes %v allocations", s, n)
		}
	}
}

func BenchmarkMoment(b *testing.B) {
	f := format(b, "dmy", "Europe/Berlin", -1)
	for b.Loop() {
		f.Moment("24.12.2025 10:00")
	}
}
