package cli_test

import (
	"archive/zip"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// packZip makes an archive of files, each with the name that is given for it.
func packZip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: zip ARCHIVE FILE[=NAME]...")
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	z := zip.NewWriter(f)
	for _, arg := range args[1:] {
		from, name, ok := strings.Cut(arg, "=")
		if !ok {
			name = filepath.Base(from)
		}
		w, err := z.Create(name)
		ts.Check(err)
		_, err = w.Write([]byte(ts.ReadFile(from)))
		ts.Check(err)
	}
	ts.Check(z.Close())
	ts.Check(f.Close())
}

// workbook makes one of a CSV file: what looks like a number or a date is one.
func workbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: workbook BOOK CSV")
	}
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[1]))).ReadAll()
	ts.Check(err)
	book := excelize.NewFile()
	for r, row := range rows {
		for c, text := range row {
			at, err := excelize.CoordinatesToCellName(c+1, r+1)
			ts.Check(err)
			var value any = text
			if day, err := time.Parse(time.DateOnly, text); err == nil {
				value = day // gets the format of a date
			} else if n, err := strconv.ParseFloat(text, 64); err == nil && !strings.HasPrefix(text, "0") {
				value = n
			}
			ts.Check(book.SetCellValue("Sheet1", at, value))
		}
	}
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o755))
	ts.Check(book.SaveAs(ts.MkAbs(args[0])))
}
