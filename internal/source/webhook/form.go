package webhook

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"unicode/utf8"

	"github.com/kithdata/kith/internal/record"
)

// maxFields is how many fields a form may have. Real ones have a few dozen.
const maxFields = 1_000

// form is the fields of a form, in order of first sight.
type form struct {
	names  []string
	values [][]string
	at     map[string]int
	n      int // values
}

// fromForm gives the JSON that a body is or stands for: of a form its fields, each a
// text, or a list of texts where its name is there several times. The form of one
// field, payload, in which GitHub and others wrap their JSON, is that JSON.
func fromForm(body []byte, contentType string) ([]byte, *fault) {
	media, params, _ := mime.ParseMediaType(contentType) // what is malformed is no form
	fields := form{at: map[string]int{}}
	var f *fault
	switch {
	case media == "multipart/form-data":
		f = fields.multipart(body, params["boundary"])
	case media == "application/x-www-form-urlencoded" && !looksLikeJSON(body): // curl -d says so of JSON, too
		f = fields.urlencoded(body)
	default:
		return body, nil
	}
	if f != nil {
		return nil, f
	}
	if fields.n == 1 && fields.names[0] == "payload" && looksLikeJSON([]byte(fields.values[0][0])) {
		return []byte(fields.values[0][0]), nil
	}
	return fields.json(), nil
}

func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

func (f *form) urlencoded(body []byte) *fault {
	if bytes.Count(body, []byte("&")) >= maxFields {
		return tooMany
	}
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte("="))
		n, err := url.QueryUnescape(string(name))
		v, err2 := url.QueryUnescape(string(value))
		if err != nil || err2 != nil {
			return badForm
		}
		if bad := f.add(n, v); bad != nil {
			return bad
		}
	}
	return nil
}

func (f *form) multipart(body []byte, boundary string) *fault {
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := parts.NextPart()
		if err == io.EOF { //nolint:errorlint // one that is wrapped tells of a form that breaks off
			return nil
		}
		if err != nil {
			return badForm
		}
		value, err := io.ReadAll(part) // no more than the body has
		if err != nil {
			return badForm
		}
		if part.FileName() != "" && !utf8.Valid(value) {
			return formFile
		}
		if bad := f.add(part.FormName(), string(value)); bad != nil {
			return bad
		}
	}
}

func (f *form) add(name, value string) *fault {
	if name == "" || !utf8.ValidString(name) || !utf8.ValidString(value) {
		return badForm
	}
	if f.n++; f.n > maxFields {
		return tooMany
	}
	i, known := f.at[name]
	if !known {
		i = len(f.names)
		f.at[name] = i
		f.names, f.values = append(f.names, name), append(f.values, nil)
	}
	f.values[i] = append(f.values[i], value)
	return nil
}

func (f *form) json() []byte {
	b := []byte{'{'}
	for i, name := range f.names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(record.AppendJSONString(b, name), ':')
		if values := f.values[i]; len(values) == 1 {
			b = record.AppendJSONString(b, values[0])
		} else {
			b = append(b, '[')
			for j, v := range values {
				if j > 0 {
					b = append(b, ',')
				}
				b = record.AppendJSONString(b, v)
			}
			b = append(b, ']')
		}
	}
	return append(b, '}')
}
