package webhook

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/budget"
	"github.com/kithdata/kith/internal/record"
)

// Rejected are the codes of deliveries that lie in the quarantine as they came, and of
// which mended streams may make records (Again).
func Rejected() []string { return []string{string(codeUnmatched), string(codeNoRecords)} }

// rejectedID is behind the message id of what was set aside.
const rejectedID = "#rejected"

// Again makes of a delivery that was set aside what its source's streams make of it now.
// ok is false where that is still nothing, and for what is no such delivery. The records
// have the ids that they would have had, and so they count once, also where the sender
// delivers again (I2).
func (h *Handler) Again(r *record.Record) (records []record.Record, ok bool) {
	if r.Reject != string(codeUnmatched) && r.Reject != string(codeNoRecords) || bytes.HasPrefix(r.Props, []byte(`{"_raw":`)) {
		return nil, false
	}
	for _, src := range h.sources {
		if src.Name != r.Source {
			continue
		}
		d := &delivery{src: src, header: http.Header{}, hold: hold{budget: budget.New(budget.Requests)}}
		if src.EventHeader != "" {
			d.header.Set(src.EventHeader, r.Event)
		}
		id := strings.TrimSuffix(r.ID, rejectedID)
		if f := d.convertItem(r.Props, id); f != nil || d.rejected > 0 && d.rejected == len(d.records) {
			return nil, false
		}
		for i := range d.records {
			if d.records[i].ID == "" { // its source names another field for it, which this one has not
				d.records[i].ID = id + "#" + strconv.Itoa(i)
			}
		}
		return d.records, true
	}
	return nil, false
}
