package file_test

import (
	stdzip "archive/zip"
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/source/file"
)

// zipOf packs files by name.
func zipOf(t testing.TB, files map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	z := stdzip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const (
	bookXML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">%s<sheets><sheet name="Notes" sheetId="4" state="hidden" r:id="rId2"/><sheet name="People" sheetId="1" r:id="rId1"/><sheet name="Last &amp; First" sheetId="2" r:id="rId2"/></sheets></workbook>`
	relsXML = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="/xl/worksheets/sheet2.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`
	// The styles: 0 General, 1 a date, 2 a time, 3 both, 4 hours that go on, 5 text, 6 money, 7 a date of its own code.
	stylesXML = `<styleSheet><numFmts count="3"><numFmt numFmtId="164" formatCode="[$-409]d\ mmm\ yyyy;@"/><numFmt numFmtId="165" formatCode="&quot;day&quot; #,##0.00\ [$€-407];[Red]-0"/><numFmt numFmtId="166" formatCode="[h]:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="20"/><xf numFmtId="22"/><xf numFmtId="166"/><xf numFmtId="49"/><xf numFmtId="165"/><xf numFmtId="164"/></cellXfs><cellStyles/></styleSheet>`
	textsXML  = `<sst count="9" uniqueCount="6"><si><t>id</t></si><si><t xml:space="preserve"> name </t></si><si><r><t>Zo</t></r><r><rPr><b/></rPr><t>ë &lt;Ç&gt;</t></r><rPh sb="0" eb="1"><t>not this</t></rPh></si><si><t>00123</t></si><si/><si><t>a_x000D_b_x005F_x000D_</t></si></sst>`
)

// book is a workbook around the XML of its first sheet's rows.
func book(t testing.TB, rows string, change ...map[string]string) string {
	t.Helper()
	parts := map[string]string{
		"[Content_Types].xml": "<Types/>", "xl/workbook.xml": fmt.Sprintf(bookXML, ""), "xl/_rels/workbook.xml.rels": relsXML, "xl/styles.xml": stylesXML, "xl/sharedStrings.xml": textsXML,
		"xl/worksheets/sheet1.xml": `<worksheet><dimension ref="A1:XFD1048576"/><sheetData>` + rows + `</sheetData><mergeCells><mergeCell ref="A1:B1"/></mergeCells></worksheet>`,
		"xl/worksheets/sheet2.xml": `<worksheet><sheetData><row><c t="inlineStr"><is><t>other</t></is></c></row><row><c><v>7</v></c></row></sheetData></worksheet>`,
	}
	for _, c := range change {
		maps.Copy(parts, c)
	}
	return zipOf(t, parts)
}

// cells is a row's XML: each cell as REF, then what stands in its tag, and what within it.
func cells(row int, all ...[3]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<row r="%d">`, row)
	for _, c := range all {
		fmt.Fprintf(&b, `<c r="%s%d" %s>%s</c>`, c[0], row, c[1], c[2])
	}
	return b.String() + "</row>"
}

func inline(text string) string { return "<is><t>" + text + "</t></is>" }

// header is a row of texts from column A on.
func header(row int, names ...string) string {
	all := make([][3]string, len(names))
	for i, name := range names {
		all[i] = [3]string{string(rune('A' + i)), `t="inlineStr"`, inline(name)}
	}
	return cells(row, all...)
}

func TestXLSXCells(t *testing.T) {
	for name, c := range map[string]struct{ attrs, within, want string }{
		"whole":             {``, `<v>42</v>`, `42`},
		"negative":          {``, `<v>-7.5</v>`, `-7.5`},
		"17 digits":         {``, `<v>0.10000000000000001</v>`, `0.1`},
		"all digits":        {``, `<v>0.30000000000000004</v>`, `0.30000000000000004`},
		"15 digits":         {``, `<v>1E+15</v>`, `1000000000000000`},
		"long id":           {``, `<v>9007199254740993</v>`, `9007199254740993`},
		"leading zeros":     {``, `<v>007</v>`, `7`},
		"tiny":              {``, `<v>1E-9</v>`, `1e-09`},
		"huge":              {``, `<v>1.5E+300</v>`, `1.5e+300`},
		"no number":         {``, `<v>12abc</v>`, `"12abc"`},
		"endless":           {``, `<v>1E999</v>`, `"1E999"`},
		"NaN":               {``, `<v>NaN</v>`, `"NaN"`},
		"money":             {`s="6"`, `<v>12.5</v>`, `12.5`},
		"number as text":    {`s="5"`, `<v>12.5</v>`, `12.5`},
		"text":              {`t="s"`, `<v>3</v>`, `"00123"`},
		"rich text":         {`t="s"`, `<v>2</v>`, `"Zoë <Ç>"`},
		"empty text":        {`t="s"`, `<v>4</v>`, `""`},
		"escaped text":      {`t="s"`, `<v>5</v>`, `"a\rb_x000D_"`},
		"inline":            {`t="inlineStr"`, `<is><r><t>a </t></r><r><t><![CDATA[<b>]]></t></r></is>`, `"a <b>"`},
		"formula of text":   {`t="str"`, `<f>A1&amp;"x"</f><v>&#x41;x</v>`, `"Ax"`},
		"formula":           {``, `<f>SUM(A1:A9)</f><v>3</v>`, `3`},
		"formula, unsolved": {``, `<f>SUM(A1:A9)</f>`, `null`},
		"true":              {`t="b"`, `<v>1</v>`, `true`},
		"false":             {`t="b"`, `<v>0</v>`, `false`},
		"error":             {`t="e"`, `<v>#N/A</v>`, `null`},
		"iso date":          {`t="d"`, `<v>2024-02-29T10:00:00</v>`, `"2024-02-29T10:00:00"`},
		"nothing":           {`s="1"`, ``, `null`},
		"date":              {`s="1"`, `<v>45351</v>`, `"2024-02-29"`},
		"date, own code":    {`s="7"`, `<v>45351</v>`, `"2024-02-29"`},
		"date with a time":  {`s="1"`, `<v>45351.75</v>`, `"2024-02-29T18:00:00"`},
		"date and time":     {`s="3"`, `<v>45351</v>`, `"2024-02-29T00:00:00"`},
		"milliseconds":      {`s="3"`, `<v>45351.297326423606</v>`, `"2024-02-29T07:08:09.003"`},
		"rounded up":        {`s="3"`, `<v>45351.99999999999</v>`, `"2024-03-01T00:00:00"`},
		"time":              {`s="2"`, `<v>0.5625</v>`, `"13:30:00"`},
		"time of a day":     {`s="2"`, `<v>45351.5625</v>`, `"2024-02-29T13:30:00"`},
		"duration":          {`s="4"`, `<v>1.5</v>`, `"PT36H0M0S"`},
		"first day":         {`s="1"`, `<v>1</v>`, `"1900-01-01"`},
		"day 59":            {`s="1"`, `<v>59</v>`, `"1900-02-28"`},
		"day 61":            {`s="1"`, `<v>61</v>`, `"1900-03-01"`},
		"last day":          {`s="1"`, `<v>2958465</v>`, `"9999-12-31"`},
		"no day":            {`s="1"`, `<v>2958466</v>`, `2958466`},
		"before all days":   {`s="1"`, `<v>-1</v>`, `-1`},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.write("a.xlsx", book(t, header(1, "v", "w")+cells(2, [3]string{"A", c.attrs, c.within}, [3]string{"B", "", "<v>1</v>"})))
			r.run()
			r.want(`1:1 {"v":` + c.want + `,"w":1}`)
		})
	}
}

