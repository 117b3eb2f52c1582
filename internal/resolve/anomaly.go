package resolve

import "github.com/kithdata/kith/internal/identity/match"

// Anomaly is a person that should be looked at, and why.
type Anomaly struct {
	Person  string `json:"person_id"`
	Record  string `json:"id,omitempty"` // the record that it is about; empty: all
	Records int    `json:"records"`
	What    string `json:"what"` // size, hub, loose or weak
}

// tellAnomalies counts what is out of line, by its kind, and lists the first.
func (in *records) tellAnomalies(s *Summary, found *match.Result) {
	if in.config.Anomalies == 0 {
		return
	}
	names := in.people(found)
	s.Listed = []Anomaly{}
	s.Anomalies = map[string]int{match.Outsize: 0, match.Hub: 0, match.Loose: 0, match.Weak: 0}
	for _, a := range found.Anomalies() {
		s.Anomalies[a.What]++
		if len(s.Listed) == in.config.Anomalies {
			continue
		}
		listed := Anomaly{Person: names[a.Of], Records: a.Rows, What: a.What}
		if a.Row >= 0 {
			listed.Record = in.id(int(a.Row))
		}
		s.Listed = append(s.Listed, listed)
	}
}
