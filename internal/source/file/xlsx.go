package file

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
)

// The faults of workbooks.
const (
	CodeXLSX  errs.Code = "file_xlsx"
	CodeXLS   errs.Code = "file_xls"
	CodeSheet errs.Code = "file_sheet"
)

// workbook is an xlsx file: an archive of parts in XML (ECMA-376, part 1, clause 18) that
// refer to each other.
type workbook struct {
	parts  map[string]*zip.File // by their names in lower case
	main   string               // the part that says what others there are
	bound  *bound
	sheets []sheetRef
	texts  string // name of the part with the shared texts; empty: none
	styles string
	from04 bool // serial dates count from 1904
	chosen int  // of sheets
}

type sheetRef struct {
	name   string
	part   string
	hidden bool
}

const maxSheets = 10_000

// isWorkbookPart reports whether a member is one that makes an archive a workbook.
func isWorkbookPart(f *zip.File) bool {
	dir, base := path.Split(strings.ToLower(memberName(f)))
	return dir == "xl/" && strings.HasPrefix(base, "workbook") && (path.Ext(base) == ".xml" || path.Ext(base) == ".bin")
}

// isDocumentPart reports whether a member is one that makes an archive a document of Office's
// or of OpenDocument.
func isDocumentPart(f *zip.File) bool {
	return f.Name == "[Content_Types].xml" || f.Name == "META-INF/manifest.xml"
}

func xlsxFault(err error) error {
	if format, ok := errors.AsType[*formatFault](err); ok && format.code != CodeZip {
		return err
	}
	if errs.CodeOf(err) != "" || errors.Is(err, errBomb) {
		return err
	}
	return &formatFault{CodeXLSX, "reading a workbook", "open it, and save it again as .xlsx, or its sheet as CSV; the rows before the damage were taken", err}
}

// openWorkbook finds the sheet that is to be read: by its name, or its number among those
// that are shown, or the first of these.
func openWorkbook(z *zip.Reader, b *bound, want string) (*workbook, error) {
	if z == nil {
		return nil, xlsxFault(errors.New("it is no workbook, though it is called one"))
	}
	w := &workbook{parts: map[string]*zip.File{}, bound: b}
	for _, f := range z.File {
		name := strings.ToLower(memberName(f))
		if w.parts[name] = f; isWorkbookPart(f) && path.Ext(w.main) != ".xml" {
			w.main = name
		}
	}
	if err := w.read(); err != nil {
		return nil, xlsxFault(err)
	}
	if w.chosen = w.choose(want); w.chosen < 0 {
		return nil, w.lacks(want)
	}
	return w, nil
}