func TestXLSX1904(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.xlsx", book(t, header(1, "v", "w", "x", "y", "z")+cells(2, [3]string{"A", `s="1"`, "<v>0</v>"}, [3]string{"B", `s="3"`, "<v>43889.5</v>"}, [3]string{"C", `s="2"`, "<v>0.5</v>"}, [3]string{"D", `s="4"`, "<v>0.5</v>"}, [3]string{"E", `s="1"`, "<v>-1461</v>"}),
		map[string]string{"xl/workbook.xml": fmt.Sprintf(bookXML, `<workbookPr date1904="1"/>`)}))
	r.run()
	r.want(`1:1 {"v":"1904-01-01","w":"2024-02-29T12:00:00","x":"12:00:00","y":"PT12H0M0S","z":"1899-12-31"}`)
}

func TestXLSXRows(t *testing.T) {
	a := func(n string) [3]string { return [3]string{"A", "", "<v>" + n + "</v>"} }
	for name, c := range map[string]struct {
		rows string
		set  func(*file.Config)
		want []string
	}{
		"blank rows":      {`<row r="1"/>` + header(3, "id", "n") + cells(5, a("1")) + `<row r="6"><c r="A6" s="1"/></row>` + cells(9, a("2")) + cells(12, [3]string{"A", `t="str"`, "<f>x</f><v></v>"}), nil, []string{`1:1 {"id":1,"n":null}`, `1:2 {"id":2,"n":null}`}},
		"ragged":          {header(1, "id", "n") + cells(2, a("1"), [3]string{"D", "", "<v>9</v>"}) + cells(3, a("2")), nil, []string{`1:1 {"id":1,"n":null,"column_4":9}`, `1:2 {"id":2,"n":null}`}},
		"begins at C":     {cells(1, [3]string{"C", `t="inlineStr"`, inline("id")}, [3]string{"D", `t="inlineStr"`, inline("n")}) + cells(2, [3]string{"C", "", "<v>1</v>"}), nil, []string{`1:1 {"id":1,"n":null}`}},
		"names":           {header(1, "id", "", "id", " x ") + cells(2, a("1"), [3]string{"B", "", "<v>2</v>"}, [3]string{"C", "", "<v>3</v>"}), nil, []string{`1:1 {"id":1,"column_2":2,"id_2":3,"x":null}`}},
		"names of values": {cells(1, a("2024"), [3]string{"B", `s="1"`, "<v>45351</v>"}, [3]string{"C", `t="b"`, "<v>1</v>"}) + cells(2, a("1")), nil, []string{`1:1 {"2024":1,"2024-02-29":null,"true":null}`}},
		"merged":          {header(1, "id", "n") + cells(2, a("1"), [3]string{"B", "", ""}), nil, []string{`1:1 {"id":1,"n":null}`}},
		"hidden":          {header(1, "id") + `<row r="2" hidden="1"><c r="A2"><v>1</v></c></row>`, nil, []string{`1:1 {"id":1}`}},
		"no places":       {`<row><c t="inlineStr"><is><t>id</t></is></c><c t="inlineStr"><is><t>n</t></is></c></row><row><c><v>1</v></c><c><v>2</v></c></row>`, nil, []string{`1:1 {"id":1,"n":2}`}},
		"header alone":    {header(1, "id"), nil, nil},
		"nothing":         {``, nil, nil},
		"skipped":         {header(1, "A report") + header(2, "id") + cells(3, a("1")), func(c *file.Config) { c.Dialect.SkipLines = 1 }, []string{`1:1 {"id":1}`}},
		"no header":       {cells(1, a("1"), [3]string{"C", "", "<v>2</v>"}) + cells(2, a("3")), func(c *file.Config) { c.Dialect.Header = "false" }, []string{`1:1 {"column_1":1,"column_2":null,"column_3":2}`, `1:2 {"column_1":3,"column_2":null,"column_3":null}`}},
		"names given":     {cells(1, a("1"), [3]string{"C", "", "<v>2</v>"}), func(c *file.Config) { c.Dialect.Names = []string{"id", "n"} }, []string{`1:1 {"id":1,"n":null,"column_3":2}`}},
		"long row":        {header(1, "id") + cells(4, [3]string{"A", `t="inlineStr"`, inline(strings.Repeat("x", 5_000))}) + cells(5, a("1")), func(c *file.Config) { c.MaxLine = 4 << 10 }, []string{`1:1 line_too_long {"_line":4,"_bytes":5009,"_raw":"{\"id\":\"` + strings.Repeat("x", 1017) + `"}`, `1:2 {"id":1}`}},
		"sheet by name":   {header(1, "id"), func(c *file.Config) { c.Sheet = "last & first" }, []string{`1:1 {"other":7}`}},
		"sheet by number": {header(1, "id"), func(c *file.Config) { c.Sheet = "2" }, []string{`1:1 {"other":7}`}},
		"hidden sheet":    {header(1, "id"), func(c *file.Config) { c.Sheet = "Notes" }, []string{`1:1 {"other":7}`}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			if c.set != nil {
				c.set(&r.cfg)
			}
			r.write("a.xlsx", book(t, c.rows))
			r.run()
			r.want(c.want...)
			r.run()
			r.want(c.want...)
		})
	}
}

