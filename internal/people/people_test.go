package people_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/kithdata/kith/internal/people"
)

func rates(t testing.TB, hardness string) people.Rates {
	t.Helper()
	r, err := people.RatesOf(hardness, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func generator(t testing.TB, s people.Settings) *people.Generator {
	t.Helper()
	g, err := people.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func written(t testing.TB, s people.Settings, f people.Format, cases bool) (string, people.Tally) {
	t.Helper()
	var b bytes.Buffer
	tally, err := generator(t, s).Write(context.Background(), &b, f, cases, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), tally
}

func BenchmarkWrite(b *testing.B) {
	for _, hardness := range people.Hardnesses() {
		b.Run(hardness, func(b *testing.B) {
			g := generator(b, people.Settings{Records: b.N, Seed: 1, Rates: rates(b, hardness)})
			b.ReportAllocs()
			b.ResetTimer()
			if _, err := g.Write(b.Context(), io.Discard, people.CSV, true, func(int) {}); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
