package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kithdata/kith/internal/api"
)

// TestReadingShowsHowFar has two sources read one after the other, and a line logged in
// the middle of it.
func TestReadingShowsHowFar(t *testing.T) {
	var b bytes.Buffer
	r := &reading{w: &b, line: &progress{w: &b, live: true}}
	at := time.Unix(1_700_000_000, 0)
	look := func(after time.Duration, sources ...api.Source) string {
		b.Reset()
		r.show(sources, at.Add(after))
		return strings.TrimPrefix(b.String(), "\r\033[K")
	}
	crm := api.Source{Name: "crm", Type: "file", State: api.SourceReading, TotalBytes: 200e6}
	shop := api.Source{Name: "shop", Type: "file", State: api.SourceIdle, Records: 7, Bytes: 9, TotalBytes: 9}
	if got := look(0, crm, shop); got != "crm "+strings.Repeat("░", 24)+"   0%  0 of 200 MB  0 rows" {
		t.Errorf("at first %q", got)
	}
	crm.Bytes, crm.Records = 100e6, 600_000
	if got := look(2*time.Second, crm, shop); got != "crm "+strings.Repeat("█", 12)+strings.Repeat("░", 12)+"  50%  100 of 200 MB  600,000 rows  300,000/s" {
		t.Errorf("in the middle %q", got)
	}
	b.Reset()
	if _, err := r.Write([]byte("a line\n")); err != nil || b.String() != "\r\033[Ka line\n" {
		t.Errorf("a line was written as %q, %v", b.String(), err)
	}
	shop.State = api.SourceReading
	if got := look(3*time.Second, crm, shop); !strings.HasPrefix(got, "2 sources ") {
		t.Errorf("of two %q", got)
	}
	crm.State, shop.State = api.SourceDone, api.SourceIdle
	if got := look(4*time.Second, crm, shop); got != "" || b.Len() == 0 {
		t.Errorf("at the end %q", b.String())
	}
}

func TestReadingIsForTerminals(t *testing.T) {
	var b bytes.Buffer
	g := &Globals{IO: IO{Err: &b}}
	g.reading().follow(context.Background(), func() []api.Source { t.Error("it was asked"); return nil })
	if b.Len() > 0 {
		t.Errorf("it wrote %q", b.String())
	}
}