// TestXLSXSheets: another sheet of one file is another table; the same by another word is not.
func TestXLSXSheets(t *testing.T) {
	r := newRig(t, "*")
	r.write("a.xlsx", book(t, header(1, "id")+cells(2, [3]string{"A", "", "<v>1</v>"})))
	r.run()
	for _, sheet := range []string{"People", "1", "Last & First", "2", ""} {
		r.cfg.Sheet = sheet
		r.write("b-"+sheet+".xlsx", book(t, header(1, "id")+cells(2, [3]string{"A", "", "<v>1</v>"})))
		r.run()
	}
	r.want(`1:1 {"id":1}`, `2:1 {"other":7}`)
	r.cfg.Sheet = "Leads"
	r.write("c.xlsx", book(t, ""))
	err := r.source().Run(t.Context())
	if !errs.Is(err, file.CodeSheet) || !strings.Contains(err.Error(), `"Leads", but "Notes", "People", "Last & First"`) {
		t.Fatal(err)
	}
}

// TestXLSXExcelize reads a workbook that another program wrote.
func TestXLSXExcelize(t *testing.T) {
	r := newRig(t, "*")
	r.write("data", wideBook(t, 3)) // its bytes tell what it is
	r.run()
	r.want(`1:1 {"id":0,"first":"First0","last":"Last0","email":"p0@example.com","phone":"+44 7700 000000","country":"GB","joined":"2024-01-01","visits":0,"spent":0,"active":true}`,
		`1:2 {"id":1,"first":"First1","last":"Last1","email":"p1@example.com","phone":"+44 7700 000001","country":"GB","joined":"2024-01-02","visits":1,"spent":0.25,"active":false}`,
		`1:3 {"id":2,"first":"First2","last":"Last2","email":"p2@example.com","phone":"+44 7700 000002","country":"GB","joined":"2024-01-03","visits":2,"spent":0.5,"active":true}`)
}

