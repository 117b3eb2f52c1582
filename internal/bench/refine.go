package bench

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/kithdata/kith/internal/cleanse"
	"github.com/kithdata/kith/internal/contract"
	"github.com/kithdata/kith/internal/record"
	"github.com/kithdata/kith/internal/source/file"
)

// refineBatch is how many records a batch has here.
const refineBatch = 1_000

// clientColumns are the columns of a table of made-up customers, and clientRow its rows.
func clientColumns() []string {
	return []string{"id", "first", "last", "email", "mobile", "born", "spent", "member"}
}

func clientRow(i int) []string {
	return []string{
		strconv.Itoa(100_000 + i), "ANNA " + string(rune('A'+i%26)), "SMITH-" + string(rune('A'+i%26)), "p" + strconv.Itoa(i) + "@example.com",
		fmt.Sprintf("07%03d %06d", 400+i%500, i%1_000_000), fmt.Sprintf("19%02d-%02d-%02d", 40+i%60, 1+i%12, 1+i%28), fmt.Sprintf("%d.%02d", i%5_000, i%100), strconv.FormatBool(i%3 == 0),
	}
}

// typedFiles measures CSV rows that are read and typed by their contract.
func typedFiles(ctx context.Context, b *bench) ([]Figure, error) {
	rows := 20 * b.size.people
	dir, err := b.folder("files")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "clients.csv")
	if err := writeClients(path, rows); err != nil {
		return nil, err
	}
	schema, err := learn(ctx, path)
	if err != nil {
		return nil, err
	}
	kith := func(ctx context.Context) (reading, error) {
		began := time.Now()
		n, err := typed(ctx, path, rows, schema)
		if n != rows {
			err = errors.Join(err, fmt.Errorf("%d of %d rows were read", n, rows))
		}
		return reading{"rows_per_second": float64(rows) / time.Since(began).Seconds()}, err
	}
	bare := func(context.Context) (reading, error) {
		began := time.Now()
		err := bareCSV(path, func(row []string) error {
			_, err := strconv.ParseInt(row[0], 10, 64)
			if err == nil {
				_, err = strconv.ParseFloat(row[6], 64)
			}
			return err
		})
		return reading{"rows_per_second": float64(rows) / time.Since(began).Seconds()}, err
	}
	got, err := b.inTurns(ctx, contender{"kith", kith}, contender{"raw-csv", bare})
	if err != nil {
		return nil, err
	}
	f := Figure{What: "CSV rows of eight columns, read and typed", Unit: "rows/s", Goal: 300_000, Measured: got[0]["rows_per_second"], More: map[string]float64{"rows": float64(rows)}}
	f.against("encoding/csv alone, and strconv for its numbers", got[1]["rows_per_second"])
	return []Figure{f}, nil
}

func writeClients(path string, rows int) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	if err := w.Write(clientColumns()); err != nil {
		return err
	}
	for i := range rows {
		if err := w.Write(clientRow(i)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// learn infers the contract from the first rows.
func learn(ctx context.Context, path string) (*contract.Schema, error) {
	inference := contract.NewInference()
	var fault error
	_, err := file.Sample(ctx, file.Config{}, path, 1_000, func(props []byte) bool {
		fault = inference.Add(props)
		return fault == nil
	})
	schema := inference.Schema()
	return &schema, errors.Join(err, fault)
}

func typed(ctx context.Context, path string, rows int, schema *contract.Schema) (n int, err error) {
	stage := contract.New(contract.Deps{})
	stream := contract.StreamConfig{Stream: "clients", Source: "clients", Kind: record.Customer, Key: "id", OnDrift: contract.Freeze, Schema: schema}
	if err := stage.Install(1, []contract.StreamConfig{stream}); err != nil {
		return 0, err
	}
	batch := &record.Batch{Records: make([]record.Record, 0, refineBatch)}
	buffer := make([]byte, 0, 1<<20)
	refine := func() error {
		if err := stage.Refine(ctx, batch); err != nil {
			return err
		}
		for i := range batch.Records {
			if batch.Records[i].Verdict.Keep() {
				n++
			}
		}
		batch.Records, buffer = batch.Records[:0], buffer[:0]
		return nil
	}
	var fault error
	_, err = file.Sample(ctx, file.Config{}, path, rows, func(props []byte) bool {
		if len(batch.Records) == refineBatch || len(buffer)+len(props) > cap(buffer) {
			if fault = refine(); fault != nil {
				return false
			}
		}
		from := len(buffer)
		buffer = append(buffer, props...)
		batch.Records = append(batch.Records, record.Record{Source: "clients", Stream: "clients", Kind: record.Customer, Op: record.Upsert, Key: "k", Pin: 1, Props: buffer[from:]})
		return true
	})
	if err = errors.Join(err, fault); err != nil {
		return n, err
	}
	return n, refine()
}

// bareCSV reads a CSV file as the standard library does.
func bareCSV(path string, each func(row []string) error) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := csv.NewReader(bufio.NewReaderSize(f, 1<<20))
	r.ReuseRecord = true
	if _, err := r.Read(); err != nil {
		return err
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = each(row)
		}
		if err != nil {
			return err
		}
	}
}

