package contract_test

import (
	"testing"

	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
)

const webEvent = `{"product":{"id":"sku-1001","name":"Oak table","price":129.5,"quantity":2},"page":{"path":"/shop/tables","referrer":"https://example.com/","title":"Tables"},"currency":"GBP","coupon":null,"test":false,"position":3,"tags":["a","b"]}`

const crmRow = `{"contact_id":"C-10023","first":"MARY-ANNE","last":"o'brien","email":"Mary.OBrien@Example.com","mobile":"07700 900123","city":"Leeds","postcode":"LS1 4AP","born":"1984-03-09","updated_at":"2024-05-01 10:11:12","status":"active"}`

func benchmarkRefine(b *testing.B, cfg contract.StreamConfig, props string) {
	st := contract.New(contract.Deps{})
	if err := st.Install(1, []contract.StreamConfig{cfg}); err != nil {
		b.Fatal(err)
	}
	batch := record.Batch{Records: make([]record.Record, 256)}
	for i := range batch.Records {
		batch.Records[i] = record.Record{Stream: cfg.Stream, Kind: cfg.Kind, Op: record.Upsert, Key: "k", Pin: 1, Props: []byte(props)}
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if err := st.Refine(b.Context(), &batch); err != nil {
			b.Fatal(err)
		}
		n += len(batch.Records)
	}
	if v := batch.Records[0].Verdict; !v.Keep() {
		b.Fatal(v)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/record")
}

func BenchmarkRefineWebEvent(b *testing.B) {
	benchmarkRefine(b, contract.StreamConfig{Stream: "web.track", Kind: record.Event}, webEvent)
}

func BenchmarkRefineCRMRow(b *testing.B) {
	in := contract.NewInference()
	if err := in.Add([]byte(crmRow)); err != nil {
		b.Fatal(err)
	}
	s := in.Schema()
	benchmarkRefine(b, contract.StreamConfig{Stream: "crm.contacts", Kind: record.Customer, OnDrift: contract.Freeze, Schema: &s}, crmRow)
}

func BenchmarkMap(b *testing.B) {
	st := contract.New(contract.Deps{})
	cfg := contract.StreamConfig{Stream: "crm.contacts", Source: "crm", Kind: record.Customer, Key: "contact_id", Seq: "updated_at", Occurred: "updated_at", Deleted: "deleted"}
	if err := st.Install(1, []contract.StreamConfig{cfg}); err != nil {
		b.Fatal(err)
	}
	props := []byte(crmRow)
	b.ReportAllocs()
	for b.Loop() {
		r := record.Record{Stream: cfg.Stream, Props: props}
		if err := st.Map(1, &r); err != nil || r.Key != "C-10023" || r.Seq.Kind != record.SeqTime {
			b.Fatal(err, r.Key, r.Seq)
		}
	}
}