// TestXLSXKilled breaks off after every other Put: rows are read on where they were left.
func TestXLSXKilled(t *testing.T) {
	const n = 7_500
	r := newRig(t, "*")
	r.write("a.xlsx", wideBook(t, n))
	r.log.after = func(put int) error {
		if put%2 == 0 {
			return errs.New("engine_failed", "killed")
		}
		return nil
	}
	for steps := 0; ; steps++ {
		err := r.source().Run(t.Context())
		if err == nil {
			break
		}
		if !errs.Is(err, "engine_failed") || steps > 20 {
			t.Fatal(err)
		}
	}
	if len(r.log.byID) != n || r.log.conflicts != 0 || r.log.again == 0 || !strings.Contains(string(r.log.byID["1:7500"].Props), `"id":7499,`) {
		t.Fatal(len(r.log.byID), r.log.conflicts, r.log.again)
	}
}

// TestHostileXLSX has workbooks that lie, each of which is a fault of its own, in little memory.
func TestHostileXLSX(t *testing.T) {
	good := header(1, "id") + cells(2, [3]string{"A", "", "<v>1</v>"})
	sheet := func(xml string) map[string]string { return map[string]string{"xl/worksheets/sheet1.xml": xml} }
	laughs := `<!DOCTYPE lolz [<!ENTITY a "ha">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">`, 9) + `]><worksheet><sheetData><row><c t="str"><v>&b;</v></c></row></sheetData></worksheet>`
	whole := book(t, good)
	for name, c := range map[string]struct {
		content string
		code    errs.Code
		says    string
	}{
		"cut off":             {whole[:len(whole)/2], file.CodeZip, "cut off"},
		"no directory":        {whole[:len(whole)-30], file.CodeZip, "cut off"},
		"not a workbook":      {"id\n1\n", file.CodeXLSX, "no workbook"},
		"billion laughs":      {book(t, "", sheet(laughs)), file.CodeXLSX, "document type"},
		"unknown entity":      {book(t, "", sheet(`<worksheet><sheetData><row><c t="str"><v>&lol;</v></c></row></sheetData></worksheet>`)), file.CodeXLSX, "row 1"},
		"long attribute":      {book(t, "", sheet(`<worksheet><sheetData><row r="`+strings.Repeat("1", 2<<20)+`"/>`)), file.CodeXLSX, "1 MiB"},
		"many attributes":     {book(t, "", sheet(`<worksheet><sheetData><row `+strings.Repeat(`a="" `, 1<<20)+`/>`)), file.CodeXLSX, "1 MiB"},
		"long text":           {book(t, cells(1, [3]string{"A", `t="str"`, "<v>" + strings.Repeat("x", 2<<20) + "</v>"})), file.CodeXLSX, "1 MiB"},
		"text of many parts":  {book(t, cells(1, [3]string{"A", `t="str"`, "<v>" + strings.Repeat("<![CDATA["+strings.Repeat("x", 1<<10)+"]]>", 2<<10) + "</v>"})), file.CodeXLSX, "1 MiB"},
		"column beyond":       {book(t, cells(1, [3]string{"XFE", "", "<v>1</v>"})), file.CodeXLSX, "more columns"},
		"column far beyond":   {book(t, cells(1, [3]string{strings.Repeat("Z", 1000), "", "<v>1</v>"})), file.CodeXLSX, "more columns"},
		"row beyond":          {book(t, cells(1048577, [3]string{"A", "", "<v>1</v>"})), file.CodeXLSX, "more rows"},
		"rows backwards":      {book(t, good+cells(1, [3]string{"A", "", "<v>1</v>"})), file.CodeXLSX, "row 3: its rows"},
		"one cell twice":      {book(t, cells(7, [3]string{"A", "", "<v>1</v>"}, [3]string{"A", "", "<v>1</v>"})), file.CodeXLSX, "row 7: its cells"},
		"no such text":        {book(t, cells(1, [3]string{"A", `t="s"`, "<v>99999</v>"})), file.CodeXLSX, "not there"},
		"text below zero":     {book(t, cells(1, [3]string{"A", `t="s"`, "<v>-1</v>"})), file.CodeXLSX, "not there"},
		"cut off within":      {book(t, "", sheet(`<worksheet><sheetData><row><c><v>1</v>`)), file.CodeXLSX, "cut off"},
		"no sheet data's end": {book(t, "", sheet(`<worksheet><sheetData>`+good)), file.CodeXLSX, "cut off"},
		"no sheet":            {book(t, "", map[string]string{"xl/_rels/workbook.xml.rels": "<Relationships/>"}), file.CodeXLSX, "no sheet"},
		"part outside":        {book(t, "", map[string]string{"xl/_rels/workbook.xml.rels": strings.ReplaceAll(relsXML, "worksheets/sheet1.xml", "../../../../etc/passwd")}), file.CodeXLSX, "missing"},
		"binary":              {zipOf(t, map[string]string{"xl/workbook.bin": "x"}), file.CodeXLSX, "xlsb"},
		"old":                 {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 5000), file.CodeXLS, ".xlsx"},
		"encrypted":           {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 1000) + "E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00", file.CodeEncrypted, "password"},
		"another encoding":    {book(t, "", sheet(`<?xml version="1.0" encoding="utf-16"?><worksheet/>`)), file.CodeXLSX, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.write("a.xlsx", c.content)
			r.write("b.csv", "id\n1\n")
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := r.source().Run(t.Context())
			runtime.ReadMemStats(&after)
			if !errs.Is(err, c.code) || !strings.Contains(err.Error(), "a.xlsx") || !strings.Contains(err.Error(), c.says) {
				t.Fatal(err)
			}
			if grown := after.HeapSys - min(before.HeapSys, after.HeapSys); grown > 400<<20 {
				t.Errorf("it took %d MiB", grown>>20)
			}
			r.write("a.xlsx", whole)
			r.run()
			if !slices.Contains(slices.Collect(maps.Values(props(r))), `{"id":1}`) || r.log.conflicts != 0 {
				t.Fatal(r.log.lines())
			}
		})
	}
}

