package file

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// ours gives what xmlPart reads of a document: each tag and text as a line.
func ours(r io.Reader, attr string) (seen []string, err error) {
	x := newXML(r)
	for {
		kind, err := x.next()
		switch {
		case err != nil || kind == xmlEnd:
			return seen, err
		case kind == xmlText:
			seen = appendSeen(seen, string(x.text))
		case kind == xmlOpen:
			seen = append(seen, "<"+string(x.name)+" "+string(x.attr(attr)))
		default:
			seen = append(seen, "/"+string(x.name))
		}
	}
}

func appendSeen(seen []string, text string) []string {
	if last := len(seen) - 1; last >= 0 && strings.HasPrefix(seen[last], "=") {
		seen[last] += text
		return seen
	}
	if text == "" {
		return seen
	}
	return append(seen, "="+text)
}

// theirs is the same of the standard library's reader; ok is false for what it does not read,
// and what workbooks do not have.
func theirs(content []byte, attr string) (seen []string, ok bool) {
	d := xml.NewDecoder(bytes.NewReader(content))
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return seen, true
		}
		if err != nil {
			return nil, false
		}
		switch t := token.(type) {
		case xml.CharData:
			seen = appendSeen(seen, string(t))
		case xml.StartElement:
			value := ""
			for _, a := range slices.Backward(t.Attr) {
				if a.Name.Local == attr {
					value = a.Value
				}
			}
			seen = append(seen, "<"+t.Name.Local+" "+value)
		case xml.EndElement:
			seen = append(seen, "/"+t.Name.Local)
		case xml.Directive:
			return nil, false
		case xml.ProcInst:
			if bytes.ContainsAny(t.Inst, "=") && t.Target != "xml" {
				return nil, false // it may be anything
			}
		}
	}
}

const someXML = "\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8'?>\n<a:b r = \"1&lt;&#x41;\" x:s='>'><!-- <c> -->t&amp;\r\n<![CDATA[<&]]><c/><d  /></a:b >\n"

func TestXML(t *testing.T) {
	for _, attr := range []string{"r", "s"} {
		want, ok := theirs([]byte(someXML[3:]), attr)
		got, err := ours(iotest.OneByteReader(strings.NewReader(someXML)), attr)
		if !ok || err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q\nwant %q\n%v", got, want, err)
		}
	}
}

// TestTextTable: the texts of a workbook are found again, and are bounded in number and bytes.
func TestTextTable(t *testing.T) {
	table := &textTable{}
	long := strings.Repeat("x", maxTextChunk-1)
	for _, text := range []string{"a", long, "", "b"} {
		if err := table.add([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []string{"a", long, "", "b"} {
		if got, ok := table.get(i); !ok || string(got) != want {
			t.Errorf("text %d is another", i)
		}
	}
	for _, full := range []*textTable{{size: maxTextBytes - 1}, {at: make([]textAt, maxTexts)}} {
		if full.add([]byte("ab")) == nil {
			t.Error("there was room")
		}
	}
}

// FuzzXML has the standard library's reader beside ours: what it reads, ours reads alike.
func FuzzXML(f *testing.F) {
	f.Add([]byte(someXML[3:]))
	f.Add([]byte("<?>"))
	f.Add([]byte("<:><a: :b='1'>"))
	f.Add([]byte(`<row r="1" spans="1:2"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1"/></row>`))
	f.Fuzz(func(t *testing.T, content []byte) {
		if bytes.Contains(content, []byte("&#")) || bytes.IndexByte(content, 0) >= 0 || bytes.HasPrefix(content, bom) {
			return // characters that there are not are refused by one and replaced by the other
		}
		want, ok := theirs(content, "r")
		got, err := ours(bytes.NewReader(content), "r")
		if ok && (err != nil || !slices.Equal(got, want)) {
			t.Fatalf("%q\nwant %q\n%v", got, want, err)
		}
	})
}
