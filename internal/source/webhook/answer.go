package webhook

import (
	"net/http"
	"strconv"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/record"
)

// fault is a coded answer. Its message never holds what the sender sent.
type fault struct {
	status  int
	code    errs.Code
	message string
	retry   int // seconds for Retry-After; 0: none
}

func refuse(status int, code errs.Code, message string) *fault {
	return &fault{status: status, code: code, message: message}
}

var (
	badSignature = refuse(http.StatusUnauthorized, "hook_signature", "the delivery does not prove that it comes from the source's sender: check the scheme and the secrets on both sides")
	stale        = refuse(http.StatusUnauthorized, "hook_stale", "the delivery was signed too long ago or in the future: send it anew, and check the clocks of both sides")
	tooLarge     = refuse(http.StatusRequestEntityTooLarge, "hook_too_large", "the body is larger than this source allows")
	tooMany      = refuse(http.StatusRequestEntityTooLarge, "hook_too_many", "the delivery has more records or fields than this source allows")
	brokenBody   = refuse(http.StatusRequestTimeout, "hook_body_incomplete", "the body ended before it was whole: send it again")
	badGzip      = refuse(http.StatusBadRequest, "hook_gzip", "the body is not the gzip that its Content-Encoding promises")
	badEncoding  = refuse(http.StatusUnsupportedMediaType, "hook_encoding", "the Content-Encoding is not supported: send plain or gzip")
	malformed    = refuse(http.StatusBadRequest, "hook_malformed", "the body is not valid JSON: check syntax, duplicate names, UTF-8 and numbers")
	tooDeep      = refuse(http.StatusBadRequest, "hook_too_deep", "the JSON is nested more than "+strconv.Itoa(maxDepth)+" levels deep")
	badForm      = refuse(http.StatusBadRequest, "hook_form", "the body is not the form that its Content-Type promises, or not UTF-8")
	formFile     = refuse(http.StatusUnsupportedMediaType, "hook_form_file", "the form holds a file that is not text: have the sender leave files out")

	overloaded  = &fault{status: http.StatusTooManyRequests, code: "overloaded", message: "too much is waiting to be processed: send again later", retry: 1}
	diskFull    = &fault{status: http.StatusServiceUnavailable, code: "disk_full", message: "there is no room to store deliveries: send again later", retry: 10}
	outOfReach  = &fault{status: http.StatusServiceUnavailable, code: "engine_unavailable", message: "deliveries cannot be stored for now: send again later", retry: 2}
	unavailable = &fault{status: http.StatusServiceUnavailable, code: "unavailable", message: "the delivery could not be stored: send again later", retry: 2}
)

// The reasons for which a record of a sound delivery is set aside.
const (
	codeUnmatched errs.Code = "hook_unmatched"
	codeNoObject  errs.Code = "hook_not_object"
	codeNoRecords errs.Code = "hook_records_missing"
)

func succeed(w http.ResponseWriter, pos record.Position) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	if pos.Log != "" {
		head.Set("Kith-Token", pos.Token())
	}
	_, _ = w.Write([]byte(`{"success":true}`)) // the sender may have left; what it sent is stored
}

func fail(w http.ResponseWriter, f *fault, challenge string) {
	head := w.Header()
	head.Set("Content-Type", "application/json")
	if f.retry > 0 {
		head.Set("Retry-After", strconv.Itoa(f.retry))
	}
	if f.status == http.StatusUnauthorized && challenge != "" {
		head.Set("WWW-Authenticate", challenge)
	}
	b := append([]byte(nil), `{"code":`...)
	b = record.AppendJSONString(b, string(f.code))
	b = append(b, `,"message":`...)
	b = record.AppendJSONString(b, f.message)
	w.WriteHeader(f.status)
	_, _ = w.Write(append(b, '}'))
}