func props(r *rig) map[string]string {
	all := map[string]string{}
	for id, rec := range r.log.byID {
		all[id] = string(rec.Props)
	}
	return all
}

// TestXLSXBombs: what a workbook makes is bounded, by its XML and by the rows that share a text.
func TestXLSXBombs(t *testing.T) {
	shared := "<sst><si><t>" + strings.Repeat("x", 900_000) + "</t></si></sst>"
	var many strings.Builder
	for i := range 3_000 {
		many.WriteString(cells(i+2, [3]string{"A", `t="s"`, "<v>0</v>"}))
	}
	for name, content := range map[string]string{
		"space":   book(t, header(1, "id"), map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + strings.Repeat(strings.Repeat(" ", 1<<19)+"<row/>", 100)}),
		"depth":   book(t, "", map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + strings.Repeat("<a>", 20<<20)}),
		"amplify": book(t, header(1, "id")+many.String(), map[string]string{"xl/sharedStrings.xml": shared}),
		"styles":  book(t, "", map[string]string{"xl/styles.xml": "<styleSheet><cellXfs>" + strings.Repeat(strings.Repeat(" ", 1<<19)+"<xf/>", 100)}),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, "*")
			r.cfg.MaxUnpacked = 1 << 20
			r.write("a.xlsx", content)
			if err := r.source().Run(t.Context()); !errs.Is(err, "file_bomb") {
				t.Fatal(err)
			}
		})
	}
}

