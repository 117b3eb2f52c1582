package isotime_test

import (
	"testing"
	"time"

	"github.com/kithdata/kith/internal/kit/isotime"
)

func TestParseTable(t *testing.T) {
	for _, row := range []struct{ in, want string }{ // want as RFC 3339, a date, or empty: refused
		{"2024-01-02", "2024-01-02"},
		{"2024-02-29", "2024-02-29"},
		{"2023-02-29", ""},
		{"0000-01-01", "0000-01-01"},
		{"9999-12-31", "9999-12-31"},
		{"1969-12-31", "1969-12-31"},
		{"2024-01-02T15:04:05Z", "2024-01-02T15:04:05Z"},
		{"2024-01-02 15:04:05", "2024-01-02T15:04:05Z"},
		{"2024-01-02 15:04", "2024-01-02T15:04:00Z"},
		{"2024-01-02t15:04:05z", "2024-01-02T15:04:05Z"},
		{"2024-01-02T15:04:05.1+01:00", "2024-01-02T14:04:05.1Z"},
		{"2024-01-02T15:04:05,123456789-0530", "2024-01-02T20:34:05.123456Z"},
		{"2024-01-02 15:04:05+00", "2024-01-02T15:04:05Z"},
		{"2024-01-02 15:04:05 +02:00", "2024-01-02T13:04:05Z"},
		{"2024-01-02 15:04:05 UTC", "2024-01-02T15:04:05Z"},
		{"2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"},
		{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
		{"2024-01-02T24:00:00Z", ""},
		{"2024-01-02T15:60:00Z", ""},
		{"2024-01-02T15:04:05.Z", ""},
		{"2024-01-02T15:04:05.1234567890Z", ""},
		{"2024-01-02T15:04:05 ", ""},
		{"2024-01-02T", ""},
		{"2024-01-02T15", ""},
		{"2024-01-02T15:04:05+1", ""},
		{"2024-01-02T15:04:05+25:00", ""},
		{"2024-13-01", ""},
		{"2024-00-10", ""},
		{"2024-1-2", ""},
		{"02/01/2024", ""},
		{"20240102", ""},
		{"", ""},
	} {
		micros, dateOnly, ok := isotime.Parse(row.in)
		got := ""
		switch at := time.UnixMicro(micros).UTC(); {
		case ok && dateOnly:
			got = at.Format("2006-01-02")
		case ok:
			got = at.Format(time.RFC3339Nano)
		}
		if got != row.want {
			t.Errorf("Parse(%q) = %q, want %q", row.in, got, row.want)
		}
	}
}

// TestDaysAgreesWithTheCalendar walks every day of the years 0 to 9999 that the
// calendar of package time knows.
func TestDaysAgreesWithTheCalendar(t *testing.T) {
	at := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	for at.Year() < 10000 {
		y, m, d := at.Date()
		got, ok := isotime.Days(y, int(m), d)
		if !ok || got*86400 != at.Unix() {
			t.Fatalf("Days(%d, %d, %d) = %d, %v; want %d", y, m, d, got, ok, at.Unix()/86400)
		}
		at = at.AddDate(0, 0, 1)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2024-01-02", "2024-01-02T15:04:05.1+01:00", "2024-01-02 15:04:05 UTC", "2024-02-30"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		micros, dateOnly, ok := isotime.Parse(s)
		if ok && dateOnly && micros%isotime.DayMicros != 0 {
			t.Fatalf("a date is not at midnight: %d", micros)
		}
		// What time.Parse reads as RFC 3339 with at most nine digits must read alike.
		if want, err := time.Parse(time.RFC3339Nano, s); err == nil && ok && want.UnixMicro() != micros {
			t.Fatalf("Parse gave %d, time.Parse %d", micros, want.UnixMicro())
		}
	})
}
