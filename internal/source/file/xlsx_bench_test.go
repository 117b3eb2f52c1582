package file_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// wideBook is a workbook of n rows and 10 columns, of all the types that contacts have.
func wideBook(t testing.TB, n int) string {
	t.Helper()
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	day, err := f.NewStyle(&excelize.Style{NumFmt: 14})
	if err != nil {
		t.Fatal(err)
	}
	rows := func(r int, cells ...any) {
		if err := w.SetRow(fmt.Sprintf("A%d", r), cells); err != nil {
			t.Fatal(err)
		}
	}
	rows(1, "id", "first", "last", "email", "phone", "country", "joined", "visits", "spent", "active")
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		rows(i+2, i, fmt.Sprintf("First%d", i%1000), fmt.Sprintf("Last%d", i%5000), fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("+44 7700 %06d", i%1000000), "GB",
			excelize.Cell{StyleID: day, Value: at.AddDate(0, 0, i%1000)}, i%90, float64(i)*0.25, i%2 == 0)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func BenchmarkXLSX(b *testing.B) {
	const n = 20_000
	benchmarkRows(b, "a.xlsx", wideBook(b, n), n)
}
