package people_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"github.com/kithdata/kith/internal/people"
)

// FuzzSettings makes small populations of any settings: both formats hold the same
// records, the truth is counted, and everybody has a name.
func FuzzSettings(f *testing.F) {
	f.Add(uint16(400), uint64(1), []byte{255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255}, uint8(0))
	f.Add(uint16(1), uint64(0), []byte{}, uint8(1))
	f.Add(uint16(700), uint64(1<<63), []byte(strings.Repeat("\xff", 26)), uint8(255))
	f.Add(uint16(327), uint64(99), []byte(strings.Repeat("\x40", 26)), uint8(0b10100000))
	f.Fuzz(func(t *testing.T, records uint16, seed uint64, shares []byte, which uint8) {
		s := people.Settings{Records: int(records) % 1000, Seed: seed}
		for c := range s.Rates {
			if c < len(shares) {
				s.Rates[c] = float64(shares[c]) / 255
			}
		}
		for i, code := range people.Countries() {
			if which>>i&1 != 0 {
				s.Countries = append(s.Countries, code)
			}
		}
		text, tally := written(t, s, people.CSV, true)
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) != s.Records+1 || tally.Records != s.Records {
			t.Fatalf("%d rows of %d records: %v", len(rows), s.Records, err)
		}
		lines, _ := written(t, s, people.NDJSON, true)
		persons := map[string]bool{}
		for i, line := range strings.Split(strings.TrimSuffix(lines, "\n"), "\n") {
			if s.Records == 0 {
				break
			}
			var object map[string]string
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatal(err)
			}
			row := rows[i+1]
			for k, name := range rows[0] {
				if object[name] != row[k] || !utf8.ValidString(row[k]) {
					t.Fatalf("%s is %q in one format and %q in the other", name, row[k], object[name])
				}
			}
			if strings.TrimSpace(object["family_name"]) == "" {
				t.Fatalf("somebody has no family name: %s", line)
			}
			persons[object["person_id"]] = true
		}
		if len(persons) != tally.People {
			t.Fatalf("%d people, and %d are told", len(persons), tally.People)
		}
	})
}