// read reads what the workbook says of its parts.
func (w *workbook) read() error {
	if path.Ext(w.main) != ".xml" {
		return errors.New("it is a binary workbook (.xlsb)")
	}
	type target struct{ kind, part string }
	targets := map[string]target{}
	err := w.each("xl/_rels/"+path.Base(w.main)+".rels", func(x *xmlPart) error {
		if !x.is("Relationship") || strings.EqualFold(string(x.attr("TargetMode")), "External") {
			return nil
		}
		part := strings.ReplaceAll(string(x.attr("Target")), `\`, "/")
		if !strings.HasPrefix(part, "/") {
			part = path.Join("xl", part)
		}
		t := target{path.Base(string(x.attr("Type"))), strings.TrimPrefix(path.Clean(part), "/")}
		switch t.kind {
		case "sharedStrings":
			w.texts = t.part
		case "styles":
			w.styles = t.part
		}
		if targets[string(x.attr("Id"))] = t; len(targets) > 2*maxSheets {
			return errors.New("it has too many parts")
		}
		return nil
	})
	if err != nil {
		return err
	}
	return w.each(w.main, func(x *xmlPart) error {
		switch string(x.name) {
		case "workbookPr":
			w.from04 = isTrue(string(x.attr("date1904")))
		case "sheet":
			t := targets[string(x.attr("id"))] // r:id, whatever its prefix
			if t.kind != "worksheet" {
				return nil // a chart, or a dialogue
			}
			if w.sheets = append(w.sheets, sheetRef{string(x.attr("name")), t.part, strings.HasSuffix(string(x.attr("state")), "idden")}); len(w.sheets) > maxSheets {
				return errors.New("it has too many sheets")
			}
		}
		return nil
	})
}

func isTrue(s string) bool { return s == "1" || s == "true" || s == "on" }

// each gives every tag that opens in a part.
func (w *workbook) each(part string, give func(x *xmlPart) error) error {
	x, c, err := w.open(part)
	if err != nil {
		return err
	}
	defer c.Close() //nolint:errcheck // it was only read
	for {
		kind, err := x.next()
		if err != nil || kind == xmlEnd {
			return err
		}
		if kind == xmlOpen {
			if err := give(x); err != nil {
				return err
			}
		}
	}
}

// open begins to read a part.
func (w *workbook) open(part string) (*xmlPart, io.Closer, error) {
	f := w.parts[strings.ToLower(part)]
	if f == nil {
		return nil, nil, errors.New("a part of it is missing")
	}
	if f.Flags&1 != 0 {
		return nil, nil, errEncrypted
	}
	r, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	return newXML(bounded{zipped{r}, w.bound}), r, nil
}

// choose gives the number of the sheet that is wanted; -1 where there is none.
func (w *workbook) choose(want string) int {
	for i, s := range w.sheets {
		if want != "" && s.name == want {
			return i
		}
	}
	number, err := strconv.Atoi(want)
	shown := 0
	for i, s := range w.sheets {
		if !s.hidden {
			shown++
		}
		if want == "" && !s.hidden || want != "" && (err == nil && !s.hidden && shown == number || strings.EqualFold(strings.TrimSpace(s.name), strings.TrimSpace(want))) {
			return i
		}
	}
	return -1
}

// lacks tells which sheets there are, where the wanted one is not.
func (w *workbook) lacks(want string) error {
	const most, longest = 20, 40
	var names []string
	for i, s := range w.sheets {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(w.sheets)-most))
			break
		}
		name := []rune(s.name)
		names = append(names, strconv.Quote(string(name[:min(len(name), longest)])))
	}
	what := "it has no sheet that is shown"
	if want != "" {
		what = "it has no sheet " + strconv.Quote(want)
	}
	if len(names) == 0 {
		return xlsxFault(errors.New("it has no sheet"))
	}
	return &formatFault{CodeSheet, "choosing a sheet", "name one of them as sheet of the source", fmt.Errorf("%s, but %s", what, strings.Join(names, ", "))}
}

// others gives the sheets that are shown, but for the one that was chosen.
func (w *workbook) others() string {
	if w == nil {
		return ""
	}
	var names []string
	for i, s := range w.sheets {
		if i != w.chosen && !s.hidden {
			names = append(names, s.name)
		}
	}
	return strings.Join(names[:min(len(names), 10)], ", ")
}

// oleMagic begins what Excel wrote before 2007, and what it writes with a password.
var oleMagic = []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")

var errEncrypted = &formatFault{CodeEncrypted, "reading a workbook", "save it without a password", errors.New("it is encrypted with a password")}

// oldWorkbook tells an encrypted workbook from an old one by the names in the compound
// file's directory ([MS-CFB] 2.6), of which the beginning is enough.
func (s *stream) oldWorkbook() error {
	const look = 1 << 20
	first, err := io.ReadAll(io.LimitReader(s.r, look))
	if err != nil {
		return err
	}
	last := make([]byte, min(look, max(0, sizeOf(s.file)-look)))
	if len(last) > 0 {
		if _, err := s.file.ReadAt(last, s.file.Size()-int64(len(last))); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
	name := wide("EncryptedPackage")
	if strings.Contains(string(first), name) || strings.Contains(string(last), name) {
		return errEncrypted
	}
	return &formatFault{CodeXLS, "reading a workbook", "open it, and save it as .xlsx, which is Excel's own since 2007, or its sheet as CSV", errors.New("it is an old workbook (.xls), or another of Office's old files")}
}

func sizeOf(b blob) int64 {
	if b == nil {
		return 0
	}
	return b.Size()
}

// wide is a name in UTF-16, as directories of compound files have it.
func wide(name string) string {
	var b strings.Builder
	for i := range len(name) {
		b.WriteByte(name[i])
		b.WriteByte(0)
	}
	return b.String()
}
