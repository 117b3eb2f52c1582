package initproject_test

import (
	"archive/zip"
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func zipped(t *testing.T, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(files[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func workbook(t *testing.T, rows ...[]any) string {
	t.Helper()
	f := excelize.NewFile()
	if _, err := f.NewSheet("Lists"); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		at, _ := excelize.CoordinatesToCellName(1, i+1) // it is one
		if err := f.SetSheetRow("Sheet1", at, &row); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	peopleCSV = "contact_id,first_name,last_name,email\nc1,Anna,Smith,anna@example.com\nc2,Ben,Jones,ben@example.com\nc3,Cat,Brown,cat@example.com\n"
	ordersCSV = "order_id,contact_id,total,created_at\no1,c1,12.5,2024-02-01T00:00:00Z\no2,c2,8,2024-02-02T00:00:00Z\no3,c1,9,2024-02-03T00:00:00Z\n"
)

func TestArchives(t *testing.T) {
	result, text, tree := propose(t, map[string]string{
		"export-2024-01.zip": zipped(t, map[string]string{"in/contacts-1.csv": peopleCSV, "in/orders.csv": ordersCSV, "__MACOSX/._x.csv": "x", "readme.md": "x"}),
		"export-2024-02.zip": zipped(t, map[string]string{"in/contacts-2.csv": strings.ReplaceAll(peopleCSV, "c1", "c9"), "in/orders.csv": ordersCSV}),
		"leads.xlsx":         workbook(t, []any{"lead_id", "name", "email"}, []any{"00017", "Dee Fox", "dee@example.com"}, []any{"00018", "Eve Gray", "eve@example.com"}),
	})
	if len(result.Streams) != 3 || len(tree.Files) != 2 {
		t.Fatalf("%+v\n%s", result.Streams, text)
	}
	export := tree.Files[0]
	if export.Name != "export" || !strings.HasSuffix(export.Path, "in/export-*.zip") || len(export.Streams) != 2 || export.Streams[0].Stream != "export.contacts" || export.Streams[0].Glob != "contacts-*.csv" || export.Streams[1].Glob != "orders.csv" {
		t.Errorf("%+v\n%s", export, text)
	}
	if leads := tree.Files[1]; leads.Format != "xlsx" || !strings.Contains(text, "one sheet is read, and not Lists") {
		t.Errorf("%+v\n%s", leads, text)
	}
}
