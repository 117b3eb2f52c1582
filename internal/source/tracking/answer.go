package tracking

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/kithdata/kith/internal/kit/errs"
	"github.com/kithdata/kith/internal/kit/forwarded"
	"github.com/kithdata/kith/internal/record"
)

// fault is a coded answer. Its message never holds what the client sent.
type fault struct {
	status  int
	code    errs.Code
	message string
	retry   int // seconds for Retry-After; 0: none
	item    int // index within the batch; -1: none
}

func refuse(status int, code errs.Code, message string) *fault {
	return &fault{status: status, code: code, message: message, item: -1}
}

// at gives f with the index of the item that it lies in.
func (f *fault) at(item int) *fault {
	g := *f
	g.item = item
	return &g
}

// The answers that are the same for every request. SDKs drop what is answered with
// most 4xx and retry 408, 429 and 5xx: only what can never succeed is a 4xx.
var (
	badKey      = refuse(http.StatusUnauthorized, "tracking_write_key", "the write key is missing or unknown: send it by Basic authentication, as a Bearer token, or as writeKey in the body")
	tooLarge    = refuse(http.StatusRequestEntityTooLarge, "tracking_too_large", "the body is larger than this source allows")
	tooMany     = refuse(http.StatusRequestEntityTooLarge, "tracking_too_many", "the batch has more events than this source allows")
	brokenBody  = refuse(http.StatusRequestTimeout, "tracking_body_incomplete", "the body ended before it was whole: send it again")
	badGzip     = refuse(http.StatusBadRequest, "tracking_gzip", "the body is not the gzip that its Content-Encoding promises")
	badEncoding = refuse(http.StatusUnsupportedMediaType, "tracking_encoding", "the Content-Encoding is not supported: send plain or gzip")
	malformed   = refuse(http.StatusBadRequest, "tracking_malformed", "the body is not valid JSON: check syntax, duplicate names, UTF-8 and numbers")
	tooDeep     = refuse(http.StatusBadRequest, "tracking_too_deep", "the JSON is nested more than "+strconv.Itoa(maxDepth)+" levels deep")
	noBatch     = refuse(http.StatusBadRequest, "tracking_batch_missing", "a batch needs a member named batch that is an array")
	noObject    = refuse(http.StatusBadRequest, "tracking_not_object", "a call must be a JSON object")

	overloaded  = &fault{status: http.StatusTooManyRequests, code: "overloaded", message: "too much is waiting to be processed: send again later", retry: 1, item: -1}
	diskFull    = &fault{status: http.StatusServiceUnavailable, code: "disk_full", message: "there is no room to store events: send again later", retry: 10, item: -1}
	outOfReach  = &fault{status: http.StatusServiceUnavailable, code: "engine_unavailable", message: "events cannot be stored for now: send again later", retry: 2, item: -1}
	unavailable = &fault{status: http.StatusServiceUnavailable, code: "unavailable", message: "the events could not be stored: send again later", retry: 2, item: -1}
)

// headerKey takes the write key from the Authorization header. A Basic user name
// is the key; the password does not matter.
func headerKey(r *http.Request) (key string, given bool) {
	auth := r.Header.Get("Authorization")
	scheme, rest, _ := strings.Cut(auth, " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
		if err != nil {
			return "", true // given, and known to nobody
		}
		key, _, _ = strings.Cut(string(raw), ":")
		return key, true
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimSpace(rest), true
	}
	return "", false
}

var success = []byte(`{"success":true}`)

func succeed(w http.ResponseWriter, pos record.Position) {
	head := w.Header()
	cors(head)
	head["Content-Type"] = jsonType
	if pos.Log != "" {
		head["Kith-Token"] = []string{pos.Token()}
	}
	_, _ = w.Write(success) // the client may have left; what it sent is stored
}

func fail(w http.ResponseWriter, f *fault) {
	head := w.Header()
	cors(head)
	head["Content-Type"] = jsonType
	if f.retry > 0 {
		head.Set("Retry-After", strconv.Itoa(f.retry))
	}
	if f.status == http.StatusUnauthorized {
		head.Set("WWW-Authenticate", `Basic realm="kith"`)
	}
	b := append([]byte(nil), `{"code":`...)
	b = record.AppendJSONString(b, string(f.code))
	b = append(b, `,"message":`...)
	b = record.AppendJSONString(b, f.message)
	if f.item >= 0 {
		b = append(b, `,"index":`...)
		b = strconv.AppendInt(b, int64(f.item), 10)
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(append(b, '}'))
}

// Header values that never change, shared so as not to be allocated per request.
var (
	jsonType      = []string{"application/json"}
	anyOrigin     = []string{"*"}
	exposed       = []string{"Kith-Token, Retry-After"}
	corsMethods   = []string{"GET, POST, OPTIONS"}
	corsHeaders   = []string{"Authorization, Content-Type, Content-Encoding, X-Requested-With"}
	corsForOneDay = []string{"86400"}
)

// cors lets pages of any origin call: a write key is public in a browser, and no
// cookie is ever read here.
func cors(head http.Header) {
	head["Access-Control-Allow-Origin"] = anyOrigin
	head["Access-Control-Expose-Headers"] = exposed
}

func preflight(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	cors(head)
	head["Access-Control-Allow-Methods"] = corsMethods
	head["Access-Control-Allow-Headers"] = corsHeaders
	if asked := r.Header.Values("Access-Control-Request-Headers"); len(asked) > 0 {
		head["Access-Control-Allow-Headers"] = asked
	}
	head["Access-Control-Max-Age"] = corsForOneDay
	w.WriteHeader(http.StatusNoContent)
}

// settings tells the browser library where to send: to the host that it asked.
func (h *Handler) settings(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("writeKey")
	if h.find(key) == nil {
		fail(w, refuse(http.StatusNotFound, "tracking_write_key", "no source has this write key"))
		return
	}
	protocol := "http"
	if forwarded.HTTPS(r) {
		protocol = "https"
	}
	head := w.Header()
	cors(head)
	head["Content-Type"] = jsonType
	head.Set("Cache-Control", "max-age=60")
	b := append([]byte(nil), `{"integrations":{"Segment.io":{"apiKey":`...)
	b = record.AppendJSONString(b, key)
	b = append(b, `,"apiHost":`...)
	b = record.AppendJSONString(b, r.Host+"/v1")
	b = append(b, `,"protocol":"`+protocol+`","unbundledIntegrations":[],"addBundledMetadata":true,"maybeBundledConfigIds":{}}},`...)
	b = append(b, `"plan":{"track":{"__default":{"enabled":true,"integrations":{}}},"identify":{"__default":{"enabled":true}},"group":{"__default":{"enabled":true}}},`...)
	b = append(b, `"metrics":{"sampleRate":0},"edgeFunction":{},"middlewareSettings":{},"enabledMiddleware":{},"remotePlugins":[],"analyticsNextEnabled":true,"legacyVideoPluginsEnabled":false}`...)
	_, _ = w.Write(b)
}