// cleansing measures the cleansing of customer rows, of values that come again and of
// values never seen.
func cleansing(ctx context.Context, b *bench) ([]Figure, error) {
	step := func(name string, args map[string]string) cleanse.StepConfig {
		return cleanse.StepConfig{Name: name, Args: args}
	}
	config := cleanse.StreamConfig{Stream: "clients", Attributes: []cleanse.AttributeConfig{
		{Name: "first_name", From: "first", Steps: []cleanse.StepConfig{step("trim", nil), step("name", nil)}},
		{Name: "last_name", From: "last", Steps: []cleanse.StepConfig{step("trim", nil), step("name", nil)}},
		{Name: "email", From: "email", Steps: []cleanse.StepConfig{step("email", nil)}},
		{Name: "phone", From: "mobile", Steps: []cleanse.StepConfig{step("phone", map[string]string{"region": "GB"})}},
		{Name: "birth_date", From: "born", Steps: []cleanse.StepConfig{step("date", nil)}},
		{Name: "spent", From: "spent", Steps: []cleanse.StepConfig{step("number", nil)}},
		{Name: "member", From: "member", Steps: []cleanse.StepConfig{step("boolean", nil)}},
	}, Identifiers: []cleanse.IdentifierConfig{{Type: "email", From: "email"}, {Type: "phone", From: "mobile"}}}
	again := func(ctx context.Context) (reading, error) { return cleansed(ctx, config, 100*refineBatch, refineBatch) }
	fresh := func(ctx context.Context) (reading, error) {
		return cleansed(ctx, config, 20*refineBatch, 20*refineBatch)
	}
	phones := func(context.Context) (reading, error) {
		began, n := time.Now(), 5*refineBatch
		for i := range n {
			p, err := phonenumbers.Parse(clientRow(i)[4], "GB")
			if err != nil {
				return nil, err
			}
			_ = phonenumbers.Format(p, phonenumbers.E164)
		}
		return reading{"us_per_row": time.Since(began).Seconds() * 1e6 / float64(n)}, nil
	}
	got, err := b.inTurns(ctx, contender{"kith-again", again}, contender{"kith-new", fresh}, contender{"raw-phone", phones})
	if err != nil {
		return nil, err
	}
	repeated := Figure{What: "a customer row cleansed, of values that come again", Unit: "us", AtMost: true, Goal: 5, Measured: got[0]["us_per_row"]}
	unseen := Figure{What: "a customer row cleansed, of values never seen", Unit: "us", AtMost: true, Goal: 30, Measured: got[1]["us_per_row"]}
	repeated.against("its telephone number alone, parsed and written", got[2]["us_per_row"])
	unseen.against("its telephone number alone, parsed and written", got[2]["us_per_row"])
	return []Figure{repeated, unseen}, nil
}

// cleansed takes n rows, of which only the first distinct differ, through a stage of
// its own. Where rows come again, they have been seen before it is timed.
func cleansed(ctx context.Context, config cleanse.StreamConfig, n, distinct int) (reading, error) {
	stage := cleanse.New()
	if err := stage.Install(1, []cleanse.StreamConfig{config}); err != nil {
		return nil, err
	}
	var batches []*record.Batch
	for i := 0; i < distinct; i += refineBatch {
		batches = append(batches, clients(i))
	}
	if distinct < n {
		if err := stage.Refine(ctx, batches[0]); err != nil {
			return nil, err
		}
	}
	began := time.Now()
	for i := range n / refineBatch {
		batch := batches[i%len(batches)]
		for j := range batch.Records {
			batch.Records[j].Identifiers = batch.Records[j].Identifiers[:0]
		}
		batch.Checks = batch.Checks[:0]
		if err := stage.Refine(ctx, batch); err != nil {
			return nil, err
		}
	}
	took := time.Since(began)
	for i := range batches[0].Records {
		if v := batches[0].Records[i].Verdict; !v.Keep() || v.Partly {
			return nil, fmt.Errorf("row %d was not cleansed", i)
		}
	}
	return reading{"us_per_row": took.Seconds() * 1e6 / float64(n)}, nil
}

// clients is a batch of typed rows, from row i on, fields in order of name.
func clients(i int) *record.Batch {
	b := &record.Batch{}
	for j := range refineBatch {
		row := clientRow(i + j)
		r := record.Record{Stream: "clients", Kind: record.Customer, Op: record.Upsert, Pin: 1}
		for _, k := range []int{5, 3, 1, 0, 2, 7, 4, 6} { // born, email, first, id, last, member, mobile, spent
			r.Fields = append(r.Fields, record.Attr{Name: clientColumns()[k], Value: record.StringValue(row[k])})
		}
		b.Records = append(b.Records, r)
	}
	return b
}
