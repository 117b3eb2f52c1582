package initproject_test

import (
	"strings"
	"testing"
)

// TestTimesThatAreNotISO: their order is proposed where the sample shows it beyond doubt,
// with its reason, and is a note where it does not.
func TestTimesThatAreNotISO(t *testing.T) {
	crm := func(header string, values ...string) map[string]string {
		text := "id;email;" + header + "\n"
		for i, v := range values {
			n := string(rune('a' + i))
			text += n + ";" + n + "@example.com;" + v + "\n"
		}
		return map[string]string{"kunden.csv": text}
	}
	const none = "# seq: none was found"
	for _, c := range []struct {
		name   string
		files  map[string]string
		want   []string
		refuse string
	}{
		{"day first", crm("Geändert am", "24.12.2025 10:00", "02.01.2026 09:30"),
			[]string{`seq: {from: "Geändert am", format: dmy}  # the source's own order: of two rows with one key the later wins; day first: 1 of 2 values can be nothing else; in UTC, but with, for example, zone: Europe/Berlin`,
				`occurred: {from: "Geändert am", format: dmy}  # when it happened; day first`}, "day alone"},
		{"month first", crm("last modified", "12/24/2025 10:00 PM", "1/2/2026 9:30 AM"), []string{"seq: {from: last modified, format: mdy}", "month first: 1 of 2"}, "NOTE"},
		{"the day alone", crm("updated", "24.12.2025", "02.01.2026"), []string{"seq: {from: updated, format: dmy}", "it says the day alone: of two on one day neither is later"}, "zone: "},
		{"the day alone, as ISO", crm("updated", "2025-12-24", "2026-01-02"), []string{"seq: updated  # the source's own order", "it says the day alone"}, "format: dmy"},
		{"ISO", crm("updated", "2025-12-24T10:00:00Z", "2026-01-02T10:00:00Z"), []string{"seq: updated  # ", "occurred: updated  # when it happened\n"}, "day alone"},
		{"eight digits", crm("updated", "20251224", "20260102"), []string{"seq: {from: updated, format: ymd}", "eight digits"}, "NOTE"},
		{"month by name", crm("updated", "24 Dec 2025 10:00", "2 Jan 2026 09:30"), []string{"seq: {from: updated, format: dmy}", "months by their names"}, "NOTE"},
		{"years of two digits", crm("updated", "24.12.25", "02.01.26"), []string{"seq: {from: updated, format: dmy, pivot: 69}", "years up to 69 are taken for this century"}, "orders no records"},
		{"years of two digits, month first", crm("updated", "12/24/25", "1/2/26"), []string{"seq: {from: updated, format: mdy, pivot: 69}"}, "orders no records"},
		{"no day over twelve", crm("updated", "02.01.2026 10:00", "03.04.2026 09:30"),
			[]string{none, "NOTE: updated does not show which number is the day", "if you know, write seq: {from: updated, format: dmy}, or mdy"}, "occurred: {"},
		{"no day over twelve, by a clock of twelve hours", crm("updated", "02/01/2026 10:00 PM", "03/04/2026 9:30 AM"), []string{none, "does not show which number is the day"}, "occurred: {"},
		{"year first or last", crm("updated", "25-12-11", "24-01-12"), []string{none, "write seq: {from: updated, format: dmy, pivot: 69}, or mdy"}, "occurred: {"},
		{"both orders", crm("updated", "24.12.2025", "12.24.2025"), []string{none, "mixes day-first dates with month-first ones"}, "occurred: {"},
		{"some are none", crm("updated", "24.12.2025", "30.02.2026", "31.02.2026", "01.02.2026", "03.02.2026"), []string{none, "some values of updated are no dates"}, "occurred: {"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, text, _ := propose(t, c.files)
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("%q is missing from\n%s", want, text)
				}
			}
			if strings.Contains(text, c.refuse) {
				t.Errorf("%q is in\n%s", c.refuse, text)
			}
		})
	}
}

// TestWhenEventsOccurredThatAreNotISO: events, too, say when they happened.
func TestWhenEventsOccurredThatAreNotISO(t *testing.T) {
	_, text, _ := propose(t, map[string]string{"besuche.csv": "email;ereignis;Zeitpunkt\njo@example.com;Besuch;24.12.2025 10:00\njo@example.com;Kauf;02.01.2026 09:30\n"})
	if want := "occurred: {from: Zeitpunkt, format: dmy}  # when it happened; day first: 1 of 2"; !strings.Contains(text, want) {
		t.Errorf("%q is missing from\n%s", want, text)
	}
}