// TestMutatedXLSX changes a few bytes of a good workbook: it is read, or a fault with a code.
func TestMutatedXLSX(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	path := filepath.Join(t.TempDir(), "a.xlsx")
	whole, faults := wideBook(t, 20), 0
	for range 600 {
		content := []byte(whole)
		for range 1 + random.IntN(3) {
			content[random.IntN(len(content))] = byte(random.Uint32())
		}
		if sampled(t, path, content) != nil {
			faults++
		}
	}
	if faults < 100 {
		t.Fatal(faults)
	}
}

// sampled reads a file with little allowed; its fault has a code.
func sampled(t *testing.T, path string, content []byte) error {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	out := 0
	_, err := file.Sample(t.Context(), file.Config{MaxUnpacked: 1 << 20}, path, 1<<30, func(props []byte) bool {
		out += len(props)
		return true
	})
	if err != nil && errs.CodeOf(err) == "" || out > 2<<20 {
		t.Fatal(out, err)
	}
	return err
}

func FuzzXLSX(f *testing.F) {
	f.Add([]byte(wideBook(f, 3)), true)
	f.Add([]byte(book(f, header(1, "id", "n")+cells(2, [3]string{"A", `s="3"`, "<v>45351.5</v>"}, [3]string{"B", `t="s"`, "<v>2</v>"}))), true)
	f.Add([]byte(`<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a&amp;b</t></is></c></row><row r="2"><c r="A2" s="1"><v>1.5</v></c></row></sheetData></worksheet>`), false)
	f.Fuzz(func(t *testing.T, content []byte, whole bool) {
		if !whole { // the XML of a sheet, which a fuzzer would not find within a zip's checksums
			content = []byte(book(t, "", map[string]string{"xl/worksheets/sheet1.xml": string(content)}))
		}
		_ = sampled(t, filepath.Join(t.TempDir(), "a.xlsx"), content)
	})
}
